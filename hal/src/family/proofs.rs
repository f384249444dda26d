//! Dialogues of real modems, as manuals and public logs show them, replayed: each family reads its own
//! as it was meant.

use std::vec::Vec;

use crate::{
    at::{
        FinalResult, Line, Pin, Seconds, Urc,
        dialogue::{BringUp, Facts, Reply, Reports, Verdict, Wishes},
    },
    family::{ALL, Family, by_name},
};

/// What a modem of a family was seen to answer, and what follows from it.
struct Proof {
    family: &'static str,
    source: &'static str,
    /// What it said by itself when it started.
    boot: &'static [(&'static str, Option<Urc>)],
    /// Commands and answers, with `|` between lines. To whatever is not here it says `OK`.
    answers: &'static [(&'static str, &'static str)],
    expect: fn(&Facts, &[std::string::String]),
}

const PROOFS: &[Proof] = &[
    Proof {
        family: "sim800",
        source: "https://github.com/faucamp/python-gsmmodem/issues/60",
        // https://github.com/Seeed-Studio/GPRS_SIM900/issues/39
        boot: &[("Call Ready", Some(Urc::Ready)), ("SMS Ready", Some(Urc::Ready))],
        answers: &[
            // https://github.com/espressif/esp-idf/issues/3697
            ("+CGMM", "SIMCOM_SIM800|OK"),
            ("+CNMI=?", "+CNMI: (0-3),(0-3),(0,2),(0,1),(0,1)|OK"),
            ("+CNMI?", "+CNMI: 2,1,0,1,0|OK"),
        ],
        expect: |facts, said| {
            assert_eq!(facts.reports, Reports::Told);
            assert!(said.iter().any(|it| it == "+CNMI=2,1,0,1,0"));
        },
    },
    Proof {
        family: "sim7000",
        source: "https://github.com/botletics/SIM7000-LTE-Shield/issues/50",
        boot: &[],
        answers: &[
            // https://github.com/Xinyuan-LilyGO/LilyGO-T-SIM7000G/issues/140
            ("+CGMM", "SIMCOM_SIM7000G|OK"),
            ("+CREG?", "+CREG: 0,0|OK"),
            ("+CGREG?", "+CGREG: 0,1|OK"),
            ("+CEREG?", "+CEREG: 0,1|OK"),
            ("+COPS?", "+COPS: 0,0,\"242 01 Telenor\",9|OK"),
        ],
        expect: |facts, _| {
            assert_eq!(facts.operator, "242 01 Telenor");
            assert_eq!(facts.technology.map(|it| it.as_str()), Some("NB-IoT"));
        },
    },
    Proof {
        family: "sim7600",
        source: "SIM7500_SIM7600 Series AT Command Manual V3.00: 9.2.9 +CNMI, 4.2 +CPIN",
        boot: &[("RDY", Some(Urc::Booted)), ("SMS DONE", Some(Urc::Ready))],
        answers: &[
            ("+CGMM", "SIMCOM_SIM7600E|OK"),
            ("+CICCID", "+ICCID: 898600700907A6019125|OK"),
            ("+CNMI=?", "+CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)|OK"),
            // ds = 1 needs mode 1.
            ("+CNMI=2,1,0,1,0", "ERROR"),
            ("+CNMI?", "+CNMI: 1,1,0,1,0|OK"),
        ],
        expect: |facts, said| {
            assert_eq!(facts.reports, Reports::Told);
            assert_eq!(facts.iccid, "898600700907A6019125");
            assert!(said.iter().any(|it| it == "+CNMI=1,1,0,1,0"));
        },
    },
    Proof {
        family: "a76xx",
        source: "https://github.com/Xinyuan-LilyGO/LilyGo-Modem-Series/issues/79",
        boot: &[
            ("*ATREADY: 1", Some(Urc::Booted)),
            ("+CPIN: READY", Some(Urc::Cpin(true))),
            ("SMS DONE", Some(Urc::Ready)),
            ("PB DONE", Some(Urc::Ready)),
        ],
        answers: &[
            // https://github.com/Xinyuan-LilyGO/LilyGo-Modem-Series/issues/247
            ("+CGMM", "A7670E-LNXY-UBL|OK"),
            ("+CGSN", "862771076566085|OK"),
            ("+CPIN?!", "+CME ERROR: SIM failure"),
            // https://github.com/morgverd/sms-server/issues/12
            ("+CNMI=2,1,0,1,0", "ERROR"),
            ("+CNMI?", "+CNMI: 1,1,0,1,0|OK"),
        ],
        expect: |facts, _| assert_eq!(facts.imei, "862771076566085"),
    },
    Proof {
        family: "ec25",
        source: "EC2x&EG9x&EG2x-G&EM05 Series AT Commands Manual V2.0: +QPINC, +QINISTAT, +CNMI",
        boot: &[
            ("RDY", Some(Urc::Booted)),
            ("+CFUN: 1", None),
            ("+CPIN: READY", Some(Urc::Cpin(true))),
            ("+QUSIM: 1", None),
            ("+QIND: SMS DONE", Some(Urc::Ready)),
            ("+QIND: PB DONE", Some(Urc::Ready)),
        ],
        answers: &[
            ("+CGMM", "EC25|OK"),
            ("+CPIN?!", "+CPIN: SIM PIN|OK"),
            ("+QPINC?", "+QPINC: \"SC\",3,10|+QPINC: \"P2\",3,10|OK"),
            ("+QCCID", "+QCCID: 89860025128306012474|OK"),
            ("+QINISTAT", "+QINISTAT: 7|OK"),
            ("+CNMI=?", "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)|OK"),
            ("+CNMI?", "+CNMI: 2,1,0,1,0|OK"),
        ],
        expect: |facts, said| {
            assert_eq!(facts.pin_retries, Some(3));
            assert_eq!(facts.iccid, "89860025128306012474");
            assert!(said.iter().any(|it| it == "+CPIN=\"1234\""));
        },
    },
    Proof {
        family: "m95",
        source: "https://github.com/gammu/gammu/issues/358",
        boot: &[("Call Ready", Some(Urc::Ready))],
        answers: &[
            ("+CGMM", "Quectel_M35|OK"),
            ("+CREG?", "+CREG: 2,1,\"006E\",\"2BA7\"|OK"),
            ("+CEREG?", "+CME ERROR: 100"),
            ("+CEREG=2", "+CME ERROR: 100"),
        ],
        expect: |facts, _| {
            assert_eq!(facts.cell.map(|it| (it.area, it.id)), Some((0x6E, 0x2BA7)));
        },
    },
    Proof {
        family: "bg96",
        source: "https://github.com/Azure-Samples/iot-middleware-freertos-samples/issues/381",
        boot: &[("APP RDY", Some(Urc::Booted))],
        answers: &[("+CGMM", "BG96|OK"), ("+QINISTAT", "+QINISTAT: 7|OK")],
        expect: |_, said| assert_eq!(said.iter().filter(|it| *it == "+QINISTAT").count(), 1),
    },
    Proof {
        family: "huawei",
        source: "https://github.com/gammu/gammu/issues/126",
        boot: &[("^BOOT:20952548,0,0,0,72", None), ("^RSSI:99", None), ("^SIMST: 255,1", None)],
        answers: &[
            ("+CGMI", "huawei|OK"),
            ("+CGMM", "E1752|OK"),
            ("+CPIN?!", "+CPIN: SIM PIN|OK"),
            ("^CPIN?", "^CPIN: SIM PIN,3,10,3,10,3|OK"),
            ("+CESQ", "COMMAND NOT SUPPORT"),
            (
                "+CPMS=?",
                "+CPMS: (\"ME\",\"MT\",\"SM\",\"SR\"),(\"ME\",\"MT\",\"SM\",\"SR\"),(\"ME\",\"MT\",\"SM\",\"SR\")|OK",
            ),
            ("+CPMS=\"ME\",\"ME\",\"ME\"", "+CPMS: 0,23,0,23,0,50|OK"),
            ("+CREG?", "+CREG: 2,1,4CA,81DE445|OK"),
        ],
        expect: |facts, said| {
            assert_eq!(facts.pin_retries, Some(3));
            assert_eq!(facts.cell.map(|it| (it.area, it.id)), Some((0x4CA, 0x081D_E445)));
            assert!(said.iter().any(|it| it == "^PORTSEL=1"));
        },
    },
    Proof {
        family: "zte",
        source: "https://github.com/gammu/gammu/issues/119",
        boot: &[("+ZUSIMR:2", None)],
        answers: &[
            ("+CGMI", "ZTE CORPORATION|OK"),
            ("+CGMM", "MF180|OK"),
            ("+CCID", "ERROR"),
            ("+CPIN?!", "+CPIN: SIM PIN|OK"),
            ("+ZPINPUK=?", "+ZPINPUK: 3,10|OK"),
        ],
        expect: |facts, said| {
            assert_eq!(facts.pin_retries, Some(3));
            assert!(said.iter().any(|it| it == "+CRSM=176,12258,0,0,10"));
        },
    },
    Proof {
        family: "ublox",
        source: "https://github.com/ARMmbed/mbed-os/issues/14510",
        boot: &[],
        answers: &[
            ("+CGMI", "u-blox|OK"),
            ("+CGMM", "SARA-R500S|OK"),
            ("+CGMR", "02.06|OK"),
            ("+CPIN?!", "+CME ERROR: 3"),
            ("+CREG?", "+CREG: 2,0|OK"),
            ("+CEREG?!", "+CEREG: 2,0|OK"),
            ("+CSQ", "+CSQ: 99,99|OK"),
        ],
        expect: |facts, said| {
            assert_eq!((facts.revision.as_str(), facts.signal_dbm), ("02.06", None));
            assert_eq!(said.iter().filter(|it| *it == "+CPIN?").count(), 2);
        },
    },
    Proof {
        family: "telit",
        source: "https://github.com/gammu/gammu/issues/376",
        boot: &[],
        answers: &[
            // https://github.com/gammu/gammu/issues/455
            ("+CGMI", "Telit|OK"),
            ("+CGMM", "HE910-D|OK"),
            ("#QSS?", "#QSS: 0,3|OK"),
            // Names where the standard has none.
            ("+CPMS=\"ME\",\"ME\",\"ME\"", "+CPMS: \"ME\",0,100,\"ME\",0,100,\"ME\",0,100|OK"),
            ("+CPMS?", "+CPMS: \"ME\",0,100,\"ME\",0,100,\"ME\",0,100|OK"),
        ],
        expect: |facts, _| {
            assert_eq!(facts.store, "ME");
            assert_eq!(facts.store_use.first().map(|it| it.total), Some(100));
        },
    },
    Proof {
        family: "cinterion",
        source: "https://github.com/gammu/gammu/pull/1207",
        boot: &[("^SYSSTART", Some(Urc::Booted))],
        answers: &[
            ("+CGMI", "Cinterion|OK"),
            ("+CGMM", "MC75i|OK"),
            ("+CPMS=?", "+CPMS: (\"ME\",\"SM\",\"MT\"),(\"ME\",\"SM\",\"MT\"),(\"SM\",\"MT\")|OK"),
            ("+CPMS?", "+CPMS: \"SM\",0,20,\"SM\",0,20,\"SM\",0,20|OK"),
            ("+CNMI=?", "+CNMI: (0-3),(0,1),(0,2,3),(0,2),(1)|OK"),
            ("+CNMI?", "+CNMI: 2,1,0,0,1|OK"),
        ],
        expect: |facts, said| {
            assert_eq!(facts.store, "SM");
            assert!(said.iter().any(|it| it.starts_with("+CNMI=2,1,0,") && it.ends_with(",1")));
        },
    },
];

