//! What is taken, and the exact words of every refusal.

use std::{net::SocketAddr, path::Path, time::Duration};

use ringpost_hal::family::{Sink, SoundWay};
use rlibphonenumber::Region;

use super::{
    BareNumbers, Config, ConfigError, KeySource, Okta, OktaJwt, Regions, Routing, Voice,
    VoiceEngine,
};
use crate::domain::{Channel, Lane, Limits, Locale, Locator, Money, Purpose};

#[test]
fn an_empty_file_is_the_documented_defaults() {
    let config = load("", &[]).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.http.listen, SocketAddr::from(([127, 0, 0, 1], 8480)));
    assert_eq!(config.store.path, Path::new("/var/lib/ringpost/ringpost.db"));
    assert_eq!(config.policy.regions, Regions::Only(vec![Region::US]));
    assert_eq!(config.policy.max_segments, 10);
    assert_eq!(config.outbox.resend_after_seconds, 20);
    assert_eq!((config.retention.messages_days, config.retention.events_days), (30, 90));
    assert_eq!((config.retention.usage_months, config.http.log_requests_per_minute), (25, 6000));
    assert_eq!((config.retention.inbound_days, config.retention.idempotency_hours), (30, 24));
    assert_eq!(config.log.level, "info");
}

#[test]
fn every_key_is_taken_from_the_file() {
    let config = load(
        r#"
        http.listen = "[::1]:0"
        store.path = "/tmp/x.db"
        policy.home_region = "DE"
        policy.regions = ["DE", "AT"]
        policy.max_segments = 3
        policy.voip = "allow"
        policy.purpose.enrollment.channels = ["voice"]
        policy.template_segments = 2
        policy.national_tables = ["turkish"]
        policy.region = [{ region = "IN", ucs2_concat = "refuse", national_tables = ["hindi"], starts_with = "a", contains = ["b"], ends_with = "c" }]
        limits = { enabled = false, purposes = ["mfa_verify"], cool_down_seconds = 1, number_per_10_minutes = 2, number_per_day = 3, number_calls_per_hour = 4, prefix_per_hour = 5, home_region_per_day = 6, region_per_day = 7, user_per_hour = 8, token_per_minute = 9, address_per_minute = 14, adjacent_numbers = 10, conversion_sends = 11, conversion_percent = 12, block_minutes = 13 }
        outbox = { settle_seconds = 240, report_window_seconds = 3600, resend_after_seconds = 5, route = "least_cost", sticky_sender = true }
        retention = { messages_days = 7, inbound_days = 8, events_days = 9, idempotency_hours = 10, usage_months = 11 }
        org = { name = "Example Corp", locale = "DE_at" }
        okta = { header = "X-Key", secret_file = "/s", basic_file = "/b", answer_within_ms = 900, bare_numbers = "international", confirm_calls = true, jwt = { issuer = "i", audience = "a", keys = "https://k", algorithm = "PS256" } }
        voice = { ring_seconds = 20, max_talk_seconds = 60, locales = ["de", "PT_br"], language_fallback = false, engines = ["pico"], speed_percent = 90, readings = 3, gap_ms = 101, slow_gap_ms = 102, group_gap_ms = 103, prompts = "/p", packs = "/q", engine = [{ name = "pico", command = ["pico2wave", "{out}"], raw_rate = 16000, voices = ["de de-DE"] }] }
        log.level = "warn,ringpost::modem=debug"
        [[modem]]
        name = "a-1"
        port = "/dev/ttyUSB2"
        baud = 9600
        family = "ec25"
        number = "+4915112345678"
        pin_file = "/etc/ringpost/pin-a"
        roaming = "off"
        sound = "pcm"
        audio_port = "/dev/ttyUSB4"
        alsa_device = "plughw:1,0"
        smsc = "+491710760000"
        reports = "off"
        lanes = ["alert", "otp"]
        roles = ["sms"]
        pools = ["eu"]
        regions = ["DE"]
        rates = "prepaid"
        max_per_minute = 1
        max_per_hour = 2
        max_per_day = 3
        max_per_month = 4
        max_cost_per_month = "5.50"
        pace_ms = 1500
        jitter_ms = 500
        [[modem]]
        name = "b"
        port = "/dev/ttyUSB6"
        [rates]
        currency = "EUR"
        [[rates.card]]
        name = "prepaid"
        prices = ["DE 0.01", "* 0.25"]
        calls = ["DE 0.05"]
        "#,
        &[],
    )
    .unwrap();
    assert_eq!(config.http.listen.to_string(), "[::1]:0");
    assert_eq!(config.store.path, Path::new("/tmp/x.db"));
    assert_eq!(config.policy.home_region, Region::DE);
    assert!(config.policy.regions.allow(Region::AT) && !config.policy.regions.allow(Region::CH));
    assert_eq!((config.policy.max_segments, config.policy.voip), (3, true));
    assert_eq!(config.policy.channels, [(Purpose::Enrollment, vec![Channel::Voice])]);
    let limits = Limits {
        enabled: false,
        purposes: vec![Purpose::MfaVerify],
        cool_down: Duration::from_secs(1),
        number_per_10_minutes: 2,
        number_per_day: 3,
        number_calls_per_hour: 4,
        prefix_per_hour: 5,
        home_region_per_day: 6,
        region_per_day: 7,
        user_per_hour: 8,
        token_per_minute: 9,
        address_per_minute: 14,
        adjacent_numbers: 10,
        conversion_sends: 11,
        conversion_percent: 12,
        block: Duration::from_secs(13 * 60),
    };
    assert_eq!(config.limits, limits);
    assert_eq!(config.outbox.settle_seconds, Some(240));
    assert_eq!(config.outbox.report_window_seconds, Some(3600));
    assert_eq!(config.outbox.resend_after_seconds, 5);
    let days = (config.retention.messages_days, config.retention.inbound_days);
    assert_eq!((days, config.retention.events_days), ((7, 8), 9));
    assert_eq!((config.retention.idempotency_hours, config.retention.usage_months), (10, 11));
    assert_eq!(config.org.name, "Example Corp");
    let okta = Okta {
        header: Some("x-key".into()),
        secret_file: Some("/s".into()),
        basic_file: Some("/b".into()),
        jwt: Some(OktaJwt {
            issuer: "i".into(),
            audience: "a".into(),
            keys: KeySource::Url("https://k".into()),
            algorithm: "PS256",
        }),
        answer_within: Duration::from_millis(900),
        bare_numbers: BareNumbers::International,
        confirm_calls: true,
    };
    assert_eq!(config.okta, okta);
    let voice = Voice {
        ring_for: Duration::from_secs(20),
        talk_for: Duration::from_secs(60),
        locales: Some(["de", "pt-BR"].map(|tag| Locale::parse(tag).unwrap()).into()),
        language_fallback: false,
        engines: vec!["pico".into()],
        programs: vec![VoiceEngine {
            name: "pico".into(),
            command: vec!["pico2wave".into(), "{out}".into()],
            raw_rate: Some(16_000),
            voices: vec![("de".into(), "de-DE".into())],
        }],
        speed_percent: 90,
        readings: 3,
        gap: Duration::from_millis(101),
        slow_gap: Duration::from_millis(102),
        group_gap: Duration::from_millis(103),
        prompts: "/p".into(),
        packs: Some("/q".into()),
    };
    assert_eq!(config.voice, voice);
    assert_eq!(config.log.level, "warn,ringpost::modem=debug");
    let [a, b] = config.modems.as_slice() else { panic!("two modems") };
    assert_eq!((a.name.as_str(), a.baud, a.family), ("a-1", 9600, Some("ec25")));
    assert_eq!(a.locator, Locator::Port("/dev/ttyUSB2".into()));
    assert_eq!(a.number.as_ref().map(|number| number.as_str()), Some("+4915112345678"));
    assert!(!a.reports && b.reports);
    assert!(!a.roaming && b.roaming);
    assert_eq!((a.sound, b.sound), (SoundWay::Only(Sink::SerialPcm), SoundWay::Auto));
    assert_eq!(a.audio_port.as_deref(), Some(Path::new("/dev/ttyUSB4")));
    assert_eq!(a.alsa_device.as_deref(), Some("plughw:1,0"));
    assert_eq!(a.smsc.as_ref().map(|number| number.as_str()), Some("+491710760000"));
    assert_eq!(a.pin_file.as_deref(), Some(Path::new("/etc/ringpost/pin-a")));
    assert_eq!((a.lanes.as_slice(), b.lanes.as_slice()), (&Lane::ALL[..2], &Lane::ALL[..]));
    assert_eq!((b.baud, b.family, &b.number), (115_200, None, &None));
    assert_eq!((config.outbox.route, config.outbox.sticky_sender), (Routing::LeastCost, true));
    assert_eq!((a.roles.as_slice(), b.roles.len()), (&[Channel::Sms][..], 2));
    assert_eq!((a.pools.as_slice(), b.pools.len()), (&["eu".to_owned()][..], 0));
    let regions = [&a.regions, &b.regions].map(|regions| regions.allow(Region::AT));
    assert_eq!(regions, [false, true]);
    let limits = a.allowance;
    assert_eq!(
        [limits.per_minute, limits.per_hour, limits.per_day, limits.per_month],
        [1, 2, 3, 4].map(Some)
    );
    assert_eq!(limits.cost_per_month, Money::parse("5.5"));
    assert!(a.allowance.is_limited() && !b.allowance.is_limited());
    assert_eq!((a.pace.as_millis(), a.jitter.as_millis()), (1500, 500));
    assert!(config.policy.rules[0].refuse_ucs2_concat);
    assert_eq!(config.rates.currency, "EUR");
    let card = config.rates.card("prepaid").unwrap();
    assert_eq!(card.segments.prices, [(Region::DE, Money::parse("0.01").unwrap())]);
    assert_eq!(card.segments.elsewhere, Money::parse("0.25"));
    assert_eq!(card.calls.prices, [(Region::DE, Money::parse("0.05").unwrap())]);
    assert_eq!(card.calls.elsewhere, None);
}

