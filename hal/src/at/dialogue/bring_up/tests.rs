//! Bring-up as dialogues.

use std::{string::String, vec::Vec};

use super::*;

/// A modem as a table: what it answers to what begins so. Without a line, `OK`.
fn bring_up(answers: &[(&str, &str)]) -> (Vec<String>, BringUp, Verdict) {
    let mut up = BringUp::new(None);
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
        match up.on(&Reply { lines: &lines, result }) {
            Verdict::Go | Verdict::Again(_) | Verdict::Retry(..) => {}
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
    ("+CNMI?", "+CNMI: 1,1,0,1,0|OK"),
    ("+CMMS=?", "+CMMS: (0-2)|OK"),
    ("+CSQ", "+CSQ: 20,99|OK"),
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
        "+CIMI",
        "+CICCID",
        "+CREG=2",
        "+CGREG=2",
        "+CEREG=2",
        "+CREG?",
        "+CGREG?",
        "+CEREG?",
        "+CMGF=0",
        "+CSMS=0",
        "+CSCA?",
        "+CPMS=?",
        "+CPMS=\"ME\",\"ME\",\"ME\"",
        "+CNMI=1,1,0,1,0",
        "+CNMI?",
        "+CMMS=?",
        "+CSQ",
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
    assert_eq!(facts.signal_dbm, Some(-73));
    assert_eq!(facts.operator, "Telekom.de");
    assert_eq!((facts.reports, facts.holds_link), (Reports::Told, true));
}

#[test]
fn what_keeps_a_modem_down_is_said_with_its_step() {
    use FailureKind::{Fault, NotRegistered, SimLocked, SimMissing};
    assert_eq!(failure(&[("", "")]), (Fault, "answer"));
    assert_eq!(failure(&[("+CPIN?", "+CME ERROR: 10")]), (SimMissing, "SIM"));
    assert_eq!(failure(&[("+CPIN?", "+CPIN: SIM PIN|OK")]), (SimLocked, "SIM"));
    assert_eq!(failure(&[("+CPIN?", "+CPIN: SIM PUK|OK")]), (SimLocked, "SIM"));
    assert_eq!(failure(&[("+CPIN?", "+CME ERROR: SIM failure")]), (SimMissing, "SIM"));
    assert_eq!(failure(&[("+CEREG?", "+CEREG: 2,3|OK")]), (NotRegistered, "network"));
    assert_eq!(failure(&[("+CMGF=0", "+CMS ERROR: 302")]), (Fault, "PDU mode"));
    assert_eq!(failure(&[("+CPMS=?", "+CPMS: (),(),()|OK")]), (Fault, "stores"));
}

#[test]
fn a_pin_is_never_tried() {
    let (said, _, _) = bring_up(&but(&[("+CPIN?", "+CPIN: SIM PIN|OK")]));
    assert!(!said.iter().any(|it| it.starts_with("+CPIN=")), "{said:?}");
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
        ("+CNMI=1,1,0,1,0", "+CMS ERROR: 303"),
        ("+CNMI?", "+CNMI: 2,1,0,0,0|OK"),
    ]));
    assert_eq!((end, up.facts().reports), (Verdict::Done, Reports::None));
    let said = said.iter().filter(|it| it.starts_with("+CNMI=")).collect::<Vec<_>>();
    assert_eq!(said, ["+CNMI=1,1,0,1,0", "+CNMI=2,1,0,0,0"]);
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
    let mut up = BringUp::new(None);
    let silence = Reply { lines: &[], result: None };
    assert_eq!(up.on(&silence), Verdict::Retry(A_SECOND, SILENT));
}

#[test]
fn stores_that_are_refused_while_the_modem_boots_are_asked_for_again() {
    let mut up = BringUp::new(None);
    let lines = ["+CPIN: READY", "+CREG: 2,1"].map(|line| Line::try_from(line).unwrap());
    while up.step_name() != "stores" {
        up.command().unwrap();
        up.on(&Reply { lines: &lines, result: Some(FinalResult::Ok) });
    }
    let refused = FinalResult::parse("+CMS ERROR: 302");
    let verdict = up.on(&Reply { lines: &[], result: refused });
    assert!(matches!(verdict, Verdict::Retry(..)), "{verdict:?}");
}

#[test]
fn a_word_that_is_too_long_is_cut_whatever_its_characters() {
    let mut up = BringUp::new(None);
    let lines = [Line::try_from("é".repeat(30).as_str()).unwrap()];
    while up.step_name() != "model" {
        up.command().unwrap();
        up.on(&Reply { lines: &lines, result: Some(FinalResult::Ok) });
    }
    assert_eq!(up.facts().manufacturer, "é".repeat(24).as_str());
}
