//! What a line is, given the command that is pending.

use super::{command::Answer, result::FinalResult, urc::Urc};

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classified {
    /// The echo of our own command.
    Echo,
    /// A value of the pending command's answer.
    Info,
    /// The end of the pending command's answer.
    Final(FinalResult),
    /// The modem says something by itself.
    Urc(Urc),
    /// The modem says something by itself, and this line is its body.
    UrcBody(Urc),
    /// A body follows on the next line.
    UrcHead,
    /// `+CMGS` while no submit waits for it: the late answer to an earlier one.
    LateReference(u8),
    /// Nothing that is known.
    Unknown,
}

/// Classifies lines; remembers whether the next one is the body of the last.
#[derive(Debug, Clone, Default)]
pub struct Classifier {
    head: Option<Urc>,
}

impl Classifier {
    /// Says what `line` is while `pending` waits for its answer.
    pub fn classify(&mut self, line: &str, pending: Option<&Answer>) -> Classified {
        if let Some(head) = self.head.take() {
            // Whatever it says, even "OK": it is the body.
            return Classified::UrcBody(head);
        }
        if pending.is_some() && is_echo(line) {
            return Classified::Echo;
        }
        if let (Some(pending), Some(result)) = (pending, FinalResult::parse(line))
            && (!result.ends_a_call() || *pending == Answer::Dialled)
        {
            return Classified::Final(result);
        }
        if pending.is_some_and(|pending| pending.expects(line)) {
            return Classified::Info;
        }
        if let Some(reference) = late_reference(line) {
            return Classified::LateReference(reference);
        }
        if let Some(urc) = Urc::parse(line) {
            if urc.has_body() {
                self.head = Some(urc);
                return Classified::UrcHead;
            }
            return Classified::Urc(urc);
        }
        match pending {
            Some(pending) if pending.may_be(line) => Classified::Info,
            _ => Classified::Unknown,
        }
    }
}

/// Whether it begins as all commands do, ITU-T V.250 5.2.1.
pub(super) fn is_echo(line: &str) -> bool {
    line.get(..2).is_some_and(|it| it.eq_ignore_ascii_case("AT"))
}

fn late_reference(line: &str) -> Option<u8> {
    super::info::Fields::after(line, "+CMGS")?.number()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::at::{Command, Registration, RegistrationDomain};

    fn one(line: &str, pending: Option<&Command>) -> Classified {
        Classifier::default().classify(line, pending.map(|it| &it.answer))
    }

    #[test]
    fn the_same_line_is_answer_or_urc_by_what_is_pending() {
        let query = Command::registration(RegistrationDomain::Circuit);
        let home = Urc::Registered(RegistrationDomain::Circuit, Registration::Home, None);
        let urc = Classified::Urc(home);
        assert_eq!(one("+CREG: 1", None), urc);
        assert_eq!(one("+CREG: 1", Some(&query)), urc);
        assert_eq!(one("+CREG: 2,1", Some(&query)), Classified::Info);
        assert_eq!(one("+CREG: 1", Some(&Command::attention())), urc);
        assert_eq!(one("OK", None), Classified::Unknown);
        assert_eq!(one("OK", Some(&query)), Classified::Final(FinalResult::Ok));
    }

    #[test]
    fn the_end_of_a_call_answers_nothing_but_the_dialling() {
        let number = crate::at::International::parse("+14155550123").unwrap();
        let dial = Command::dial(&number);
        assert_eq!(one("BUSY", Some(&dial)), Classified::Final(FinalResult::Busy));
        let ended = Classified::Urc(Urc::Call(crate::call::Fact::Result(FinalResult::NoCarrier)));
        assert_eq!(one("NO CARRIER", Some(&Command::calls())), ended);
        assert_eq!(one("NO CARRIER", None), ended);
    }

    #[test]
    fn a_bare_answer_is_told_from_urcs() {
        let model = Command::model();
        assert_eq!(one("SIMCOM_SIM7600E-H", Some(&model)), Classified::Info);
        assert_eq!(one("RING", Some(&model)), Classified::Urc(Urc::Ring));
        assert_eq!(one("at+cgmm", Some(&model)), Classified::Echo);
        for noise in ["^RSSI: 12", "*PSUTTZ: 26/11/02", "+ZUSIMR:2", "DST: 0", "^HCSQ: \"LTE\",1,2"]
        {
            assert_eq!(one(noise, Some(&model)), Classified::Unknown, "{noise}");
        }
        for answer in ["+CGMM: EC25", "Revision:1418B05SIM800C24", "BG96"] {
            assert_eq!(one(answer, Some(&model)), Classified::Info, "{answer}");
        }
    }

    #[test]
    fn a_body_is_a_body_even_if_it_says_ok() {
        let mut classifier = Classifier::default();
        let pending = Command::attention();
        let mut next = |line| classifier.classify(line, Some(&pending.answer));
        assert_eq!(next("+CDS: 25"), Classified::UrcHead);
        assert_eq!(next("OK"), Classified::UrcBody(Urc::Cds));
        assert_eq!(next("OK"), Classified::Final(FinalResult::Ok));
    }

    #[test]
    fn a_reference_is_an_answer_only_to_a_submit() {
        let submit = Command::submit(20, crate::at::Seconds(60));
        assert_eq!(one("+CMGS: 7", Some(&submit)), Classified::Info);
        assert_eq!(one("+CMGS: 7", Some(&Command::attention())), Classified::LateReference(7));
        assert_eq!(one("+CMGS: 7", None), Classified::LateReference(7));
    }

    proptest! {
        #[test]
        fn any_line_is_classified_and_a_body_follows_a_head(
            lines in prop::collection::vec("(\\+CDS: |\\+CMTI: )?[+A-Z:,\"0-9 -]{0,40}|\\PC{0,40}", 0..20),
        ) {
            let mut classifier = Classifier::default();
            let mut head = false;
            for line in &lines {
                let is = classifier.classify(line, Some(&Answer::Listed("+CMGL")));
                prop_assert_eq!(head, matches!(is, Classified::UrcBody(_)));
                head = is == Classified::UrcHead;
            }
        }
    }
}
