//! Dialogues with a modem that says whatever it likes.

use ringpost_hal::{
    at::{
        Classifier, Command, FinalResult, International, Line, Pin, Seconds,
        dialogue::{BringUp, Heard, Next, Reply, Submit, SubmitOutcome, Verdict, Wishes},
    },
    family::{self, Sink},
    pdu::MAX_TPDU,
};

use crate::input::Input;

/// Which family, how many octets a TPDU has, then lines: of a bring-up, or of a submit.
pub fn dialogue(octets: &[u8]) {
    let mut input = Input::new(octets);
    let (which, length) = (input.octet(), input.octet());
    let lines = String::from_utf8_lossy(input.rest());
    let family = family::ALL[usize::from(which >> 1) % family::ALL.len()];
    if which & 1 == 0 {
        let family = (which & 0x80 != 0).then_some(family);
        let roaming = length & 1 == 0;
        let centre = International::parse("+491710760000").filter(|_| length & 2 == 0);
        let wanted = |it: &Sink| length >> 2 & 1 << *it as u8 != 0;
        let sinks = Sink::ALL.into_iter().filter(wanted).collect();
        let wishes = Wishes {
            family,
            likely: None,
            roaming,
            service_centre: centre,
            sinks,
            known_sim: None,
        };
        bring_up(BringUp::new(wishes), roaming, &lines);
    } else {
        submit(family, length, &lines);
    }
}

/// Comes to an end, whatever the modem says.
fn bring_up(mut up: BringUp, roaming: bool, said: &str) {
    // Of all steps together: the network alone is asked for 90 times.
    const MOST: usize = 500;
    let mut said = said.split('\n');
    for _ in 0..MOST {
        let Some(command) = up.command() else { return };
        check(&command);
        let mut lines = vec![];
        let mut result = None;
        // A modem that has no more to say is silent.
        for line in said.by_ref().take_while(|line| !line.is_empty()) {
            result = FinalResult::parse(line);
            if result.is_some() {
                break;
            }
            lines.extend(Line::try_from(line));
        }
        let took = if result.is_none() { command.timeout } else { Seconds(0) };
        match up.on(&Reply { lines: &lines, result, took, garbage: false, echo: false }) {
            Verdict::Go | Verdict::Again | Verdict::Retry(..) => {}
            Verdict::PinWanted => {
                assert!(up.facts().pin_retries >= Some(2));
                up.give_pin(Pin::parse("1234").unwrap());
            }
            Verdict::Fail(failure) => {
                assert!(!failure.message.is_empty() && !failure.hint.is_empty());
                return;
            }
            Verdict::Done => {
                assert!(!up.facts().store.is_empty());
                assert!(up.facts().is_served(roaming));
                return assert_eq!(up.command(), None);
            }
        }
    }
    panic!("a bring-up without end");
}

/// A body is written once at the most, and nothing is lost that was written.
fn submit(family: &family::Family, length: u8, said: &str) {
    let tpdu = vec![0xA5; length.into()];
    let Ok(mut submit) = Submit::new(&tpdu, family) else {
        return assert!(tpdu.len() > MAX_TPDU);
    };
    assert_eq!(submit.bytes(), format!("AT+CMGS={length}\r").as_bytes());
    let body = format!("00{}\u{1A}", "A5".repeat(length.into()));
    let (mut classifier, mut bodies) = (Classifier::default(), 0);
    for line in said.split('\n') {
        let next = match line {
            "" => submit.on(Heard::Silence),
            ">" => submit.on(Heard::Prompt),
            line => {
                let is = classifier.classify(line, Some(submit.pending()));
                submit.on(Heard::Line(&is, line))
            }
        };
        assert!(submit.timeout().0 > 0);
        match next {
            Next::Listen | Next::ListenAnew => {}
            Next::Write if submit.body_written() => {
                assert_eq!(submit.bytes(), body.as_bytes());
                bodies += 1;
            }
            Next::Write => assert_eq!(submit.bytes(), b"\x1B"),
            Next::Done(outcome) => {
                match outcome {
                    SubmitOutcome::Accepted { .. } | SubmitOutcome::Unanswered => {
                        assert_eq!(bodies, 1);
                    }
                    SubmitOutcome::NotSent(_) => assert_eq!(bodies, 0),
                    SubmitOutcome::Refused(result) => assert!(bodies == 1 && !result.is_ok()),
                }
                return;
            }
        }
        assert!(bodies <= 1 && submit.body_written() == (bodies == 1));
    }
}

/// One line that no other can follow.
fn check(command: &Command) {
    let (last, line) = command.bytes.split_last().unwrap();
    assert!(*last == b'\r' && line.starts_with(b"AT"));
    assert!(line.iter().all(|byte| (b' '..=b'~').contains(byte)));
    assert!(command.timeout.0 > 0);
}
