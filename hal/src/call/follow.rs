//! A call, followed by what is told of it.

use super::{Fact, Release, Stage};
use crate::{
    at::{Fields, FinalResult, Line},
    family::Reason,
};

/// Lists in a row without the call that show its end where nothing else told of it: one may be read between
/// the dialling and the call's entry in it.
const EMPTY_LISTS: u8 = 2;

/// A call that was dialled.
#[derive(Debug, Clone)]
pub struct Follow {
    stage: Stage,
    /// Lists in a row without it.
    missed: u8,
    /// Its end was told by a line that may be about another call.
    said_over: bool,
    /// It counts as over because lists do not show it, and for no other reason.
    presumed: bool,
    /// What was told of why it ended.
    release: Release,
}

impl Default for Follow {
    fn default() -> Self {
        Self {
            stage: Stage::Dialing,
            missed: 0,
            said_over: false,
            presumed: false,
            release: Release::default(),
        }
    }
}

impl Follow {
    /// How far it is.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether it counts as over only because lists do not show it: where those were damaged, it goes on.
    #[must_use]
    pub const fn is_presumed_over(&self) -> bool {
        self.presumed
    }

    /// What was told so far of why it ended.
    #[must_use]
    pub const fn release(&self) -> Release {
        self.release
    }

    /// Takes what the modem told by itself.
    pub fn on_fact(&mut self, fact: Fact) {
        match fact {
            Fact::Stir => {}
            Fact::Is(stage) => self.reach(stage),
            // Of which call, only the list tells: one from outside may have ended.
            Fact::Ended(number) => {
                self.release.number = number.or(self.release.number);
                self.said_over = true;
            }
            Fact::Result(result) => {
                self.release.result = Some(result);
                match result {
                    // Nothing but a call that was placed ends so.
                    FinalResult::Busy | FinalResult::NoAnswer | FinalResult::NoDialtone => {
                        self.reach(Stage::Ended);
                    }
                    FinalResult::Ok
                    | FinalResult::Error
                    | FinalResult::Cme(_)
                    | FinalResult::Cms(_)
                    | FinalResult::NoCarrier => self.said_over = true,
                }
            }
        }
    }

    /// Takes the answer to `+CEER`, as the family writes it.
    pub fn on_report(&mut self, lines: &[Line], reason: Reason) {
        self.release.on_report(lines, reason);
    }

    /// This side has ended it: one list without it shows that it is gone.
    pub fn hung_up(&mut self) {
        self.said_over = true;
    }

    /// Takes the list of calls (`+CLCC`, 3GPP TS 27.007 7.18), or that the modem has none to show.
    ///
    /// `lines` may hold some that it told by itself at that moment: they look alike.
    pub fn on_list(&mut self, lines: &[Line], result: Option<FinalResult>) {
        let shown = lines.iter().filter_map(|line| ours(line)).max();
        if !result.is_some_and(FinalResult::is_ok) {
            shown.into_iter().for_each(|stage| self.reach(stage));
            // Nothing can be seen, so what was told has to do.
            if self.said_over && result.is_some() {
                self.reach(Stage::Ended);
            }
            return;
        }
        match shown {
            Some(stage) => {
                self.missed = 0;
                if stage != Stage::Ended {
                    // What was told of an end was told of another call.
                    (self.said_over, self.release) = (false, Release::default());
                }
                self.reach(stage);
            }
            // A line that was damaged on its way may have shown it; after its end was told, none has.
            None if !self.said_over && lines.iter().any(|line| is_damaged(line)) => {}
            None => {
                self.missed = self.missed.saturating_add(1);
                if self.said_over || self.missed >= EMPTY_LISTS {
                    self.presumed |= !self.said_over && self.stage != Stage::Ended;
                    self.reach(Stage::Ended);
                }
            }
        }
    }

    fn reach(&mut self, stage: Stage) {
        self.stage = self.stage.max(stage);
    }
}

/// `+CLCC: <id>,<dir>,<stat>,<mode>,…`: the numbers that it begins with.
fn listed(line: &str) -> Option<[u8; 4]> {
    let mut fields = Fields::after(line, "+CLCC")?;
    let mut next = || fields.next()?.parse().ok();
    Some([next()?, next()?, next()?, next()?])
}

fn is_damaged(line: &str) -> bool {
    Fields::after(line, "+CLCC").is_some() && listed(line).is_none()
}

