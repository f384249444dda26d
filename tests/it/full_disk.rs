//! A full disk: nothing more is accepted, what was accepted goes on, and it all ends by itself.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    process::Command,
    time::Duration,
};

use ringpost::store::Store;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::gateway::{Gateway, PATIENCE, PHONE, wait_for};

/// Of the daemon's disk, in MiB; an eighth of it is the reserve.
const DISK: u32 = 64;

/// Whether this system lets a test mount a file system for itself.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn can_mount() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "mount", "-t", "tmpfs", "none"]);
    let done = command.arg(folder.path()).output();
    let can = done.is_ok_and(|output| output.status.success());
    if !can {
        println!("skipped: a full disk, because a test may not mount one here");
    }
    can
}

/// Fills the daemon's disk until so many MiB are left, and never further: what cannot be stored meanwhile would be
/// told of as well.
fn fill(gateway: &Gateway, left: u64) {
    let path = gateway.on_its_disk("filler");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let disk = rustix::fs::fstatvfs(&file).unwrap();
    let mut rest = disk.f_bavail * disk.f_frsize - (left << 20);
    let block = vec![0; 64 * 1024];
    while rest > 0 {
        let next = block.len().min(usize::try_from(rest).unwrap());
        match file.write(&block[..next]) {
            Ok(written) => rest -= written as u64,
            // The daemon took the last of it.
            Err(error) if error.kind() == io::ErrorKind::StorageFull => return,
            Err(error) => panic!("{error}"),
        }
    }
}

fn refused(gateway: &Gateway) -> bool {
    let body = json!({"to": PHONE, "channel": "sms", "text": "no room"});
    let answer = gateway.request("POST", "/api/v1/messages", Some(&body));
    if answer.status == 507 {
        assert_eq!(answer.body["code"], "storage_full");
        assert_eq!(answer.body["family"], "internal");
    }
    answer.status == 507
}

fn wait_for_readyz(gateway: &Gateway, status: u16) {
    let ready = || {
        let answer = gateway.raw("GET", "/readyz", None, None, None);
        (answer.status == status).then_some(answer)
    };
    let answer = wait_for(ready).unwrap();
    assert_eq!(answer.body["missing"].as_array().unwrap().is_empty(), status == 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_room_is_for_what_was_accepted() {
    if !can_mount() {
        return;
    }
    let gateway = Gateway::builder().disk(DISK).latency(Duration::from_millis(300)).start().await;
    wait_for_readyz(&gateway, 200);
    let ids: Vec<_> = (0..8).map(|n| gateway.send(&format!("message {n}"))).collect();
    gateway.sim.network().wait_for_submits(1, PATIENCE).await.unwrap();
    fill(&gateway, 6);
    assert!(refused(&gateway));
    for id in &ids {
        let message = gateway.wait_for_state(id, "delivered");
        assert_eq!(gateway.events(&message).len(), 2);
    }
    assert!(refused(&gateway), "the disk is as full as before");
    wait_for_readyz(&gateway, 503);
    fs::remove_file(gateway.on_its_disk("filler")).unwrap();
    let id = gateway.send("there is room again");
    gateway.wait_for_state(&id, "delivered");
    wait_for_readyz(&gateway, 200);
    assert_eq!(gateway.submits(), 9, "each went out once");
    assert_eq!(
        gateway.log().matches("the disk is full: no message is accepted").count(),
        1,
        "said once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_modems_tell_while_nothing_can_be_stored_is_stored_later_in_its_order() {
    if !can_mount() {
        return;
    }
    let gateway = Gateway::builder().disk(DISK).start().await;
    gateway.sim.network().set_delivery(Duration::from_secs(2));
    let ids: Vec<_> = (0..5).map(|n| gateway.send(&format!("message {n}"))).collect();
    for id in &ids {
        gateway.wait_for_state(id, "sent");
    }
    fill(&gateway, 0);
    gateway.sim.phone("+14155552399").send_to("m1", "received");
    wait_for(|| gateway.log().contains("it is held in memory").then_some(())).unwrap();
    assert!(refused(&gateway));
    wait_for_readyz(&gateway, 503);
    assert_eq!(gateway.message(&ids[0])["state"], "sent", "reading goes on");
    let reports = || {
        let lines = gateway.sim.modem("m1").transcript();
        (lines.iter().filter(|line| line.text.contains("+CDS")).count() >= 5).then_some(())
    };
    wait_for(reports).expect("all reports are told, once, while none can be stored");
    fs::remove_file(gateway.on_its_disk("filler")).unwrap();
    for id in &ids {
        let message = gateway.wait_for_state(id, "delivered");
        assert_eq!(
            gateway.events(&message),
            ["system.sms.send_message SUCCESS", "system.sms.receive_status SUCCESS"]
        );
    }
    let received = || gateway.get("/api/v1/inbound")["items"].get(0).cloned();
    assert_eq!(wait_for(received).unwrap()["text"], "received");
    wait_for_readyz(&gateway, 200);
    assert_eq!(gateway.submits(), 5);
}

/// What retention has deleted is room for new messages, wherever it lies.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_of_what_is_old_takes_messages_once_that_is_deleted() {
    if !can_mount() {
        return;
    }
    let config = "[retention]\nevents_days = 1\n";
    let mut gateway = Gateway::builder().disk(128).config(config).prepare().await;
    let database = rusqlite::Connection::open(gateway.database_path()).unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    database
        .execute_batch(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
             INSERT INTO event (seq, uuid, published, peak, event_type, outcome, transaction_id,
                 recipient, actor_id, actor_name, user)
             SELECT i, hex(randomblob(16)), {now} - iif(i < 8000, 3 * 86400000, 0), {now},
                 'system.sms.send_message', 'SUCCESS', hex(randomblob(16)), '+1415555' || i,
                 '01M852MSKNAHNX71W7TA9V2WH7', 'portal', 'user' || i
             FROM n;"
        ))
        .unwrap();
    let store = Store::open(&gateway.database_path()).unwrap();
    let (stop, indexing) = (CancellationToken::new(), store.clone());
    let indexing = tokio::spawn(indexing.keep_indexed(stop.clone()));
    let reach = "SELECT min(seq) FROM event_index";
    let indexed = || {
        let reach = database.query_row(reach, [], |row| row.get::<_, i64>(0)).unwrap();
        (reach == 40_000).then_some(())
    };
    wait_for(indexed).expect("all events are in the terms");
    stop.cancel();
    indexing.await.unwrap();
    store.close().await;
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(database);
    gateway.start_daemon();
    // Below the 16 MiB that are for what was accepted, and enough for what deletes.
    fill(&gateway, 14);
    assert!(refused(&gateway));
    std::thread::sleep(Duration::from_secs(15));
    let copy = |name: &str| {
        let to = gateway.dir.path().join(format!("copy{name}"));
        fs::copy(gateway.on_its_disk(&format!("ringpost.db{name}")), &to).unwrap();
        to
    };
    copy("-wal");
    let database = rusqlite::Connection::open(copy("")).unwrap();
    let ask = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let old = ask(&format!("SELECT count(*) FROM event WHERE published < {now} - 86400000"));
    assert_eq!(old, 0, "what is old is gone: {}", gateway.log());
    let [pages, unused] = ["PRAGMA page_count", "PRAGMA freelist_count"].map(ask);
    let said = format!("{unused} of {pages} pages are unused, and nothing is accepted");
    assert!(wait_for(|| (!refused(&gateway)).then_some(())).is_some(), "{said}");
}
