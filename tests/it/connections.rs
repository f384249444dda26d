//! Clients that are connected and say nothing: they neither keep others out for long, nor modems from their ports.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::gateway::{Gateway, wait_for};

/// More than there are places.
const MANY: usize = 520;
/// Longer than a connection may be silent.
const LONG: Duration = Duration::from_secs(60);

fn connect(gateway: &Gateway) -> TcpStream {
    let address = gateway.url().strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

/// The status line of the answer to a `GET` that goes on with `headers`.
fn ask(stream: &mut TcpStream, path: &str, headers: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_say_nothing_keep_nobody_out_and_no_modem_from_its_port() {
    let gateway = Gateway::start().await;
    let mut follower = connect(&gateway);
    let token = format!("Authorization: Bearer {}\r\n", gateway.token);
    assert!(ask(&mut follower, "/api/v1/events", &token).contains("200"));
    let mut silent: Vec<_> = (0..MANY).map(|_| connect(&gateway)).collect();
    // The modem has to be opened anew while all places are taken.
    wait_for(|| gateway.log().contains("as many clients are connected as may be").then_some(()))
        .unwrap();
    gateway.sim.modem("m1").unplug();
    gateway.sim.modem("m1").replug().unwrap();
    tokio::task::block_in_place(|| {
        assert!(ask(&mut connect(&gateway), "/healthz", "").contains("200"));
        for stream in &mut silent {
            assert_eq!(stream.read(&mut [0]).unwrap(), 0, "it was ended");
        }
        gateway.wait_for_modem("m1", "ready");
        let id = gateway.send("hello");
        gateway.wait_for_state(&id, "delivered");
        // Who follows the log was not silent, as it was answered all the time.
        let lines = BufReader::new(follower).lines().map(Result::unwrap);
        assert!(lines.into_iter().any(|line| line.contains(&id)));
    });
}
