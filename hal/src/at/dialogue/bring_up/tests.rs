//! Bring-up as dialogues.

use std::{string::String, vec::Vec};

use super::*;
use crate::family::Sink;

/// What comes back at once, and ends with `OK`.
fn ok_with(lines: &[Line]) -> Reply<'_> {
    let result = Some(FinalResult::Ok);
    Reply { lines, result, took: Seconds(0), garbage: false, echo: false }
}

/// A modem as a table: what it answers to what begins so. Without a line, `OK`.
fn bring_up(answers: &[(&str, &str)]) -> (Vec<String>, BringUp, Verdict) {
    bring_up_with(answers, Wishes::default(), None)
}

fn bring_up_with(
    answers: &[(&str, &str)],
    wishes: Wishes,
    pin: Option<&str>,
) -> (Vec<String>, BringUp, Verdict) {
    let mut up = BringUp::new(wishes);
    let mut said = Vec::new();
    for _ in 0..500 {
        let Some(command) = up.command() else { break };
        let text = String::from_utf8(command.bytes.to_vec()).unwrap();
        let text = text.trim_end().strip_prefix("AT").unwrap();
        said.push(text.into());
        let answer = answers.iter().find(|(start, _)| *start == text);
        let answer = answer.map_or("OK", |(_, answer)| answer);
        let (lines, result) = match answer.rsplit_once('|') {
            Some((lines, result)) => (lines.split('|').collect(), result),
            None => (Vec::new(), answer),
        };
        let lines: Vec<Line> = lines.iter().map(|line| Line::try_from(*line).unwrap()).collect();
        let result = FinalResult::parse(result);
        let took = if result.is_none() { command.timeout } else { Seconds(0) };
        match up.on(&Reply { lines: &lines, result, took, garbage: false, echo: false }) {
            Verdict::Go | Verdict::Again | Verdict::Retry(..) => {}
            Verdict::PinWanted => match pin.and_then(Pin::parse) {
                Some(pin) => up.give_pin(pin),
                None => return (said, up, Verdict::Fail(Failure::NO_PIN)),
            },
            end @ (Verdict::Fail(_) | Verdict::Done) => return (said, up, end),
        }
    }
    panic!("no end: {said:?}")
}

const SIM7600: &[(&str, &str)] = &[
    ("+CGMI", "SIMCOM INCORPORATED|OK"),
    ("+CGMM", "SIMCOM_SIM7600E-H|OK"),
    ("+CGMR", "+CGMR: LE20B03SIM7600M22|OK"),
    ("+CGSN", "867584030000011|OK"),
    ("+CPIN?", "+CPIN: READY|OK"),
    ("+CIMI", "262011234567890|OK"),
    ("+CICCID", "+ICCID: 8949020000012345678F|OK"),
    ("+CREG?", "+CREG: 2,0|OK"),
    ("+CGREG?", "+CGREG: 2,0|OK"),
    ("+CEREG?", "+CEREG: 2,6,\"1A2B\",\"01C2D3E4\",7|OK"),
    ("+CSCA?", "+CSCA: \"+491710760000\",145|OK"),
    (
        "+CPMS=?",
        "+CPMS: (\"ME\",\"MT\",\"SM\",\"SR\"),(\"ME\",\"MT\",\"SM\",\"SR\"),(\"ME\",\"MT\",\"SM\",\"SR\")|OK",
    ),
    ("+CPMS?", "+CPMS: \"ME\",3,23,\"ME\",3,23,\"ME\",3,23|OK"),
    ("+CSMS?", "+CSMS: 0,1,1,1|OK"),
    ("+CNMI=?", "+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)|OK"),
    ("+CNMI?", "+CNMI: 1,1,0,1,0|OK"),
    ("+CMMS=?", "+CMMS: (0-2)|OK"),
    ("+CNUM", "+CNUM: \"\",\"+491701234567\",145|OK"),
    ("+CSQ", "+CSQ: 20,99|OK"),
    ("+CESQ", "+CESQ: 99,99,255,255,22,55|OK"),
    ("+COPS?", "+COPS: 0,0,\"Telekom.de\",7|OK"),
];

/// The table with some answers in the place of others.
fn but(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    changes.iter().chain(SIM7600).copied().collect()
}