#[test]
fn variables_override_the_file_and_may_add_a_modem() {
    let file = "[http]\nlisten = \"127.0.0.1:1\"\n[[modem]]\nname = \"a\"\nport = \"/dev/a\"\n";
    let config = load(
        file,
        &[
            ("RINGPOST_HTTP__LISTEN", "127.0.0.1:0"),
            ("RINGPOST_OUTBOX__SETTLE_SECONDS", "7"),
            ("RINGPOST_LIMITS__ENABLED", "true"),
            ("RINGPOST_POLICY__REGIONS", "[\"*\"]"),
            ("RINGPOST_ORG__NAME", "42"),
            ("RINGPOST_MODEM__0__PORT", "/dev/z"),
            ("RINGPOST_MODEM__1__NAME", "b"),
            ("RINGPOST_MODEM__1__PORT", "/dev/b"),
            // Not ours to judge: only names with a double underscore are configuration.
            ("RINGPOST_URL", "http://127.0.0.1:8480"),
            ("OTHER__HTTP__LISTEN", "x"),
        ],
    )
    .unwrap();
    assert_eq!(config.http.listen.port(), 0);
    assert_eq!(config.outbox.settle_seconds, Some(7));
    assert!(config.limits.enabled);
    assert_eq!(config.policy.regions, Regions::Anywhere);
    assert_eq!(config.org.name, "42");
    let ports: Vec<_> = config.modems.iter().map(|modem| modem.locator.to_string()).collect();
    assert_eq!(ports, ["/dev/z", "/dev/b"]);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place_and_what_would_be_right() {
    for (file, expected) in [
        // Keys and sections.
        (
            "[outbox]\nresend_after_secs = 3",
            "2: outbox.resend_after_secs: unknown key; did you mean \"resend_after_seconds\"?",
        ),
        ("[store]\nfile = 1", "2: store.file: unknown key; the keys of [store] are path"),
        ("\n[modems]", "2: modems: unknown section; did you mean \"modem\"?"),
        (
            "[webhooks]",
            "1: webhooks: unknown section; the sections are http, store, policy, limits, outbox, \
             retention, rates, org, okta, voice, log, modem",
        ),
        ("http = 1", "1: http: expected a table [http], found an integer"),
        ("[modem]\nname = 'a'", "1: modem: expected tables [[modem]], found a table"),
        ("modem = [\n7]", "2: modem: expected a table [[modem]], found an integer"),
        // Values.
        ("[http]\nlisten = 8480", "2: http.listen: must be a string, found an integer"),
        (
            "[http]\nlisten = 'localhost'",
            "2: http.listen: must be an IP address and a port such as 127.0.0.1:8480, found \
             \"localhost\"",
        ),
        ("[store]\npath = ''", "2: store.path: must be the path of a file"),
        (
            "[voice]\nring_seconds = 61",
            "2: voice.ring_seconds: must be a whole number from 5 to 60 seconds, found 61",
        ),
        (
            "[voice]\nmax_talk_seconds = 10",
            "2: voice.max_talk_seconds: must be a whole number from 20 to 200 seconds, found 10",
        ),
        (
            "[voice]\nlocales = ['german']",
            "2: voice.locales: must be language tags such as de or pt-BR, found \"german\"",
        ),
        (
            "[voice]\nengines = ['/usr/bin/espeak-ng']",
            "2: voice.engines: must be the name of an engine such as \"espeak-ng\", found \
             \"/usr/bin/espeak-ng\"",
        ),
        (
            "[voice]\nprompts = 'here'",
            "2: voice.prompts: must be a path that begins with /, found \"here\"",
        ),
        (
            "[[voice.engine]]\ncommand = ['x']\nvoices = ['de y']",
            "1: voice.engine.name: is missing: every engine has one, such as \"piper\"",
        ),
        (
            "[[voice.engine]]\nname = 'x'\nvoices = ['de y']",
            "1: voice.engine.command: is missing: a program and its arguments, such as \
             [\"piper\", \"-m\", \"{voice}\"]",
        ),
        (
            "[[voice.engine]]\nname = 'x'\ncommand = ['x']\nvoices = ['de']",
            "4: voice.engine.voices: must be a language and a voice such as \"de thorsten\", found \
             \"de\"",
        ),
        (
            "[policy]\nhome_region = 'XX'",
            "2: policy.home_region: \"XX\" is no region; write its ISO 3166-1 code of two \
             letters, such as \"US\"",
        ),
        (
            "[policy]\nhome_region = 'de'",
            "2: policy.home_region: \"de\" is no region; did you mean \"DE\"?",
        ),
        (
            "[policy]\nregions = [\n'US',\n'UK']",
            "4: policy.regions: \"UK\" is no region; did you mean \"GB\"?",
        ),
        (
            "[policy]\nregions = 'US'",
            "2: policy.regions: must be a list of strings, such as [\"a\", \"b\"]",
        ),
        ("[policy]\nregions = [1]", "2: policy.regions: must be a string, found an integer"),
        (
            "[policy]\nregions = []",
            "2: policy.regions: must name a region; leave it out to send to the home region only",
        ),
        (
            "[policy]\nregions = ['*', 'US']",
            "2: policy.regions: \"*\" means anywhere and stands alone",
        ),
        (
            "[policy]\nmax_segments = 11",
            "2: policy.max_segments: must be a whole number from 1 to 10 segments, found 11",
        ),
        (
            "[limits]\npurposes = [\"enrolment\"]",
            "2: limits.purposes: \"enrolment\" is no purpose; did you mean \"enrollment\"?",
        ),
        (
            "[limits]\nprefix_per_hour = -1",
            "2: limits.prefix_per_hour: must be a whole number from 0 to 10000000 (0 for no limit), \
             found -1",
        ),
        (
            "[policy]\npurpose.general.channels = []",
            "2: policy.purpose.general.channels: must name a channel; leave it out to allow every one",
        ),
        (
            "[policy]\nvoip = \"yes\"",
            "2: policy.voip: must be \"allow\" or \"refuse\", found \"yes\"",
        ),
        ("[limits]\nenabled = 1", "2: limits.enabled: must be true or false, found 1"),
        (
            "[outbox]\nsettle_seconds = 0",
            "2: outbox.settle_seconds: must be a whole number from 1 to 86400 seconds, found 0",
        ),
        (
            "[retention]\nmessages_days = 1\nidempotency_hours = 25",
            "3: retention.idempotency_hours: must not outlive messages_days, which is 24 hours",
        ),
        (
            "[outbox]\nsettle_seconds = 1.5",
            "2: outbox.settle_seconds: must be a whole number from 1 to 86400 seconds, found a \
             decimal number",
        ),
        (
            "[outbox]\nreport_window_seconds = '1h'",
            "2: outbox.report_window_seconds: must be a whole number from 1 to 604800 seconds, \
             found \"1h\"",
        ),
        (
            "[outbox]\nresend_after_seconds = -1",
            "2: outbox.resend_after_seconds: must be a whole number from 1 to 3600 seconds, \
             found -1",
        ),
        (
            "[outbox]\nroute = 'cheap'",
            "2: outbox.route: must be \"balanced\" or \"least_cost\", found \"cheap\"",
        ),
        (
            "[[rates.card]]\nname = 'a'\nprices = ['US one']",
            "3: rates.card.prices: must be a region and a price such as \"US 0.0075\", found \
             \"US one\"",
        ),
        (
            "[[policy.region]]\nregion = 'IN'\nucs2_concat = 'no'",
            "3: policy.region.ucs2_concat: must be \"allow\" or \"refuse\", found \"no\"",
        ),
        (
            "[okta]\nanswer_within_ms = 3000",
            "2: okta.answer_within_ms: must be a whole number from 500 to 2500 ms, found 3000",
        ),
        (
            "[okta]\nheader = 'a b'",
            "2: okta.header: must be the name of a header such as \"x-telephony-key\", found \"a b\"",
        ),
        (
            "[okta]\nsecret_file = '/s'",
            "2: okta.secret_file: needs okta.header: the header that the secret comes in",
        ),
        (
            "[okta.jwt]\nissuer = 'i'\naudience = 'a'\nkeys = 'http://x/keys'",
            "4: okta.jwt.keys: must be the address of the issuer's keys, such as \
             \"https://example.okta.com/oauth2/default/v1/keys\", or the path of a file, found \
             \"http://x/keys\"",
        ),
        (
            "[okta.jwt]\nissuer = 'i'\naudience = 'a'\nkeys = '/k'\nalgorithm = 'HS256'",
            "5: okta.jwt.algorithm: \"HS256\" is no algorithm; they are RS256, RS384, RS512, PS256, \
             PS384, PS512, ES256, ES384",
        ),
        ("[org]\nname = \"a\\nb\"", "2: org.name: must be one line of 1 to 64 characters"),
        ("[log]\nlevel = 'inf'", "2: log.level: \"inf\" is no level; did you mean \"info\"?"),
        (
            "[log]\nlevel = 'info,ringpost=loud'",
            "2: log.level: \"info,ringpost=loud\" is no filter; write info, or info,ringpost::modem=debug",
        ),
        // No TOML at all.
        ("\nx = \n", "2: string values must be quoted, expected literal string"),
        ("[http]\n[http]", "2: duplicate key"),
    ] {
        assert_eq!(refusal(file, &[]), format!("ringpost.toml:{expected}"), "{file}");
    }
}

#[test]
fn a_modem_that_cannot_be_used_is_refused() {
    for (keys, expected) in [
        ("port = '/d'", "1: modem.name: is missing: every modem has one, such as \"a\""),
        (
            "port = '/d'\nname = 'A'",
            "3: modem.name: \"A\" is no name; write 1 to 32 of a-z, 0-9, - and _, beginning with \
             a letter or digit",
        ),
        (
            "name = 'a'",
            "1: modem.port: is missing: port = \"/dev/serial/by-path/…\", usb = \"1-1.2\", \
             usb = \"1e0e:9001\", imei = \"…\" or iccid = \"…\"",
        ),
        (
            "name = 'a'\nport = 'ttyUSB0'",
            "3: modem.port: must be the path of its AT port, such as \"/dev/serial/by-path/…\", \
             found \"ttyUSB0\"",
        ),
        (
            "name = 'a'\nport = '/d'\nimei = '861234567890123'",
            "4: modem.port: one key says where a modem is: port = \"/dev/serial/by-path/…\", \
             usb = \"1-1.2\", usb = \"1e0e:9001\", imei = \"…\" or iccid = \"…\"",
        ),
        (
            "name = 'a'\nusb = '1-1:1.2'",
            "3: modem.usb: must be a USB path such as \"1-1.2\", or vendor and product such as \
             \"1e0e:9001\", found \"1-1:1.2\"",
        ),
        (
            "name = 'a'\nimei = '12345'",
            "3: modem.imei: must be an IMEI, 15 digits: `ringpost probe` shows it; found \"12345\"",
        ),
        (
            "name = 'a'\niccid = '89-1'",
            "3: modem.iccid: must be an ICCID, 18 to 20 digits: `ringpost probe` shows it; found \
             \"89-1\"",
        ),
        (
            "name = 'a'\nport = '/d'\nbaud = 50",
            "4: modem.baud: must be a whole number from 1200 to 4000000 baud, found 50",
        ),
        (
            "name = 'a'\nport = '/d'\nfamily = 'sim760'",
            "4: modem.family: \"sim760\" is no family; did you mean \"sim7600\"?",
        ),
        (
            "name = 'a'\nport = '/d'\nfamily = 'x'",
            "4: modem.family: \"x\" is no family; the families are sim800, sim7000, sim7600, a76xx, ec25, \
             m95, bg96, huawei, zte, ublox, telit, cinterion, generic",
        ),
        (
            "name = 'a'\nport = '/d'\nboard = 'waveshare-sim7600-hat'",
            "4: modem.board: \"waveshare-sim7600-hat\" is no board; did you mean \
             \"waveshare-sim7600x-hat\"?",
        ),
        (
            "name = 'a'\nport = '/d'\nnumber = '0151'",
            "4: modem.number: must be the SIM's own number, such as \"+15550100000\"",
        ),
        (
            "name = 'a'\nport = '/d'\nreports = true",
            "4: modem.reports: must be a string, found a boolean",
        ),
        (
            "name = 'a'\nport = '/d'\nreports = 'yes'",
            "4: modem.reports: must be \"on\" or \"off\", found \"yes\"",
        ),
        (
            "name = 'a'\nport = '/d'\nroaming = 'no'",
            "4: modem.roaming: must be \"on\" or \"off\", found \"no\"",
        ),
        (
            "name = 'a'\nport = '/d'\nsmsc = '01710760000'",
            "4: modem.smsc: must be the service centre's number, such as \"+15550100000\"",
        ),
        (
            "name = 'a'\nport = '/d'\npin_file = 'pin'",
            "4: modem.pin_file: must be the path of the file that holds the PIN, such as \
             \"/etc/ringpost/pin-a\", found \"pin\"",
        ),
        (
            "name = 'a'\nport = '/d'\npower_command = ['uhubctl', '-a', 'cycle']",
            "4: modem.power_command: must begin with the path of a program, such as \
             \"/usr/sbin/uhubctl\", found \"uhubctl\"",
        ),
        (
            "name = 'a'\nport = '/d'\nsound = 'loud'",
            "4: modem.sound: must be \"auto\", \"pcm\", \"usb\", \"file\", \"speech\" or \"none\"",
        ),
        (
            "name = 'a'\nport = '/d'\nalsa_device = '-h'",
            "4: modem.alsa_device: must be a card as `aplay -L` lists them, such as \
             \"plughw:1,0\", found \"-h\"",
        ),
        (
            "name = 'a'\nport = '/d'\naudio_port = 'ttyUSB4'",
            "4: modem.audio_port: must be the path of the port of its sound, such as \
             \"/dev/serial/by-path/…\", found \"ttyUSB4\"",
        ),
        (
            "name = 'a'\nport = '/d'\nlanes = ['sms']",
            "4: modem.lanes: \"sms\" is no lane; the lanes are otp, alert and bulk",
        ),
        (
            "name = 'a'\nport = '/d'\nlanes = []",
            "4: modem.lanes: must name a lane; leave it out to use the modem for every lane",
        ),
        (
            "name = 'a'\nport = '/d'\n[[modem]]\nname = 'a'\nport = '/e'",
            "5: modem.name: is the name of the modem at line 2 already",
        ),
        (
            "name = 'a'\nport = '/d'\n[[modem]]\nname = 'b'\nport = '/d'",
            "6: modem.port: is the port of the modem at line 3 already",
        ),
        (
            "name = 'a'\nusb = '1E0E:9001'\n[[modem]]\nname = 'b'\nusb = '1e0e:9001'",
            "6: modem.usb: is the usb of the modem at line 3 already",
        ),
    ] {
        let refusal = refusal(&format!("[[modem]]\n{keys}"), &[]);
        assert_eq!(refusal, format!("ringpost.toml:{expected}"), "{keys}");
    }
}

#[test]
fn a_modem_is_found_by_one_of_four_keys() {
    let usb_id = Locator::UsbId { vendor: 0x1e0e, product: 0x9001 };
    for (key, expected) in [
        ("port = '/dev/a'", Locator::Port("/dev/a".into())),
        ("usb = '10-1.2.4'", Locator::UsbPath("10-1.2.4".into())),
        ("usb = '1e0e:9001'", usb_id),
        ("imei = '861234567890123'", Locator::Imei("861234567890123".into())),
        ("iccid = '89012608822800006529'", Locator::Iccid("89012608822800006529".into())),
    ] {
        let config = load(&format!("[[modem]]\nname = 'a'\n{key}"), &[]).unwrap();
        assert_eq!(config.modems[0].locator, expected, "{key}");
    }
}

#[test]
fn a_variable_that_cannot_be_used_is_refused_by_its_name() {
    for (name, value, expected) in [
        ("RINGPOST_HTTP__LISTN", "x", "http.listn: unknown key; did you mean \"listen\"?"),
        ("RINGPOST_HTPP__LISTEN", "x", "htpp: unknown section; did you mean \"http\"?"),
        (
            "RINGPOST_OUTBOX__SETTLE_SECONDS",
            "",
            "outbox.settle_seconds: must be a whole number from 1 to 86400 seconds, found \"\"",
        ),
        (
            "RINGPOST_POLICY__REGIONS",
            "US",
            "policy.regions: must be a list of strings, such as [\"a\", \"b\"]",
        ),
        ("RINGPOST_A__B__C", "x", "is no configuration key; they are named RINGPOST_SECTION__KEY"),
        ("RINGPOST__LISTEN", "x", "is no configuration key; they are named RINGPOST_SECTION__KEY"),
        (
            "RINGPOST_MODEM__PORT",
            "x",
            "names no modem; write RINGPOST_MODEM__0__NAME for the first",
        ),
        (
            "RINGPOST_MODEM__1__PORT",
            "x",
            "\"1\" is no modem; they are counted from 0, and the next one is 0",
        ),
    ] {
        assert_eq!(refusal("", &[(name, value)]), format!("{name}: {expected}"));
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_lines() {
    let file = "[log]\nlevel = 'loud'\n[http]\nlisten = 1\nport = 2\n[[modem]]\nname = ''\n";
    let problems = refusal(file, &[("RINGPOST_X__Y", "1")]);
    insta::assert_snapshot!(problems, @r#"
    ringpost.toml:2: log.level: "loud" is no level; write info, or info,ringpost::modem=debug
    ringpost.toml:4: http.listen: must be a string, found an integer
    ringpost.toml:5: http.port: unknown key; the keys of [http] are listen, log_requests_per_minute
    ringpost.toml:6: modem.port: is missing: port = "/dev/serial/by-path/…", usb = "1-1.2", usb = "1e0e:9001", imei = "…" or iccid = "…"
    ringpost.toml:7: modem.name: "" is no name; write 1 to 32 of a-z, 0-9, - and _, beginning with a letter or digit
    RINGPOST_X__Y: x: unknown section; the sections are http, store, policy, limits, outbox, retention, rates, org, okta, voice, log, modem
    "#);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::load(Path::new("/nonexistent/r.toml"), std::iter::empty()).unwrap_err();
    let expected = "/nonexistent/r.toml: cannot be read: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_is_hardly_meant_is_told() {
    let file = "[http]\nlisten = '0.0.0.0:8480'\n[limits]\nenabled = false\n";
    insta::assert_snapshot!(load(file, &[]).unwrap().warnings().join("\n"), @r"
    no [[modem]] is configured: messages are accepted and wait
    limits.enabled is false: anybody who can ask for codes can ask for any number
    http.listen is 0.0.0.0:8480: tokens and texts cross the network unencrypted; put a proxy with TLS before it
    ");
    let modem = "[[modem]]\nname = 'a'\nport = '/dev/a'\n";
    assert_eq!(load(modem, &[]).unwrap().warnings(), [""; 0]);
}

#[test]
fn the_example_file_is_the_defaults_and_names_every_key() {
    let example = include_str!("../../systemd/ringpost.toml");
    assert_eq!(load(example, &[]).unwrap(), Config::default());
    // With its comment signs taken from the lines that hold keys, it is a configuration too.
    let uncommented: String = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = load(&uncommented, &[]).unwrap();
    assert_eq!(config.modems.len(), 1);
    for other in ["iccid = ", "usb = ", "port = "] {
        assert!(example.contains(&format!("\n#     {other}")), "{other}");
    }
    assert!(config.outbox.settle_seconds.is_some() && config.modems[0].number.is_some());
}

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(text, Path::new("ringpost.toml"), env)
}

fn refusal(text: &str, env: &[(&str, &str)]) -> String {
    load(text, env).unwrap_err().to_string()
}

#[test]
fn a_board_knows_family_and_speed_and_the_site_knows_better() {
    let modem = |keys: &str| {
        let text = format!("[[modem]]\nname = 'a'\nport = '/d'\n{keys}");
        let loaded = Config::parse(&text, Path::new("ringpost.toml"), std::iter::empty());
        let mut modems = loaded.unwrap().modems;
        let modem = modems.pop().unwrap();
        (modem.board.map(|board| board.name), modem.family, modem.baud)
    };
    let hat = "waveshare-sim7600x-hat";
    assert_eq!(modem(""), (None, None, 115_200));
    assert_eq!(modem(&format!("board = '{hat}'")), (Some(hat.into()), Some("sim7600"), 115_200));
    assert_eq!(
        modem(&format!("board = '{hat}'\nfamily = 'generic'\nbaud = 9600")),
        (Some(hat.into()), Some("generic"), 9600)
    );
}
