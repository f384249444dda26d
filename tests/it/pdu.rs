//! `ringpost pdu`: what it shows of a PDU, to people and to programs.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use ringpost_hal::pdu::{Inbound, Outbound, mode};
use serde_json::{Value, json};

use crate::gateway::RINGPOST;

/// "hello world", with its service centre.
const HELLO: &str = "0791447758100650040C914497716247010000402132215403000BE8329BFD06DDDF723619";

fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(RINGPOST);
    command.arg("pdu").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn pdu(arguments: &[&str], input: &str) -> Output {
    let mut child = spawn(arguments);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // From beside: it answers while it reads.
    let writer = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn decoded(arguments: &[&str]) -> Value {
    let output = pdu(&[&["decode", "--json"], arguments].concat(), "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_field_has_a_line_with_its_octets() {
    let output = pdu(&["decode", HELLO], "");
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    for (at, octets, name, says) in [
        ("0", "0791447758100650", "SMSC", "+447785016005"),
        ("8", "04", "TP-MTI", "SMS-DELIVER"),
        ("9", "0C91449771624701", "TP-OA", "+447917267410 (international, isdn)"),
        ("18", "00", "TP-DCS", "GSM-7"),
        ("19", "40213221540300", "TP-SCTS", "2004-12-23T12:45:30+00:00"),
        ("26", "0B", "TP-UDL", "11 septets"),
        ("27", "E8329BFD06DDDF72…", "TP-UD", "\"hello world\""),
    ] {
        let line = format!("{at:>3}  {octets:<17}  {name:<7}  {says}");
        assert!(shown.lines().any(|it| it == line), "{line}\nin\n{shown}");
    }
    assert!(!shown.contains('\u{1B}'), "no colour outside of a terminal");
}

#[test]
fn a_terminal_gets_colour_unless_it_wants_none() {
    let on_a_terminal = |variable: &str| {
        let command = format!("{RINGPOST} pdu decode {HELLO}");
        let output = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("TERM", "xterm")
            .env(variable, "1")
            .stdin(Stdio::null())
            .output();
        output.unwrap().stdout.contains(&0x1B)
    };
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: script is not installed");
        return;
    }
    assert!(on_a_terminal("ANYTHING"));
    assert!(!on_a_terminal("NO_COLOR"));
}

#[test]
fn programs_get_one_shape_for_every_type() {
    let deliver = decoded(&[HELLO]);
    assert_eq!(deliver["type"], "deliver");
    assert_eq!(deliver["address"], "+447917267410");
    assert_eq!(deliver["tp"]["smsc"], "+447785016005");
    assert_eq!((&deliver["text"], &deliver["encoding"]), (&json!("hello world"), &json!("GSM-7")));
    assert_eq!((&deliver["concat"], &deliver["data"]), (&Value::Null, &Value::Null));
    assert_eq!(deliver["tp"]["scts"], "2004-12-23T12:45:30+00:00");
    assert_eq!(deliver["tp"]["mms"], false);

    let report = decoded(&["0006D60B911326880736F4111011719551401110117195714000"]);
    assert_eq!(report["type"], "status_report");
    assert_eq!((&report["address"], &report["tp"]["mr"]), (&json!("+31628870634"), &json!(214)));
    assert_eq!(report["tp"]["st"], json!({"raw": 0, "class": "done"}));
    assert_eq!(report["text"], Value::Null);

    // 8 bit data for port 2948, segment 2 of 2 with a reference of 16 bits.
    let push = "41000481214300040F0C0804ABCD020205040B8423F00102";
    let push = decoded(&["--outbound", "--tpdu", push]);
    assert_eq!(push["type"], "submit");
    assert_eq!((&push["data"], &push["text"]), (&json!("0102"), &Value::Null));
    assert_eq!(push["concat"], json!({"reference": 0xABCD, "total": 2, "sequence": 2}));
    assert_eq!(push["tp"]["udh"][1]["name"], "ports");
    assert_eq!((&push["tp"]["smsc"], &push["tp"]["vpf"]), (&Value::Null, &json!(0)));

    let command = decoded(&["--outbound", "--tpdu", "020100020704812143020102"]);
    assert_eq!((&command["type"], &command["tp"]["ct"]), (&json!("command"), &json!(2)));
    let report = decoded(&["--tpdu", "01C50040213221540300"]);
    assert_eq!((&report["type"], &report["tp"]["fcs"]), (&json!("submit_report"), &json!(0xC5)));
    let report = decoded(&["--outbound", "--tpdu", "0000"]);
    assert_eq!((&report["type"], &report["address"]), (&json!("deliver_report"), &Value::Null));

    // A header whose last element overruns it, kept as octets; a name, and a number of another kind.
    let broken = decoded(&["--tpdu", "440291214204421150513254040603AABBCC0102"]);
    assert_eq!(broken["tp"]["udh"], "AABBCC");
    assert_eq!(broken["data"], "0102");
    let name = decoded(&["--tpdu", "040DD0D3B2DC9E1E970100004211505132540400"]);
    assert_eq!(name["address"], "Service");
    let toa = json!({"toa": 0xD0, "ton": "alphanumeric", "npi": "unknown", "address": "Service"});
    assert_eq!(name["tp"]["oa"], toa);

    for any in [deliver, push, command, report] {
        let names: Vec<_> = any.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["address", "concat", "data", "encoding", "text", "tp", "type"]);
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let cut = &HELLO[..28];
    let output = pdu(&["decode", "--json", cut], "");
    assert_eq!(output.status.code(), Some(1));
    let fault: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({"field": "TP-OA", "offset": 11, "message": "octets missing: 3"});
    assert_eq!(fault, json!({ "error": expected }));
    let output = pdu(&["decode", "--json", "--tpdu", &cut[16..]], "");
    let fault: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(fault["error"]["offset"], 3, "counted from what was given");
    let output = pdu(&["decode", cut], "");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let shown = text(&output.stderr);
    assert_eq!(shown.lines().next(), Some(cut));
    assert!(
        shown.lines().nth(1).unwrap().starts_with(&format!("{:22}^ read TP-OA", "")),
        "{shown}"
    );
    assert_eq!(pdu(&["decode", "04ZZ"], "").status.code(), Some(1));
    assert_eq!(pdu(&["decode"], "").status.code(), Some(2));
}

#[test]
fn a_batch_answers_line_for_line() {
    let output = pdu(&["decode", "--batch"], &format!("{HELLO}\n\n  {HELLO}\r\n04ZZ\n{HELLO}"));
    assert_eq!(output.status.code(), Some(1), "not all could be read");
    let answers: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<_> = answers.iter().map(|answer| answer["text"].as_str()).collect();
    let hello = Some("hello world");
    assert_eq!(texts, [hello, None, hello, None, hello]);
    assert_eq!(answers[1]["error"]["field"], "SCA");
    assert_eq!(
        answers[3]["error"],
        json!({"field": "PDU", "offset": 1, "message": "not hexadecimal"})
    );
    assert_eq!(pdu(&["decode", "--batch"], &format!("{HELLO}\n")).status.code(), Some(0));
}

/// A program that writes a line and waits for its answer gets it.
#[test]
fn a_batch_answers_each_line_at_once() {
    let mut child = spawn(&["decode", "--batch"]);
    let mut stdin = child.stdin.take().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (told, answers) = mpsc::channel();
    thread::spawn(move || stdout.lines().try_for_each(|line| told.send(line.unwrap())));
    for _ in 0..3 {
        writeln!(stdin, "{HELLO}").unwrap();
        let answer = answers.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["text"], "hello world");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Whatever is in a line, and however much: it gets its one answer, and the next line the right one.
#[test]
fn lines_that_are_no_pdu_of_a_batch() {
    let long = "00".repeat(1_000_000);
    let edge = "0".repeat(64 * 1024);
    let lines = [&*long, "käse", "\u{0}", &edge, "0", "   ", "07914477", HELLO];
    let output = pdu(&["decode", "--batch"], &lines.join("\n"));
    let answers: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), lines.len());
    let (last, others) = answers.split_last().unwrap();
    assert_eq!(last["text"], "hello world");
    for answer in others {
        let error = answer["error"].as_object().unwrap();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["field", "message", "offset"]);
    }
    assert_eq!(others[0]["error"]["field"], "PDU");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = spawn(&["decode", "--batch"]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let many = format!("{HELLO}\n").repeat(2000);
    let _ = stdin.write_all(many.as_bytes());
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn encoded(arguments: &[&str], input: &str) -> Vec<Value> {
    let output = pdu(&[&["encode", "--json"], arguments].concat(), input);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_encoded_decodes_to_the_same() {
    let long = "Ваш код 471108. ".repeat(10);
    for sample in ["", "code 471108", "[€] {~}", "Ж😀", &long, &"a".repeat(161)] {
        let segments = encoded(&["--to", "+14155550123"], sample);
        let mut joined = String::new();
        for (sequence, segment) in (1..).zip(&segments) {
            let line = segment["pdu"].as_str().unwrap();
            let read = decoded(&["--outbound", line]);
            assert_eq!(read["address"], "+14155550123");
            assert_eq!(segment["length"], line.len() / 2 - 1, "without the service centre");
            assert!(segments.len() == 1 || read["concat"]["sequence"] == sequence);
            joined.push_str(read["text"].as_str().unwrap());
        }
        assert_eq!(joined, sample);
    }
}

#[test]
fn every_option_is_seen_in_its_field() {
    let options = [
        "--to",
        "12345",
        "--text",
        "“hi”",
        "--smart",
        "--flash",
        "--report",
        "--reject-duplicates",
        "--validity",
        "301",
        "--pid",
        "65",
        "--mr",
        "7",
        "--smsc",
        "+447785016005",
    ];
    let segment = encoded(&options, "").remove(0);
    assert_eq!((&segment["text"], &segment["address"]), (&json!("\"hi\""), &json!("12345")));
    assert_eq!(segment["tp"]["smsc"], "+447785016005");
    let tp = &segment["tp"];
    assert_eq!((&tp["srr"], &tp["rd"], &tp["mr"]), (&json!(true), &json!(true), &json!(7)));
    assert_eq!((&tp["dcs"]["class"], &tp["pid"]), (&json!(0), &json!(65)));
    assert_eq!(tp["vp"]["seconds"], 600);
    let turkish = "ş".repeat(100);
    let segments = encoded(&["--to", "1", "--language", "turkish"], &turkish);
    assert_eq!((segments.len(), &segments[0]["encoding"]), (1, &json!("GSM-7")));
    let joined: String = segments.iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert_eq!(joined, turkish);
    let output = pdu(&["encode", "--to", "+14155550123", "--text", "hi"], "");
    assert!(text(&output.stdout).starts_with("AT+CMGS=15\n0001000B914151550521F3000002E834\n"));
    for wrong in [&["--to", "+49x"][..], &["--to", "1", "--smsc", "?"]] {
        assert_eq!(pdu(&[&["encode", "--text", "a"], wrong].concat(), "").status.code(), Some(1));
    }
    let klingon = ["encode", "--to", "1", "--language", "klingon"];
    assert_eq!(pdu(&klingon, "").status.code(), Some(2));
}

/// 3GPP TS 23.040 9.2.3.6 and 9.2.3.25: with one TP-MR for all, TP-RD would have the second one rejected.
#[test]
fn segments_have_references_of_their_own() {
    let segments = encoded(&["--to", "1", "--mr", "255", "--reject-duplicates"], &"a".repeat(400));
    let references: Vec<_> = segments.iter().map(|it| it["tp"]["mr"].as_u64().unwrap()).collect();
    assert_eq!(references, [255, 0, 1]);
}

#[test]
fn smart_encoding_rewrites_where_it_helps() {
    let smart = |text| encoded(&["--to", "1", "--smart"], text)[0]["text"].clone();
    assert_eq!(smart("“hi”…"), "\"hi\"...");
    // The text stays UCS-2 whatever becomes of its quotes.
    assert_eq!(smart("“Привет”"), "“Привет”");
}

/// Who reads JSON is told all the same what smart encoding rewrote, or why it could not help.
#[test]
fn smart_encoding_says_what_it_did() {
    let notes = |sample: &str| {
        let output = pdu(&["encode", "--to", "1", "--smart", "--json"], sample);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stderr).to_owned()
    };
    assert!(notes("“hi”").contains("'“' x 1, at 0: written as \"\\\"\"\n"));
    let vain = notes("“Привет”");
    assert!(vain.contains("'“' x 1, at 0: not in GSM-7; \"\\\"\" would save nothing"), "{vain}");
    assert!(!vain.contains("--smart"), "{vain}");
    // Nor is it offered where it would not help, and it never costs a segment.
    let output = pdu(&["encode", "--to", "1", "--text", "😀’"], "");
    assert!(!text(&output.stderr).contains("--smart"), "{output:?}");
    for text in ["…".repeat(70), "™".repeat(67)] {
        assert_eq!(encoded(&["--to", "1", "--smart"], &text).len(), 1, "{text}");
    }
}

/// Only its carrier tells whether a report has a TP-FCS; TP-UDHI is shown, and so is what names no time.
#[test]
fn reports_show_every_field() {
    let report = ["--tpdu", "--outbound"];
    let read = decoded(&[&report[..], &["4003AA04"]].concat());
    assert_eq!((&read["tp"]["udhi"], &read["tp"]["fcs"]), (&json!(true), &Value::Null));
    let read = decoded(&[&report[..], &["--carrier", "rp-error", "40030204"]].concat());
    assert_eq!((&read["tp"]["fcs"], &read["tp"]["pi"]), (&json!(3), &json!(2)));
    let read = decoded(&[&report[..], &["--carrier", "rp-ack", "001200"]].concat());
    assert_eq!((&read["tp"]["fcs"], &read["tp"]["pi"]), (&Value::Null, &json!(0x12)));
    let status = "460702912111101021436500111010214365000000".to_owned();
    assert_eq!(decoded(&["--tpdu", &status])["tp"]["udhi"], true);
    let submit = "090003A121F3000004AABBCCDDEEFF00";
    let read = decoded(&["--tpdu", "--outbound", submit]);
    assert_eq!(read["tp"]["vp"]["raw"], "04AABBCCDDEEFF");
    // Whatever no field takes is shown all the same, and padding is no TP-PI.
    let padded = "06070D91945111325476F8111010214365001110102143750000FFFFFF";
    let read = decoded(&["--tpdu", padded]);
    assert_eq!((&read["tp"]["rest"], &read["tp"]["pi"]), (&json!("FFFFFF"), &Value::Null));
    assert_eq!(read["tp"]["tpdu"], padded);
    let shown = |arguments: &[&str]| {
        let output = pdu(&[&["decode", "--tpdu"], arguments].concat(), "");
        text(&output.stdout).to_owned()
    };
    let lines = shown(&["--outbound", "--carrier", "rp-ack", "0008ABCD"]);
    assert!(lines.contains("something of a later release"), "{lines}");
    assert!(lines.contains("  2  ABCD               rest     ignored"), "{lines}");
    let lines = shown(&["--outbound", "4000"]);
    assert!(lines.contains("TP-UDHI  set, though there is no user data"), "{lines}");
    // An element that says nothing possible is not taken for one that counts.
    let lines = shown(&["4403A121F30004111010214365000705000307030441"]);
    assert!(lines.contains("segment 4 of 3, ignored"), "{lines}");
    // One octet is one octet.
    let output = pdu(&["decode", "--tpdu", "0402912100041110102143650001AB"], "");
    let lines = text(&output.stdout).to_owned();
    assert!(lines.contains("TP-UDL  ") && lines.contains("1 octet\n"), "{lines}");
}

/// What a text costs, and why, is said beside its PDUs.
#[test]
fn the_costly_characters_are_named() {
    let notes = |arguments: &[&str], sample: &str| {
        let output = pdu(&[&["encode", "--to", "1"], arguments].concat(), sample);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stderr).to_owned()
    };
    let quoted = format!("“{}” [€", "a".repeat(97));
    assert_eq!(
        notes(&[], &quoted),
        "UCS-2: 2 segments; 102 units, 67 a segment, room for 32\n  \
         '“' x 1, at 0: not in GSM-7; --smart writes \"\\\"\"\n  \
         '”' x 1, at 98: not in GSM-7; --smart writes \"\\\"\"\n  \
         without these, GSM-7: 1 segment\n"
    );
    assert_eq!(
        notes(&["--smart"], &quoted),
        "GSM-7: 1 segment; 104 septets, 160 a segment, room for 56\n  \
         '“' x 1, at 0: written as \"\\\"\"\n  '”' x 1, at 98: written as \"\\\"\"\n  \
         '[' x 1, at 100: two septets\n  '€' x 1, at 101: two septets\n"
    );
    assert_eq!(
        notes(&["--language", "turkish"], &"ş".repeat(100)),
        "GSM-7, Turkish locking shift: 1 segment; 100 septets, 155 a segment, room for 55\n  \
         'ş' x 100, at 0, 1, 2, 3, 4, …: a septet of the national table\n"
    );
    assert_eq!(notes(&[], "plain"), "GSM-7: 1 segment; 5 septets, 160 a segment, room for 155\n");
}