fn failure(changes: &[(&'static str, &'static str)]) -> (FailureKind, &'static str) {
    let (_, up, end) = bring_up(&but(changes));
    let Verdict::Fail(failure) = end else { panic!("{end:?}") };
    (failure.kind, up.step_name())
}

#[test]
fn a_sim7600_on_lte_only_comes_up() {
    let (said, up, end) = bring_up(SIM7600);
    assert_eq!(end, Verdict::Done);
    let expected = [
        "",
        "E0",
        "V1",
        "+CMEE=1",
        "+CGMI",
        "+CGMM",
        "+CGMR",
        "+CGSN",
        "+CFUN?",
        "+CPIN?",
        "+CICCID",
        "+CIMI",
        "+CHUP",
        "+CREG=2",
        "+CGREG=2",
        "+CEREG=2",
        "+CREG?",
        "+CGREG?",
        "+CEREG?",
        "+CMGF=0",
        "+CSMS=0",
        "+CSMS?",
        "+CSCA?",
        "+CPMS=?",
        "+CPMS=\"ME\",\"ME\",\"ME\"",
        "+CPMS?",
        "+CNMI=?",
        "+CNMI=1,1,0,1,0",
        "+CNMI?",
        "+CMMS=?",
        "+CNUM",
        "+CSQ",
        "+CESQ",
        "+COPS=3,0",
        "+COPS?",
    ];
    assert_eq!(said, expected);
    let facts = up.facts();
    assert_eq!(up.family().name, "sim7600");
    assert_eq!(facts.model, "SIMCOM_SIM7600E-H");
    assert_eq!(facts.revision, "LE20B03SIM7600M22");
    assert_eq!(facts.imei, "867584030000011");
    assert_eq!(facts.iccid, "8949020000012345678");
    assert_eq!(facts.best_registration(), Some(Registration::SmsOnlyHome));
    assert_eq!(facts.service_centre, "+491710760000");
    assert_eq!((facts.signal_dbm, facts.reference_dbm), (Some(-73), Some(-86)));
    assert_eq!(facts.number, "+491701234567");
    assert_eq!(facts.technology, Some(Technology::Lte));
    assert_eq!(facts.cell.map(|cell| (cell.area, cell.id)), Some((0x1A2B, 0x01C2_D3E4)));
    let used: Vec<_> =
        facts.store_use.iter().map(|it| (it.name.as_str(), it.used, it.total)).collect();
    assert_eq!(used, [("ME", 3, 23)]);
    assert_eq!(facts.operator, "Telekom.de");
    assert_eq!((facts.reports, facts.holds_link), (Reports::Told, true));
}

#[test]
fn a_modem_that_says_nothing_is_told_to_speak_and_asked_by_turns() {
    let (said, up, _) = bring_up(&[("", ""), ("Q0V1", "")]);
    assert_eq!(
        (&said[..4], up.step_name()),
        (&["", "Q0V1", "", "Q0V1"].map(String::from)[..], "answer")
    );
    let (said, _, end) = bring_up(&but(&[("", ""), ("Q0V1", "OK")]));
    assert_eq!((&said[..3], end), (&["", "Q0V1", "E0"].map(String::from)[..], Verdict::Done));
}

#[test]
fn what_keeps_a_modem_down_is_said_with_its_step() {
    use FailureKind::{Fault, NotRegistered, SimLocked, SimMissing};
    assert_eq!(failure(&[("", ""), ("Q0V1", "")]), (Fault, "answer"));
    assert_eq!(failure(&[("+CPIN?", "+CME ERROR: 10")]), (SimMissing, "SIM"));
    assert_eq!(failure(&[("+CPIN?", "+CME ERROR: 14")]), (SimMissing, "SIM"));
    assert_eq!(failure(&[("+CPIN?", "+CPIN: SIM PIN|OK")]), (SimLocked, "PIN retries"));
    assert_eq!(failure(&[("+CPIN?", "+CPIN: SIM PUK|OK")]), (SimLocked, "SIM"));
    assert_eq!(failure(&[("+CPIN?", "+CME ERROR: SIM failure")]), (SimMissing, "SIM"));
    assert_eq!(failure(&[("+CEREG?", "+CEREG: 2,3|OK")]), (NotRegistered, "network"));
    assert_eq!(failure(&[("+CMGF=0", "+CMS ERROR: 302")]), (Fault, "PDU mode"));
    assert_eq!(failure(&[("+CPMS=?", "+CPMS: (),(),()|OK")]), (Fault, "stores"));
}

