//! The write-ahead log is cleaned of erased texts while messages go on: what takes long is done beside the writer.

use std::time::Duration;

use crate::{
    chance::Chance,
    disk::{Cleaning, Disk},
    gateway::{Gateway, wait_for},
    ordeal::{Client, Mix, QUICK},
};

/// More than can be sent until the log is cleaned.
const MIX: Mix = Mix {
    count: 100_000,
    first: 0,
    pause: Duration::from_millis(20),
    ttl_seconds: 600,
    urgent: 25,
    scheduled: 0,
    cancelled: 0,
};

#[tokio::test(flavor = "multi_thread")]
async fn little_is_left_to_be_synced_by_the_writer() {
    let mut gateway = Gateway::builder().modems(4).config(QUICK).prepare().await;
    let disk = Disk::below(&gateway.database_path());
    gateway.environment = disk.environment();
    gateway.start_daemon();
    let client = Client::begin(&gateway, MIX, Chance::seeded());
    // It begins twenty seconds after the first text was erased.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let Cleaning { moved, last } = wait_for(|| disk.cleanings().pop()).expect("the log is cut");
    client.stop();
    assert!(last < moved / 3, "the writer waited for {last} of {moved} octets");
}
