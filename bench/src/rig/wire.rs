//! What a transcript says of the exchanges, and how long one takes at the least.

use std::time::Duration;

use ringpost_sim::{Direction, TranscriptLine};

/// One segment on its way, from the command to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// When `AT+CMGS` was there, nanoseconds.
    pub began: i128,
    /// When its body was there.
    pub body: i128,
    /// When the modem said the last line of its answer.
    pub ended: i128,
    /// Its octets on the line.
    pub cycle: Cycle,
}

/// The octets of an exchange, and of the report that is told behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cycle {
    /// `AT+CMGS` and its line end.
    pub command: usize,
    /// The body in hexadecimal and Ctrl-Z.
    pub body: usize,
    /// `+CMGS`, `OK` and their line ends.
    pub answer: usize,
    /// The delivery report of the segment before, and its line ends.
    pub report: usize,
}

/// CR LF, greater-than, space.
const PROMPT: usize = 4;
/// CR LF before and after a line.
const ENDS: usize = 4;

impl Cycle {
    /// From one `AT+CMGS` to the next, of a host that needs no time at all. The line carries ten bits for
    /// each octet, in both directions at once. The report is told right behind the answer, and the prompt
    /// behind the report.
    #[must_use]
    pub fn ideal(self, latency: Duration, baud: u32) -> f64 {
        let takes = |octets: usize| {
            if baud == 0 { 0.0 } else { octets as f64 * 10.0 / f64::from(baud) }
        };
        let prompt_begins = takes(self.command).max(takes(self.report));
        prompt_begins
            + takes(PROMPT)
            + takes(self.body)
            + latency.as_secs_f64()
            + takes(self.answer)
    }
}

/// From one `AT+CMGS` to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// When the first was there, nanoseconds.
    pub began: i128,
    /// Seconds until the next.
    pub took: f64,
    /// The octets in between.
    pub cycle: Cycle,
}

/// The turns between exchanges.
pub fn turns(exchanges: &[Exchange]) -> impl Iterator<Item = Turn> {
    exchanges.windows(2).filter_map(|pair| {
        let [first, next] = pair else { return None };
        // The report that is told behind the first is heard before the second.
        let cycle = Cycle { report: next.cycle.report, ..first.cycle };
        let took = (next.began - first.began) as f64 / 1e9;
        Some(Turn { began: first.began, took, cycle })
    })
}

/// The exchanges of a transcript that ended with an answer, in order.
#[must_use]
pub fn exchanges(transcript: &[TranscriptLine]) -> Vec<Exchange> {
    let mut found = Vec::new();
    let mut open: Option<Exchange> = None;
    // The report that was told since the answer before: some hosts have said `AT+CMGS` by then.
    let (mut report, mut has_second) = (0, false);
    for line in transcript {
        let (at, text) = (line.at.as_nanosecond(), line.text.as_str());
        match (line.direction, &mut open) {
            (Direction::Tx, _) if text.to_ascii_uppercase().starts_with("AT+CMGS=") => {
                let cycle = Cycle { command: text.len() + 1, ..Cycle::default() };
                open = Some(Exchange { began: at, body: at, ended: at, cycle });
            }
            // Its last character is Ctrl-Z, escaped.
            (Direction::Tx, Some(exchange)) if text.ends_with("\\u{1a}") => {
                exchange.body = at;
                exchange.cycle.body = text.len() - "\\u{1a}".len() + 1;
                exchange.cycle.report = std::mem::take(&mut report);
            }
            (Direction::Rx, Some(exchange)) if text.starts_with("+CMGS:") => {
                exchange.cycle.answer += text.len() + ENDS;
            }
            (Direction::Rx, Some(exchange)) if text == "OK" && exchange.cycle.answer > 0 => {
                exchange.cycle.answer += text.len() + ENDS;
                exchange.ended = at;
                found.extend(open.take());
            }
            // A report and its second line, which has no line end before it.
            (Direction::Rx, _) if text.starts_with("+CDS:") => {
                (report, has_second) = (text.len() + ENDS, true);
            }
            (Direction::Rx, _) if has_second => {
                (report, has_second) = (report + text.len() + ENDS / 2, false);
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::{Air, drive};

    #[test]
    fn the_ideal_is_what_a_host_that_does_nothing_else_needs() {
        let folder = tempfile::tempdir().unwrap();
        let (latency, baud) = (Duration::from_millis(50), 115_200);
        let air = Air::start(folder.path(), 1, latency, baud).unwrap();
        drive(&air, 12).unwrap();
        let exchanges = exchanges(&air.transcript(1));
        assert_eq!(exchanges.len(), 12);
        let cycle = exchanges[6].cycle;
        assert!(cycle.body > 300 && cycle.report > 60 && cycle.answer > 15, "{cycle:?}");
        // Other work may hold it up, but nothing can be faster; nor is a stamp ever early. A late one makes
        // one turn longer and the next one shorter, so that they are judged together.
        let turns: Vec<_> = turns(&exchanges).collect();
        let took: f64 = turns.iter().map(|turn| turn.took).sum();
        let ideal: f64 = turns.iter().map(|turn| turn.cycle.ideal(latency, baud)).sum();
        assert!(took > 0.95 * ideal, "{turns:?}, ideal {ideal} s");
    }

    #[test]
    fn the_prompt_waits_for_the_report() {
        let cycle = Cycle { command: 12, body: 96, answer: 20, report: 0 };
        let at = |cycle: Cycle| cycle.ideal(Duration::ZERO, 10);
        assert_eq!(at(cycle), 12.0 + 4.0 + 96.0 + 20.0);
        assert_eq!(at(Cycle { report: 50, ..cycle }), 50.0 + 4.0 + 96.0 + 20.0);
    }
}