fn entered(said: &[String]) -> usize {
    said.iter().filter(|it| it.starts_with("+CPIN=")).count()
}

#[test]
fn a_pin_is_entered_once_and_only_where_another_try_would_be_left() {
    let locked =
        |counter: &'static str| but(&[("+CPIN?", "+CPIN: SIM PIN|OK"), ("+SPIC", counter)]);
    // The modem stays locked whatever is entered: the table knows nothing else.
    let (said, up, end) =
        bring_up_with(&locked("+SPIC: 2,10,3,10|OK"), Wishes::default(), Some("1234"));
    assert_eq!((entered(&said), up.facts().pin_retries), (1, Some(2)));
    assert_eq!((end, up.pin_state()), (Verdict::Fail(WANTS_PIN), PinState::Entered));
    for (counter, failure) in [
        ("+SPIC: 1,10,3,10|OK", LAST_TRY),
        ("+SPIC: 0,10,3,10|OK", LAST_TRY),
        ("ERROR", BAD_COUNTER),
        ("+SPIC: |OK", BAD_COUNTER),
    ] {
        let (said, _, end) = bring_up_with(&locked(counter), Wishes::default(), Some("1234"));
        assert_eq!((entered(&said), end), (0, Verdict::Fail(failure)), "{counter}");
    }
    let (said, _, end) = bring_up(&locked("+SPIC: 3,10,3,10|OK"));
    assert_eq!((entered(&said), end), (0, Verdict::Fail(Failure::NO_PIN)));
}

#[test]
fn a_wrong_pin_and_a_puk_end_it_at_once() {
    for (answer, failure) in [("+CME ERROR: 16", WRONG_PIN), ("+CME ERROR: 12", WRONG_PIN)] {
        let table = but(&[
            ("+CPIN?", "+CPIN: SIM PIN|OK"),
            ("+SPIC", "+SPIC: 3,10,3,10|OK"),
            ("+CPIN=\"1234\"", answer),
        ]);
        let (said, up, end) = bring_up_with(&table, Wishes::default(), Some("1234"));
        assert_eq!((entered(&said), end), (1, Verdict::Fail(failure)));
        assert_eq!(up.pin_state(), PinState::Wrong);
    }
    let (said, _, end) =
        bring_up_with(&but(&[("+CPIN?", "+CPIN: SIM PUK|OK")]), Wishes::default(), Some("1234"));
    assert_eq!((entered(&said), end), (0, Verdict::Fail(WANTS_PUK)));
}

#[test]
fn a_second_pin_keeps_nothing_back_and_is_not_given_the_first() {
    for state in ["+CPIN: SIM PIN2|OK", "+CPIN: SIM PUK2|OK"] {
        let (said, up, end) =
            bring_up_with(&but(&[("+CPIN?", state)]), Wishes::default(), Some("1234"));
        assert_eq!((entered(&said), end), (0, Verdict::Done), "{state}");
        assert_eq!(up.pin_state(), PinState::NotWanted);
    }
}

#[test]
fn a_modem_that_is_locked_itself_is_given_no_pin_and_a_person_is_told_so() {
    for state in
        ["+CPIN: PH-SIM PIN|OK", "+CPIN: PH-NET PUK|OK", "+CPIN: PH-CORP PIN|OK", "+CME ERROR: 40"]
    {
        let table = but(&[("+CPIN?", state), ("+SPIC", "+SPIC: 3,10,3,10|OK")]);
        let (said, _, end) = bring_up_with(&table, Wishes::default(), Some("1234"));
        assert_eq!((entered(&said), end), (0, Verdict::Fail(PHONE_LOCKED)), "{state}");
    }
    // The one that shows behind the SIM's PIN, which was right.
    let mut up = BringUp::new(Wishes { family: family::by_name("sim7600"), ..Wishes::default() });
    let says = |up: &mut BringUp, line: &str| up.on(&ok_with(&[Line::try_from(line).unwrap()]));
    while up.step_name() != "PIN retries" {
        up.command().unwrap();
        says(&mut up, "+CPIN: SIM PIN");
    }
    up.command().unwrap();
    assert_eq!(says(&mut up, "+SPIC: 3,10,3,10"), Verdict::PinWanted);
    up.give_pin(Pin::parse("1234").unwrap());
    up.command().unwrap();
    assert_eq!((up.on(&ok_with(&[])), up.step_name()), (Verdict::Go, "SIM unlocked"));
    assert_eq!(says(&mut up, "+CPIN: PH-NET PIN"), Verdict::Fail(PHONE_LOCKED));
    assert_eq!(up.pin_state(), PinState::Right);
}