/// What a modem says that does as the standards want, where a dialogue shows nothing else.
const USUAL: &[(&str, &str)] = &[
    ("+CPIN?", "+CPIN: READY|OK"),
    ("+CREG?", "+CREG: 2,1|OK"),
    ("+CEREG?", "+CEREG: 2,1|OK"),
    ("+CPMS=?", "+CPMS: (\"ME\",\"SM\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")|OK"),
];

#[test]
fn each_family_reads_its_own_dialogue_as_it_was_meant() {
    for proof in PROOFS {
        let family = by_name(proof.family).unwrap();
        for (line, urc) in proof.boot {
            assert_eq!(Urc::parse(line), *urc, "{}: {line}", proof.family);
        }
        let (up, said) = replay(proof);
        assert_eq!(up.family().name, family.name);
        (proof.expect)(up.facts(), &said);
    }
}

#[test]
fn what_a_family_says_of_its_proof_is_what_is_replayed_here() {
    for family in ALL {
        let replayed = PROOFS.iter().find(|proof| proof.family == family.name);
        assert_eq!(family.proof, replayed.map(|proof| proof.source), "{}", family.name);
    }
}

/// Plays a dialogue. An answer to `X!` is given once, and that to `X` from then on.
fn replay(proof: &Proof) -> (BringUp, Vec<std::string::String>) {
    let mut up = BringUp::new(Wishes::default());
    let mut said = Vec::<std::string::String>::new();
    while let Some(command) = up.command() {
        let text = core::str::from_utf8(&command.bytes).unwrap().trim_end();
        let text = text.strip_prefix("AT").unwrap();
        let first = !said.iter().any(|it| it == text);
        said.push(text.into());
        let fits = |(name, _): &&(&str, &str)| {
            *name == text || (first && name.strip_suffix('!') == Some(text))
        };
        let mut table = proof.answers.iter().filter(fits).chain(USUAL.iter().filter(fits));
        let once =
            proof.answers.iter().find(|(name, _)| first && name.strip_suffix('!') == Some(text));
        let answer = once.or_else(|| table.next()).map_or("OK", |(_, answer)| *answer);
        let mut lines: Vec<_> =
            answer.split('|').map(|line| Line::try_from(line).unwrap()).collect();
        let result = lines.pop().and_then(|line| FinalResult::parse(&line));
        let reply = Reply { lines: &lines, result, took: Seconds(0), garbage: false, echo: false };
        match up.on(&reply) {
            Verdict::Go | Verdict::Again | Verdict::Retry(..) => {}
            Verdict::PinWanted => up.give_pin(Pin::parse("1234").unwrap()),
            Verdict::Done => break,
            Verdict::Fail(failure) => {
                panic!("{}: {} {}", proof.family, up.step_name(), failure.message)
            }
        }
    }
    (up, said)
}

/// A family that is not in [`ALL`] would never be found.
#[test]
fn families_without_proof_say_so() {
    let silent: Vec<_> =
        ALL.iter().filter(|it| it.proof.is_none()).map(|it: &&Family| it.name).collect();
    assert_eq!(silent, ["generic"]);
}