/// How far the call is that this side placed (dir 0), if the line is about one. Quectel lists the bearers of packet
/// data too (mode 1).
fn ours(line: &str) -> Option<Stage> {
    let [_, direction, stat, mode] = listed(line)?;
    // 9: unknown.
    if direction != 0 || !matches!(mode, 0 | 9) {
        return None;
    }
    match stat {
        // 1: held, and so answered.
        0 | 1 => Some(Stage::Active),
        2 => Some(Stage::Dialing),
        3 => Some(Stage::Alerting),
        // SIMCom: disconnected, and not off the list yet.
        6 => Some(Stage::Ended),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(follow: &mut Follow, lines: &[&str]) -> Stage {
        let lines: std::vec::Vec<_> = lines.iter().map(|it| Line::try_from(*it).unwrap()).collect();
        follow.on_list(&lines, Some(FinalResult::Ok));
        follow.stage()
    }

    const RINGS: &str = "+CLCC: 1,0,3,0,0,\"+14155550123\",145";
    const TALKS: &str = "+CLCC: 1,0,0,0,0,\"+14155550123\",145";
    const BEARER: &str = "+CLCC: 2,0,0,1,0,\"\",128";

    #[test]
    fn a_list_shows_what_no_line_told() {
        let mut call = Follow::default();
        assert_eq!(list(&mut call, &[RINGS]), Stage::Alerting);
        assert_eq!(list(&mut call, &[TALKS]), Stage::Active);
        assert_eq!(list(&mut call, &[]), Stage::Active);
        assert_eq!(list(&mut call, &[]), Stage::Ended);
        assert_eq!(call.release(), Release::default());
    }

    #[test]
    fn a_bearer_of_packet_data_is_no_answer() {
        let mut call = Follow::default();
        assert_eq!(list(&mut call, &[BEARER, RINGS]), Stage::Alerting);
        assert_eq!(list(&mut call, &[BEARER]), Stage::Alerting);
        assert_eq!(list(&mut call, &[BEARER]), Stage::Ended);
    }

    #[test]
    fn a_call_that_begins_to_be_set_up_is_not_answered() {
        let mut call = Follow::default();
        // VOICE CALL: BEGIN, which some say when they begin to dial.
        call.on_fact(Fact::Stir);
        assert_eq!(call.stage(), Stage::Dialing);
    }

    #[test]
    fn no_carrier_is_about_this_call_only_where_the_list_agrees() {
        let mut call = Follow::default();
        call.on_fact(Fact::Is(Stage::Active));
        call.on_fact(Fact::Result(FinalResult::NoCarrier));
        assert_eq!(list(&mut call, &[TALKS]), Stage::Active);
        call.on_fact(Fact::Result(FinalResult::NoCarrier));
        assert_eq!(list(&mut call, &[]), Stage::Ended);
    }

    #[test]
    fn an_end_that_is_told_is_this_calls_only_where_the_list_agrees() {
        let mut call = Follow::default();
        call.on_fact(Fact::Is(Stage::Active));
        // Who called meanwhile has given up.
        call.on_fact(Fact::Ended(Some(16)));
        assert_eq!(call.stage(), Stage::Active);
        assert_eq!(list(&mut call, &[TALKS]), Stage::Active);
        assert_eq!(call.release(), Release::default(), "why another call ended says nothing");
        call.on_fact(Fact::Ended(Some(31)));
        assert_eq!(list(&mut call, &[]), Stage::Ended);
        assert_eq!(call.release().number, Some(31));
        assert!(!call.is_presumed_over());
    }

    #[test]
    fn a_call_that_lists_alone_do_not_show_is_presumed_to_be_over() {
        let mut call = Follow::default();
        assert_eq!(list(&mut call, &[RINGS]), Stage::Alerting);
        for damaged in ["+CLCC: 1,0,", "+CLCC: 1,0,3?0,0", "+CLCC: x"] {
            assert_eq!(list(&mut call, &[damaged]), Stage::Alerting, "{damaged}");
        }
        list(&mut call, &[]);
        assert!(!call.is_presumed_over());
        assert_eq!(list(&mut call, &[]), Stage::Ended);
        assert!(call.is_presumed_over());
    }

    #[test]
    fn what_is_told_while_the_list_is_read_counts_as_well() {
        let mut call = Follow::default();
        call.on_list(&[Line::try_from(TALKS).unwrap()], Some(FinalResult::Error));
        assert_eq!(call.stage(), Stage::Active);
        let mut call = Follow::default();
        assert_eq!(list(&mut call, &[RINGS, TALKS]), Stage::Active);
        let mut call = Follow::default();
        assert_eq!(list(&mut call, &[TALKS, "+CLCC: 1,0,6,0,0"]), Stage::Ended);
    }

    #[test]
    fn where_no_list_can_be_read_what_is_told_has_to_do() {
        let mut call = Follow::default();
        call.on_list(&[], Some(FinalResult::Error));
        call.on_list(&[], Some(FinalResult::Error));
        assert_eq!(call.stage(), Stage::Dialing);
        call.on_fact(Fact::Result(FinalResult::NoCarrier));
        call.on_list(&[], None);
        assert_eq!(call.stage(), Stage::Dialing);
        call.on_list(&[], Some(FinalResult::Error));
        assert_eq!(call.stage(), Stage::Ended);
    }

    proptest! {
        #[test]
        fn nothing_that_is_told_makes_a_call_go_back(
            told in prop::collection::vec((0_u8..10, 0_u8..8, 0_u8..3, 0_u8..10), 0..30),
        ) {
            let mut call = Follow::default();
            for (what, stat, direction, mode) in told {
                let before = call.stage();
                match what {
                    0 => call.on_fact(Fact::Stir),
                    1 => call.on_fact(Fact::Is(Stage::Alerting)),
                    2 => call.on_fact(Fact::Is(Stage::Active)),
                    3 => call.on_fact(Fact::Result(FinalResult::NoCarrier)),
                    4 => { list(&mut call, &[]); }
                    _ => {
                        let line = std::format!("+CLCC: 1,{direction},{stat},{mode},0");
                        list(&mut call, &[&line]);
                    }
                }
                prop_assert!(call.stage() >= before);
            }
        }
    }
}