#[test]
fn the_retries_are_asked_in_every_way_that_the_family_knows() {
    let table = but(&[
        ("+CPIN?", "+CPIN: SIM PIN|OK"),
        ("+SPIC", "ERROR"),
        ("+CPINR", "+CPINR: SIM PIN,3,3|+CPINR: SIM PUK,10,10|OK"),
    ]);
    let (said, up, _) = bring_up_with(&table, Wishes::default(), Some("1234"));
    assert_eq!((entered(&said), up.facts().pin_retries), (1, Some(3)));
}

#[test]
fn a_foreign_network_counts_only_where_roaming_is_allowed() {
    let abroad = but(&[("+CEREG?", "+CEREG: 2,5,\"1A2B\",\"01C2D3E4\",7|OK")]);
    let home_only = Wishes { roaming: false, ..Wishes::default() };
    let (_, _, end) = bring_up_with(&abroad, home_only, None);
    assert_eq!(end, Verdict::Fail(ROAMING));
    assert_eq!(bring_up(&abroad).2, Verdict::Done);
}

#[test]
fn a_service_centre_that_the_sim_lacks_is_that_of_the_site() {
    let centre = || International::parse("+491710760000");
    let wishes = || Wishes { service_centre: centre(), ..Wishes::default() };
    let asked = |said: &[String]| said.iter().filter(|it| it.starts_with("+CSCA")).count();
    // The table says the same whatever is set: a SIM that keeps nothing.
    let empty = but(&[("+CSCA?", "+CSCA: \"\",129|OK")]);
    let (said, up, end) = bring_up_with(&empty, wishes(), None);
    assert_eq!((end, up.step_name()), (Verdict::Fail(CENTRE_NOT_KEPT), "service centre"));
    assert_eq!(said.last().map(String::as_str), Some("+CSCA?"), "it is read back");
    let set: Vec<_> = said.iter().filter(|it| it.starts_with("+CSCA=")).collect();
    assert_eq!(set, ["+CSCA=\"+491710760000\",145"]);
    let (said, up, end) = bring_up(&empty);
    assert_eq!((end, asked(&said)), (Verdict::Fail(NO_CENTRE), 6), "{said:?}");
    assert!(up.facts().service_centre.is_empty());
    // One that has its own keeps it, and so does one that does not know the question.
    for answer in ["+CSCA: \"+4915\",145|OK", "ERROR", "OK"] {
        let (said, _, end) = bring_up_with(&but(&[("+CSCA?", answer)]), wishes(), None);
        assert_eq!((end, asked(&said)), (Verdict::Done, 1), "{answer}");
    }
    for text in ["", "+", "491710760000", "+49171x", "+4917107600001234", "+1234", "+12345\r"] {
        assert_eq!(International::parse(text), None, "{text:?}");
    }
}

#[test]
fn a_service_centre_that_is_told_late_is_waited_for() {
    let mut up = BringUp::new(Wishes::default());
    let lines = ["+CPIN: READY", "+CREG: 2,1", "+CSCA: \"\",129"];
    let lines = lines.map(|line| Line::try_from(line).unwrap());
    while up.step_name() != "service centre" {
        up.command().unwrap();
        up.on(&ok_with(&lines));
    }
    assert_eq!(up.on(&ok_with(&lines)), Verdict::Retry(A_SECOND, NO_CENTRE));
    let told = [Line::try_from("+CSCA: \"+491710760000\",145").unwrap()];
    assert_eq!((up.on(&ok_with(&told)), up.step_name()), (Verdict::Go, "stores"));
    assert_eq!(up.facts().service_centre, "+491710760000");
}

