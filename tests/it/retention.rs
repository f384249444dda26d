//! What is old is deleted, and what has not ended never.

use std::{collections::BTreeSet, time::Duration};

use rusqlite::Connection;
use serde_json::json;

use crate::gateway::{Gateway, PHONE, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_long_ago_is_forgotten_and_what_waits_is_sent() {
    let mut gateway = Gateway::builder()
        .config("[retention]\nmessages_days = 10\ninbound_days = 10\nevents_days = 20")
        .start()
        .await;
    let old = gateway.send("old");
    gateway.wait_for_state(&old, "delivered");
    let young = gateway.send("young");
    gateway.wait_for_state(&young, "delivered");
    gateway.sim.phone(PHONE).send_to("m1", "received");
    let received = || gateway.get("/api/v1/inbound")["items"].get(0).cloned();
    assert_eq!(wait_for(received).unwrap()["text"], "received");
    gateway.sim.modem("m1").unplug();
    gateway.wait_for_modem("m1", "absent");
    let waiting = gateway.send_json(
        &json!({"to": PHONE, "channel": "sms", "text": "waiting", "ttl_seconds": 604_800}),
    );
    assert!(gateway.stop().success());

    let database = Connection::open(gateway.database_path()).unwrap();
    let age = |sql: &str, days: i64, id: &str| {
        assert!(database.execute(sql, (days * 86_400_000, id)).unwrap() > 0, "{sql}");
    };
    let message =
        "UPDATE message SET created_at = created_at - ?1, ended_at = ended_at - ?1 WHERE id = ?2";
    age(message, 11, &old);
    age(message, 11, &waiting);
    age("UPDATE inbound SET received_at = received_at - ?1 WHERE text = ?2", 11, "received");
    age("UPDATE event SET published = published - ?1 WHERE message_id = ?2", 21, &old);
    drop(database);

    gateway.sim.modem("m1").replug().unwrap();
    gateway.start_daemon();
    let path = format!("/api/v1/messages/{old}");
    let gone = || (gateway.request("GET", &path, None).status == 404).then_some(());
    wait_for(gone).unwrap();
    let emptied = || (gateway.get("/api/v1/inbound")["items"] == json!([])).then_some(());
    wait_for(emptied).unwrap();
    let of_old = || {
        let events = gateway.sent_events();
        (!events.iter().any(|event| event.to_string().contains(&old))).then_some(())
    };
    wait_for(of_old).unwrap();
    gateway.wait_for_state(&waiting, "delivered");
    let young = gateway.message(&young);
    assert_eq!((&young["state"], gateway.events(&young).len()), (&json!("delivered"), 2));
    // What was counted stays longer than what it was counted from.
    // (`waiting` counts in the month of its new age, which is the last one early in a month.)
    let now = jiff::Timestamp::now();
    let months = [now, now - Duration::from_secs(11 * 86_400)];
    let months = BTreeSet::from(months.map(|at| at.strftime("%Y-%m").to_string()));
    let totals = months.iter().map(|month| {
        let total = &gateway.get(&format!("/api/v1/reports/usage?month={month}"))["total"];
        ["messages", "delivered"].map(|name| total[name].as_i64().unwrap())
    });
    assert_eq!(totals.reduce(|a, b| [a[0] + b[0], a[1] + b[1]]), Some([3, 3]));
}
