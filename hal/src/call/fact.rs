//! What a modem says by itself of a call.

use crate::{
    at::{Fields, FinalResult},
    family::{self, Means, Tells},
};

/// How far a call is, 3GPP TS 27.007 7.18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It is being set up.
    Dialing,
    /// The phone rings.
    Alerting,
    /// It was answered.
    Active,
    /// It is over.
    Ended,
}

/// What a line says of a call that this side placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Something happens to a call; what, only the list of calls tells.
    Stir,
    /// So far it is.
    Is(Stage),
    /// It is over, with the network's own number for why, where one is told.
    Ended(Option<u8>),
    /// A call is over, in words of ITU-T V.250.
    Result(FinalResult),
}

impl Fact {
    /// Reads a line that some family says of calls.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        if let Some(result) = FinalResult::parse(line).filter(|it| it.ends_a_call()) {
            return Some(Self::Result(result));
        }
        let calls = family::ALL.into_iter().filter_map(|family| family.call.as_ref());
        let mut tells = calls.flat_map(|call| call.tells).filter(|it| line.starts_with(it.line));
        tells.find_map(|tells| read(line, tells))
    }
}

fn read(line: &str, tells: &Tells) -> Option<Fact> {
    let values = || line.get(tells.line.len()..).map(Fields::of);
    match tells.means {
        Means::Stir => Some(Fact::Stir),
        Means::Is(stage) => Some(Fact::Is(stage)),
        Means::Ended { cause_at } => {
            let cause = cause_at.and_then(|at| values()?.nth(at.into())?.parse().ok());
            // 0 is no cause of Q.850: the modem knows none.
            Some(Fact::Ended(cause.filter(|cause| *cause != 0)))
        }
        Means::Coded { code_at, codes, only } => {
            let value = |at: u8| values()?.nth(at.into())?.parse::<i8>().ok();
            if only.iter().any(|(at, wanted)| value(*at) != Some(*wanted)) {
                return Some(Fact::Stir);
            }
            let code = value(code_at)?;
            let stage = codes.iter().find(|(it, _)| *it == code).map(|(_, stage)| *stage);
            Some(match stage {
                Some(Stage::Ended) => Fact::Ended(None),
                Some(stage) => Fact::Is(stage),
                None => Fact::Stir,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_familys_lines_are_read_as_its_manual_means_them() {
        let is = |stage| Some(Fact::Is(stage));
        let table = [
            // SIMCom.
            ("MO RING", is(Stage::Alerting)),
            ("MO CONNECTED", is(Stage::Active)),
            ("VOICE CALL: BEGIN", Some(Fact::Stir)),
            ("VOICE CALL: END: 000017", Some(Fact::Stir)),
            ("+CLCC: 1,0,2,0,0,\"+14155550123\",145", is(Stage::Dialing)),
            ("+CLCC: 1,0,0,0,0,\"+14155550123\",145", is(Stage::Active)),
            ("+CLCC: 1,0,6,0,0,\"+14155550123\",145", Some(Fact::Ended(None))),
            // A packet bearer, and a call from outside: neither is ours.
            ("+CLCC: 1,0,0,1,0,\"\",128", Some(Fact::Stir)),
            ("+CLCC: 2,1,4,0,0,\"+14155550123\",145", Some(Fact::Stir)),
            // Quectel.
            ("+QIND: \"ccinfo\",1,0,3,0,0,\"+14155550123\",145", is(Stage::Alerting)),
            ("+QIND: \"ccinfo\",1,0,-1,0,0,\"+14155550123\",145", Some(Fact::Ended(None))),
            ("+QIND: \"ccinfo\",1,0,0,1,0,\"\",128", Some(Fact::Stir)),
            ("^DSCI: 2,0,3,0,+14155550123,145", is(Stage::Active)),
            ("^DSCI: 2,0,7,0,+14155550123,145", is(Stage::Alerting)),
            ("^DSCI: 2,0,6,0,+14155550123,145", Some(Fact::Ended(None))),
            ("^DSCI: 1,0,3,1,,128", Some(Fact::Stir)),
            // Huawei.
            ("^ORIG:1,0", is(Stage::Dialing)),
            ("^CONF:1", is(Stage::Alerting)),
            ("^CONN:1,0", is(Stage::Active)),
            ("^CEND:1,12,29,16", Some(Fact::Ended(Some(16)))),
            ("^CEND:1,0,104", Some(Fact::Ended(None))),
            // u-blox, Telit, Cinterion.
            ("+UCALLSTAT: 1,3", is(Stage::Alerting)),
            ("+UCALLSTAT: 1,7", is(Stage::Active)),
            ("+UCALLSTAT: 1,6", Some(Fact::Ended(None))),
            ("#ECAM: 0,1,1,,,", is(Stage::Dialing)),
            ("#ECAM: 0,2,1,,,", is(Stage::Alerting)),
            ("#ECAM: 0,3,1,,,", is(Stage::Active)),
            ("#ECAM: 0,0,1,,,", Some(Fact::Ended(None))),
            ("^SLCC: 1,0,3,0,0,1,\"+14155550123\",145", is(Stage::Alerting)),
            ("BUSY", Some(Fact::Result(FinalResult::Busy))),
            ("NO CARRIER", Some(Fact::Result(FinalResult::NoCarrier))),
            ("+CSQ: 20,99", None),
            ("OK", None),
        ];
        for (line, fact) in table {
            assert_eq!(Fact::parse(line), fact, "{line}");
        }
    }
}
