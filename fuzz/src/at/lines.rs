//! Lines on their way to values.

use ringpost_hal::at::{
    Answer, Classified, Classifier, Fields, FinalResult, Registration, RegistrationDomain, Urc,
};

/// Answers that may be pending.
const PENDING: [Option<Answer>; 13] = [
    None,
    Some(Answer::Nothing),
    Some(Answer::Bare("+CGMM")),
    Some(Answer::Prefixed("+CMGS")),
    Some(Answer::Prefixed("+CPIN")),
    Some(Answer::Prefixed("+CPMS")),
    Some(Answer::Prefixed("+CSQ")),
    Some(Answer::Listed("+CMGL")),
    Some(Answer::Listed("+CMGR")),
    Some(Answer::Registration(RegistrationDomain::Circuit)),
    Some(Answer::Registration(RegistrationDomain::Packet)),
    Some(Answer::Registration(RegistrationDomain::Eps)),
    Some(Answer::Dialled),
];

/// What is pending, then lines.
pub fn lines(octets: &[u8]) {
    let Some((pending, lines)) = octets.split_first() else { return };
    let pending = PENDING[usize::from(*pending) % PENDING.len()].as_ref();
    let lines = String::from_utf8_lossy(lines);
    let (mut classifier, mut head) = (Classifier::default(), None);
    for line in lines.split('\n') {
        let is = classifier.classify(line, pending);
        match (&is, head.take()) {
            (Classified::UrcBody(urc), Some(head)) => assert_eq!(*urc, head),
            (_, Some(_)) => panic!("what follows a head is its body"),
            (Classified::UrcBody(_), None) => panic!("a body follows a head"),
            (Classified::UrcHead, None) => {
                let urc = Urc::parse(line).unwrap();
                assert!(urc.has_body());
                head = Some(urc);
            }
            (is, None) => check(is, line, pending),
        }
        values(line);
    }
}

fn check(is: &Classified, line: &str, pending: Option<&Answer>) {
    let result = FinalResult::parse(line);
    match is {
        Classified::Echo => assert!(pending.is_some() && line.len() >= 2),
        Classified::Final(found) => assert!(pending.is_some() && result == Some(*found)),
        Classified::Info => assert!(!matches!(pending, None | Some(Answer::Nothing))),
        Classified::Urc(urc) => {
            assert!(Urc::parse(line).as_ref() == Some(urc) && !urc.has_body());
        }
        Classified::LateReference(reference) => {
            let number = Fields::after(line, "+CMGS").unwrap().number();
            assert_eq!(number, Some(*reference));
        }
        Classified::Unknown => assert_eq!(Urc::parse(line), None),
        Classified::UrcHead | Classified::UrcBody(_) => unreachable!("handled before"),
    }
    // The end of a call answers the dialling alone.
    let answers = |result: FinalResult| match pending {
        Some(pending) => !result.ends_a_call() || *pending == Answer::Dialled,
        None => false,
    };
    let ends = !matches!(is, Classified::Echo) && result.is_some_and(answers);
    assert_eq!(ends, matches!(is, Classified::Final(_)), "no final result is missed");
}

/// Values are pieces of their line, in order.
fn values(line: &str) {
    for domain in RegistrationDomain::ALL {
        if let Some(answer) = Registration::of_answer(line, domain) {
            let mut fields = Fields::after(line, domain.name()).unwrap().skip(1);
            let stat = fields.next().unwrap().parse().map(Registration::from_stat);
            assert_eq!(stat, Ok(answer));
        }
    }
    let Some((prefix, mut rest)) = line.split_once(':') else { return };
    let fields: Vec<_> = Fields::after(line, prefix).unwrap().collect();
    assert!((1..=1 + rest.matches(',').count()).contains(&fields.len()));
    for field in fields {
        let at = rest.find(field).expect("a value is found behind the one before it");
        rest = &rest[at + field.len()..];
        assert!(!field.contains(',') || line.contains(['"', '(']));
    }
}