#[test]
fn a_sim_that_is_busy_yet_is_asked_again_for_its_service_centre() {
    let asked = |said: &[String]| said.iter().filter(|it| *it == "+CSCA?").count();
    let (said, _, end) = bring_up(&but(&[("+CSCA?", "+CME ERROR: 14")]));
    assert_eq!((end, asked(&said)), (Verdict::Done, 16), "it may have one all the same");
    let centre = International::parse("+491710760000");
    let mut up = BringUp::new(Wishes { service_centre: centre, ..Wishes::default() });
    let lines = ["+CPIN: READY", "+CREG: 2,1"].map(|line| Line::try_from(line).unwrap());
    while up.step_name() != "service centre" {
        up.command().unwrap();
        up.on(&ok_with(&lines));
    }
    let says = |up: &mut BringUp, said| {
        let result = FinalResult::parse(said);
        up.on(&Reply { lines: &[], result, took: Seconds(0), garbage: false, echo: false })
    };
    let empty = [Line::try_from("+CSCA: \"\",129").unwrap()];
    assert_eq!(says(&mut up, "+CMS ERROR: 314"), Verdict::Retry(A_SECOND, BUSY_SIM));
    while up.on(&ok_with(&empty)) != Verdict::Again {}
    assert_eq!(&*up.command().unwrap().bytes, b"AT+CSCA=\"+491710760000\",145\r");
    // Busy with what it was told.
    assert_eq!(says(&mut up, "OK"), Verdict::Again);
    assert_eq!(says(&mut up, "+CME ERROR: 14"), Verdict::Retry(A_SECOND, BUSY_SIM));
    let told = [Line::try_from("+CSCA: \"+491710760000\",145").unwrap()];
    assert_eq!((up.on(&ok_with(&told)), up.step_name()), (Verdict::Go, "stores"));
}

#[test]
fn an_iccid_is_read_from_the_card_where_the_modem_has_no_command_for_it() {
    let (_, up, _) = bring_up(&but(&[
        ("+CICCID", "ERROR"),
        ("+CRSM=176,12258,0,0,10", "+CRSM: 144,0,\"984920000010325476F8\"|OK"),
    ]));
    assert_eq!(up.facts().iccid, "8994020000012345678");
}

#[test]
fn a_sim_that_is_busy_yet_is_asked_again_for_its_number() {
    let mut up = BringUp::new(Wishes::default());
    let lines = ["+CPIN: READY", "+CGMM: SIM7600E"].map(|line| Line::try_from(line).unwrap());
    while up.step_name() != "ICCID" {
        up.command().unwrap();
        up.on(&ok_with(&lines));
    }
    let says = |up: &mut BringUp, said| {
        let result = FinalResult::parse(said);
        up.on(&Reply { lines: &[], result, took: Seconds(0), garbage: false, echo: false })
    };
    // One of the two ways is not known to it: the other will do, in a while.
    for (first, second) in [("+CME ERROR: 14", "ERROR"), ("ERROR", "+CME ERROR: SIM failure")] {
        assert_eq!(says(&mut up, first), Verdict::Again);
        assert_eq!(says(&mut up, second), Verdict::Retry(A_SECOND, BUSY_SIM));
    }
    let told = [Line::try_from("+ICCID: 8949020000012345678F").unwrap()];
    assert_eq!(up.on(&ok_with(&told)), Verdict::Go);
    assert_eq!(up.facts().iccid, "8949020000012345678");
}

#[test]
fn a_sim_that_never_tells_its_number_is_used_and_is_known_again_by_its_subscription() {
    let mute = |answer| but(&[("+CICCID", answer), ("+CRSM=176,12258,0,0,10", answer)]);
    let asked = |said: &[String]| said.iter().filter(|it| *it == "+CICCID").count();
    for (answer, times) in [("+CME ERROR: 14", 16), ("ERROR", 1)] {
        let (said, up, end) = bring_up(&mute(answer));
        assert_eq!((end, up.facts().iccid.as_str(), asked(&said)), (Verdict::Done, "", times));
    }
    let known_sim = bring_up(SIM7600).1.facts().known_sim();
    assert!(known_sim.is_some());
    let mut table = mute("+CME ERROR: 14");
    for (change, iccid) in [
        (("", "OK"), "8949020000012345678"),
        (("+CIMI", "262011234567899|OK"), ""),
        (("+CIMI", "ERROR"), ""),
        (("+CGSN", "867584030000029|OK"), ""),
    ] {
        table.insert(0, change);
        let wishes = Wishes { known_sim: known_sim.clone(), ..Wishes::default() };
        let (_, up, end) = bring_up_with(&table, wishes, None);
        assert_eq!((end, up.facts().iccid.as_str()), (Verdict::Done, iccid), "{change:?}");
        table.remove(0);
    }
}

