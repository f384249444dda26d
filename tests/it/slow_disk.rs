//! A disk that stands still for a while.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    disk::Disk,
    gateway::{Gateway, wait_for},
};

/// How often a message may be stored before the outbox has seen it: its modem hears of it after that, then.
const TRIES: usize = 20;

/// A gateway whose disk stands still now and then.
struct Site {
    gateway: Gateway,
    disk: Disk,
}

impl Site {
    /// How often the modem was told what begins, or ends, so.
    fn told(&self, what: &str) -> usize {
        let lines = self.gateway.written_to("m1");
        lines.iter().filter(|line| line.starts_with(what) || line.ends_with(what)).count()
    }

    fn commands(&self) -> usize {
        self.told("AT+CMGS=")
    }

    fn escapes(&self) -> usize {
        self.told("\\u{1b}")
    }

    /// Sends a message while the disk stands still, for as long as it takes until the modem was freed so often. Says
    /// whether the modem got ready for it meanwhile.
    fn send_while_it_stands_still(&self, freed: usize) -> bool {
        let (submits, commands, escapes) =
            (self.gateway.submits(), self.commands(), self.escapes());
        let halt = self.disk.stand_still();
        let got_ready = thread::scope(|scope| {
            let accepted = scope.spawn(|| self.gateway.send("when it is on disk"));
            let began = Instant::now();
            while self.commands() == commands && began.elapsed() < Duration::from_secs(2) {
                thread::sleep(Duration::from_millis(10));
            }
            let got_ready = self.commands() > commands;
            if got_ready {
                let is_freed = wait_for(|| (self.escapes() == escapes + freed).then_some(()));
                assert!(is_freed.is_some(), "it is kept at its prompt");
            }
            thread::sleep(Duration::from_millis(300));
            assert_eq!(self.gateway.submits(), submits, "the intent is not on disk");
            assert!(!accepted.is_finished(), "nor is the message");
            drop(halt);
            let message = self.gateway.wait_for_state(&accepted.join().unwrap(), "delivered");
            assert_eq!(self.gateway.events(&message).len(), 2);
            got_ready
        });
        assert_eq!(self.gateway.submits(), submits + 1);
        if got_ready {
            assert_eq!((self.commands(), self.escapes()), (commands + 1 + freed, escapes + freed));
        }
        assert_eq!(self.gateway.modem("m1")["state"], "ready");
        got_ready
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_waits_for_the_disk_and_its_modem_only_for_so_long() {
    let mut gateway = Gateway::builder().prepare().await;
    let disk = Disk::below(&gateway.database_path());
    gateway.environment = disk.environment();
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    let site = Site { gateway, disk };
    for freed in [0, 1] {
        assert!((0..TRIES).any(|_| site.send_while_it_stands_still(freed)), "no time is gained");
    }
}