/// The PDUs of other programs: the command says of each what the codec says, whose own tests judge it.
#[test]
fn a_batch_of_other_programs_pdus_reads_as_the_codec_reads_it() {
    let Some(folder) = env::var_os("RINGPOST_VECTORS") else {
        eprintln!("skipped: RINGPOST_VECTORS names no folder of PDUs");
        return;
    };
    let mut vectors = Vec::new();
    for entry in fs::read_dir(Path::new(&folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "jsonl") {
            let lines = fs::read_to_string(path).unwrap();
            vectors.extend(lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
    }
    assert!(vectors.len() > 100);
    for direction in ["MO", "MT"] {
        for has_smsc in [true, false] {
            let chosen: Vec<_> = vectors
                .iter()
                .filter(|it| it["direction"] == direction && it["has_smsc"] == has_smsc)
                .map(|it| it["hex"].as_str().unwrap())
                .collect();
            let mut arguments = vec!["decode", "--batch"];
            arguments.extend((direction == "MO").then_some("--outbound"));
            arguments.extend((!has_smsc).then_some("--tpdu"));
            let output = pdu(&arguments, &chosen.join("\n"));
            let answers: Vec<_> = text(&output.stdout).lines().collect();
            assert_eq!(answers.len(), chosen.len());
            for (hex, answer) in chosen.iter().zip(answers) {
                let answer: Value = serde_json::from_str(answer).unwrap();
                let sca = if has_smsc { "" } else { "00" };
                let expected = reading(&format!("{sca}{hex}"), direction == "MO");
                assert_eq!(answer["text"].as_str(), expected.as_deref(), "{hex}");
            }
        }
    }
}

/// The text of a PDU, if it can be read and has one.
fn reading(hex: &str, outbound: bool) -> Option<String> {
    let (_, tpdu) = mode::decode_hex(hex).ok()?;
    let ud = if outbound {
        match Outbound::decode(&tpdu).ok()? {
            Outbound::Submit(it) => Some(it.ud),
            Outbound::DeliverReport(it) => it.parameters.ud,
            Outbound::Command(_) => None,
        }
    } else {
        match Inbound::decode(&tpdu).ok()? {
            Inbound::Deliver(it) => Some(it.ud),
            Inbound::SubmitReport(it) => it.parameters.ud,
            Inbound::StatusReport(it) => it.parameters.ud,
        }
    };
    let ud = ud.filter(|ud| ud.alphabet() != ringpost_hal::pdu::Alphabet::Data8)?;
    Some(ud.text().to_string())
}