#[test]
fn a_store_that_was_not_taken_is_no_store() {
    let other = failure(&[("+CPMS?", "+CPMS: \"ME\",3,23,\"ME\",3,23,\"SM\",0,50|OK")]);
    assert_eq!(other, (FailureKind::Fault, "store read back"));
}

#[test]
fn an_answer_to_a_command_before_is_not_taken_for_the_name() {
    let (said, up, end) = bring_up(&but(&[("+CGMI", "OK"), ("+CGMM", "SIMCOM_SIM7600E-H|OK")]));
    assert_eq!(said.iter().filter(|it| *it == "+CGMI").count(), 2, "asked once more: {said:?}");
    assert_eq!((end, up.facts().manufacturer.as_str()), (Verdict::Done, ""));
}

#[test]
fn indications_are_chosen_from_what_is_offered() {
    let chosen = |offered: &'static str| {
        let (said, _, _) =
            bring_up(&but(&[("+CGMM", "X1|OK"), ("+CGMI", "X|OK"), ("+CNMI=?", offered)]));
        let set = said.iter().find(|it| it.starts_with("+CNMI=") && !it.ends_with('?'));
        set.cloned().unwrap_or_default()
    };
    assert_eq!(chosen("+CNMI: (0-3),(0,1),(0,2,3),(0,2),(1)|OK"), "+CNMI=2,1,0,2,1");
    assert_eq!(chosen("+CNMI: (0,1),(0-3),(0,2),(0-2),(0,1)|OK"), "+CNMI=1,1,0,1,0");
    assert_eq!(chosen("+CNMI: (0-2),(0-3),(2),(0,1)|OK"), "+CNMI=2,1,2,1");
    assert_eq!(chosen("ERROR"), "+CNMI=2,1,0,1,0");
    assert_eq!(chosen("+CNMI: |OK"), "");
}

#[test]
fn what_would_have_to_be_acknowledged_is_not_asked_for() {
    let (said, up, end) = bring_up(&but(&[
        ("+CSMS=0", "+CMS ERROR: 303"),
        ("+CSMS?", "+CSMS: 1,1,1,1|OK"),
        ("+CNMI?", "+CNMI: 2,1,0,2,0|OK"),
    ]));
    assert_eq!((end, up.facts().reports), (Verdict::Done, Reports::Stored));
    assert!(said.iter().any(|it| it == "+CNMI=2,1,0,2,0"), "{said:?}");
}

#[test]
fn a_message_service_that_says_it_is_not_ready_is_waited_for() {
    let mut up = BringUp::new(Wishes { family: family::by_name("ec25"), ..Wishes::default() });
    let ready = ["+CPIN: READY", "+CREG: 2,1"].map(|line| Line::try_from(line).unwrap());
    while up.step_name() != "messages ready" {
        up.command().unwrap();
        up.on(&ok_with(&ready));
    }
    let not_yet = [Line::try_from("+QINISTAT: 1").unwrap()];
    assert_eq!(up.on(&ok_with(&not_yet)), Verdict::Retry(A_SECOND, NO_PDU_MODE));
    let done = [Line::try_from("+QINISTAT: 7").unwrap()];
    assert_eq!(up.on(&ok_with(&done)), Verdict::Go);
}

#[test]
fn what_a_modem_is_on_usb_counts_until_it_says_better() {
    let likely = family::by_name("telit");
    let up = |given: Option<&str>| {
        let family = given.and_then(family::by_name);
        BringUp::new(Wishes { family, likely, ..Wishes::default() })
    };
    let family_of = |mut up: BringUp, model: &str| {
        let lines = [Line::try_from(model).unwrap()];
        let result = Some(FinalResult::Ok);
        let before = up.family().name;
        while up.step_name() != "revision" {
            up.command().unwrap();
            up.on(&Reply { lines: &lines, result, took: Seconds(0), garbage: false, echo: false });
        }
        (before, up.family().name)
    };
    assert_eq!(family_of(up(None), "nobody knows"), ("telit", "telit"));
    assert_eq!(family_of(up(None), "SIM7600G-H"), ("telit", "sim7600"));
    assert_eq!(family_of(up(Some("ec25")), "SIM7600G-H"), ("ec25", "ec25"));
}

