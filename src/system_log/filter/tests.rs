//! What filters say of an event, and what is wrong with filters.

use serde_json::json;

use super::*;

fn matches(filter: &str) -> bool {
    let event = json!({
        "eventType": "system.sms.receive_status",
        "severity": "INFO",
        "legacyEventType": null,
        "target": [{"id": "00u1", "type": "User"}, {"id": "m1", "type": "Modem"}],
        "client": {"ipAddress": "10.0.0.1", "userAgent": {"rawUserAgent": ""}},
        "debugContext": {"debugData": {
            "segments": 2, "cost": 0.015, "transactionStarted": "2026-11-23T19:04:13.021Z",
            "customerProvidedAccount": true
        }},
        "securityContext": {"isProxy": null},
    });
    Filter::parse(filter).unwrap_or_else(|error| panic!("{error}")).matches(&event)
}

#[test]
fn an_array_meets_a_comparison_where_one_of_its_elements_does() {
    assert!(matches(r#"target.id eq "00u1" and target.id eq "m1""#));
    assert!(matches(r#"target.type eq "Modem""#) && !matches(r#"target.type eq "Token""#));
    assert!(!matches(r#"target.id ne "m1""#), "ne is that none is equal");
    assert!(matches(r#"target.id ne "m2""#));
}

#[test]
fn values_are_compared_by_their_kind() {
    for filter in [
        "debugContext.debugData.segments gt 1.5",
        "debugContext.debugData.segments EQ 2",
        "debugContext.debugData.cost le 0.015",
        r#"eventType sw "system.sms" and eventType ew "status" and eventType co "receive""#,
        r#"severity gt "INF" and severity lt "INFOS" and severity ge "INFO""#,
        r#"debugContext.debugData.transactionStarted gt "2026-11-23T19:04:13.020Z""#,
        r#"debugContext.debugData.transactionStarted eq "2026-11-23T20:04:13.021+01:00""#,
        r#"debugContext.debugData.transactionStarted lt "2026-11-24""#,
    ] {
        assert!(matches(filter), "{filter}");
    }
    assert!(!matches(r#"severity eq "info""#), "values are compared as they are written");
    assert!(matches("debugContext.debugData.customerProvidedAccount eq true"));
    assert!(!matches("debugContext.debugData.customerProvidedAccount eq false"));
    assert!(!matches("securityContext.isProxy eq true or securityContext.isProxy eq false"));
    assert!(matches("securityContext.isProxy ne true"), "what is not there is not equal");
}

#[test]
fn what_is_missing_or_empty_is_not_present() {
    for filter in [
        "legacyEventType pr",
        "outcome.reason pr",
        "client.userAgent.rawUserAgent pr",
        "client.userAgent pr",
        "client.geographicalContext pr",
        "outcome pr",
        r#"legacyEventType eq """#,
    ] {
        assert!(!matches(filter), "{filter}");
        assert!(matches(&format!("not ({filter})")), "{filter}");
    }
    assert!(matches("target pr and client pr and debugContext.debugData pr and debugContext pr"));
    assert!(matches(r#"legacyEventType ne "x""#));
}

#[test]
fn what_is_wrong_is_told_in_the_words_of_okta() {
    let wrong = |filter: &str| {
        let error = Filter::parse(filter).unwrap_err();
        (error.to_string(), error.at, error.length)
    };
    assert_eq!(
        wrong(r#"outcome.result eqq "DENY""#),
        (
            "Invalid filter 'outcome.result eqq \"DENY\"': Unrecognized attribute operator 'eqq' at \
             position 16. Expected: eq,ne,co,sw,ew,pr,gt,ge,lt,le"
                .into(),
            15,
            3
        )
    );
    assert_eq!(wrong("bogus pr"), ("field is not valid: bogus".into(), 0, 5));
    assert_eq!(wrong(r#"uuid pr and published gt "x""#).0, "field is not valid: published");
    let (says, at, length) = wrong(r#"debugContext.debugData.segments eq "2""#);
    assert!(says.ends_with("at position 36 takes a number without quotes"), "{says}");
    assert_eq!((at, length), (35, 3));
    assert!(wrong("debugContext.debugData.segments sw 2").0.contains("takes eq, ne,"));
    assert!(wrong("securityContext.isProxy gt true").0.contains("takes eq, ne and pr"));
    assert!(wrong(r#"securityContext.isProxy eq "true""#).0.contains("takes true or false"));
    assert!(wrong("severity eq 2").0.contains("takes a string in quotes"));
    assert!(
        wrong("Severity pr").0.contains("not valid: Severity"),
        "names are as they are written"
    );
    assert_eq!(wrong("severity eq \"é\" and x pr").1, 20, "places count characters");
}