#[test]
fn every_step_has_a_deadline_and_a_name_of_its_own() {
    let up = BringUp::new(Wishes::default());
    let names: std::collections::BTreeSet<_> = STEPS.iter().map(|step| step.name).collect();
    assert_eq!(names.len(), STEPS.len());
    assert!(STEPS.iter().all(|step| (step.within)(&up) > Seconds(0)));
}

#[test]
fn indications_are_what_the_modem_says_is_set() {
    let (_, up, end) = bring_up(&but(&[("+CNMI?", "+CNMI: 1,1,0,0,0|OK")]));
    assert_eq!((end, up.facts().reports), (Verdict::Done, Reports::None));
    let silent = failure(&[("+CNMI?", "+CNMI: 1,0,0,0,0|OK")]);
    assert_eq!(silent, (FailureKind::Fault, "indications read back"));
    let (said, up, end) = bring_up(&but(&[
        ("+CNMI=1,1,0,1,0", "+CMS ERROR: 303"),
        ("+CNMI?", "+CNMI: 2,1,0,2,0|OK"),
    ]));
    assert_eq!((end, up.facts().reports), (Verdict::Done, Reports::Stored));
    assert!(said.iter().any(|it| it == "+CNMI=2,1,0,2,0"));
}

#[test]
fn reports_are_not_stored_where_there_is_no_store_for_them() {
    let (said, up, end) = bring_up(&but(&[
        ("+CPMS=?", "+CPMS: (\"SM\"),(\"SM\",\"SR\"),(\"SM\")|OK"),
        ("+CPMS?", "+CPMS: \"SM\",0,20,\"SM\",0,20,\"SM\",0,20|OK"),
        ("+CNMI=1,1,0,1,0", "+CMS ERROR: 303"),
        ("+CNMI?", "+CNMI: 2,1,0,0,0|OK"),
    ]));
    assert_eq!((end, up.facts().reports), (Verdict::Done, Reports::None));
    let said = said.iter().filter(|it| it.starts_with("+CNMI=") && !it.ends_with('?'));
    assert_eq!(said.collect::<Vec<_>>(), ["+CNMI=1,1,0,1,0", "+CNMI=2,1,0,0,0"]);
}

#[test]
fn the_link_is_held_only_by_modems_that_offer_it() {
    let table = [
        ("+CMMS: (0-2)|OK", true),
        ("+CMMS: (0,1,2)|OK", true),
        ("+CMMS: (0)|OK", false),
        ("+CMMS: (0,2)|OK", false),
        ("+CMS ERROR: 500", false),
        ("ERROR", false),
    ];
    for (answer, holds) in table {
        let (_, up, end) = bring_up(&but(&[("+CMMS=?", answer)]));
        assert_eq!((end, up.facts().holds_link), (Verdict::Done, holds), "{answer}");
    }
}

#[test]
fn a_quectel_gets_its_vendor_settings() {
    let (said, up, end) = bring_up(&but(&[
        ("+CGMM", "EC25|OK"),
        ("+QCCID", "+QCCID: 89490200000123456789|OK"),
        ("+CNMI?", "+CNMI: 2,1,0,1,0|OK"),
    ]));
    assert_eq!((end, up.family().name), (Verdict::Done, "ec25"));
    assert_eq!(up.facts().iccid, "89490200000123456789");
    assert!(said.iter().any(|it| it == "+QINDCFG=\"smsfull\",1"));
}

#[test]
fn a_radio_that_is_off_is_switched_on_and_one_that_is_on_is_left_alone() {
    let on = |said: &[String]| said.iter().any(|it| it == "+CFUN=1");
    let (said, _, end) = bring_up(&but(&[("+CFUN?", "+CFUN: 4|OK")]));
    assert_eq!((end, on(&said)), (Verdict::Done, true));
    let (said, _, end) = bring_up(&but(&[("+CFUN?", "+CFUN: 1|OK")]));
    assert_eq!((end, on(&said)), (Verdict::Done, false));
}

#[test]
fn what_is_waited_for_is_said_meanwhile() {
    let mut up = BringUp::new(Wishes::default());
    let silence =
        |garbage| Reply { lines: &[], result: None, took: TWO_SECONDS, garbage, echo: false };
    assert_eq!(up.on(&silence(false)), Verdict::Retry(A_SECOND, SILENT));
    assert_eq!(up.on(&silence(true)), Verdict::Retry(A_SECOND, WRONG_SPEED));
}

#[test]
fn stores_that_are_refused_while_the_modem_boots_are_asked_for_again() {
    let mut up = BringUp::new(Wishes::default());
    let lines = ["+CPIN: READY", "+CREG: 2,1"].map(|line| Line::try_from(line).unwrap());
    let (took, garbage) = (Seconds(0), false);
    while up.step_name() != "stores" {
        up.command().unwrap();
        up.on(&Reply { lines: &lines, result: Some(FinalResult::Ok), took, garbage, echo: false });
    }
    let refused = FinalResult::parse("+CMS ERROR: 302");
    let verdict = up.on(&Reply { lines: &[], result: refused, took, garbage, echo: false });
    assert!(matches!(verdict, Verdict::Retry(..)), "{verdict:?}");
}

#[test]
fn a_word_that_is_too_long_is_cut_whatever_its_characters() {
    let mut up = BringUp::new(Wishes::default());
    let lines = [Line::try_from("é".repeat(30).as_str()).unwrap()];
    while up.step_name() != "model" {
        up.command().unwrap();
        let result = Some(FinalResult::Ok);
        up.on(&Reply { lines: &lines, result, took: Seconds(0), garbage: false, echo: false });
    }
    assert_eq!(up.facts().manufacturer, "é".repeat(24).as_str());
}

/// The ways to speak that are tried, and what comes of it, where the host can serve these sinks.
fn voice_of(answers: &[(&str, &str)], sinks: &[Sink]) -> (Vec<String>, Option<Voice>) {
    let sinks = sinks.iter().copied().collect();
    let (said, up, end) = bring_up_with(answers, Wishes { sinks, ..Wishes::default() }, None);
    assert_eq!(end, Verdict::Done);
    (said, up.facts().voice)
}

#[test]
fn the_best_way_to_speak_is_taken_that_modem_and_host_both_have() {
    let all = Sink::ALL;
    let voice =
        |sink: Sink, tells_keys| Some(Voice { sink, keys: tells_keys || sink.hears(), tells_keys });
    let (said, found) = voice_of(&but(&[]), &all);
    assert_eq!(found, voice(Sink::SerialPcm, true));
    for word in ["+CPCMREG=?", "+COLP=0", "+CLCC=1", "+DDET=1"] {
        assert!(said.iter().any(|it| it == word), "{word}: {said:?}");
    }
    // Its firmware has no samples, or the host no port for them.
    let deaf = but(&[("+CPCMREG=?", "ERROR"), ("+DDET=1", "ERROR")]);
    assert_eq!(voice_of(&deaf, &all).1, voice(Sink::File, false));
    assert_eq!(voice_of(&but(&[]), &[Sink::Speaks]).1, voice(Sink::Speaks, true));
    // Its jack may be wired to a sound card, which the host says.
    assert_eq!(voice_of(&but(&[]), &[Sink::Alsa]).1, voice(Sink::Alsa, true));
    let (said, none) = voice_of(&but(&[]), &[]);
    assert_eq!((none, said.iter().any(|it| it == "+COLP=0")), (None, false));
    // A modem for data alone places no calls, whatever it is wired to.
    let data = [
        ("+CGMM", "SIMCOM_SIM7080|OK"),
        ("+CPMS?", "+CPMS: \"SM\",0,23,\"SM\",0,23,\"SM\",0,23|OK"),
    ];
    assert_eq!(voice_of(&but(&data), &all).1, None);
}

#[test]
fn a_stick_whose_voice_is_locked_has_none() {
    let huawei = |answer| {
        let answers = but(&[("+CGMI", "huawei|OK"), ("+CGMM", "E173|OK"), ("^CVOICE?", answer)]);
        voice_of(&answers, &[Sink::SerialPcm]).1.map(|voice| voice.sink)
    };
    assert_eq!(huawei("^CVOICE:0,8000,16,20|OK"), Some(Sink::SerialPcm));
    assert_eq!(huawei("^CVOICE: 1|OK"), None);
    assert_eq!(huawei("COMMAND NOT SUPPORT"), None);
}
