//! Templates, languages and segments, as clients, operators and phones see them.

use serde_json::{Value, json};

use crate::{
    cli::client,
    gateway::{Answer, Gateway, PATIENCE, PHONE, create_token},
};

const PATH: &str = "/api/v1/templates/sms";

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Okta's error object, as `code: summary | cause | …`.
fn error(answer: &Answer) -> String {
    let body = &answer.body;
    assert_eq!(body["errorLink"], body["errorCode"], "{answer:?}");
    assert!(word(&body["errorId"]).starts_with("oae"), "{answer:?}");
    let mut says = format!("{}: {}", word(&body["errorCode"]), word(&body["errorSummary"]));
    for cause in body["errorCauses"].as_array().unwrap() {
        says.push_str(&format!(" | {}", word(&cause["errorSummary"])));
    }
    says
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_reads_the_language_that_fits() {
    let gateway = Gateway::builder()
        .config("[org]\nname = \"Acme\"\nlocale = \"fr\"\n[limits]\nenabled = false")
        .start()
        .await;
    let put = |user: &str, locale: &str| {
        let path = format!("/api/v1/preferences/{user}");
        gateway.request("PUT", &path, Some(&json!({"locale": locale})))
    };
    assert_eq!(put("ann", "PT_br").body, json!({"locale": "pt-BR"}));
    assert_eq!(gateway.get("/api/v1/preferences/ann"), json!({"locale": "pt-BR"}));
    assert_eq!(put("ann", "english (US)").status, 400);
    assert_eq!(gateway.request("GET", "/api/v1/preferences/bob", None).status, 404);
    let german = "+4915123456789";
    let table = [
        (PHONE, json!({}), "en", "Acme - Sign-in code: 481592"),
        (PHONE, json!({"locale": "DE-at"}), "de", "Acme - Anmeldecode: 481592"),
        (german, json!({}), "de", "Acme - Anmeldecode: 481592"),
        (german, json!({"user": "ann"}), "pt-BR", "Acme - Código de acesso: 481592"),
        (german, json!({"user": "ann", "locale": "ja"}), "ja", "Acme - ログインコード： 481592"),
        (german, json!({"user": "bob", "locale": "tlh"}), "de", "Acme - Anmeldecode: 481592"),
        (
            german,
            json!({"user": "ann", "locale": "tlh"}),
            "pt-BR",
            "Acme - Código de acesso: 481592",
        ),
        ("+50937123456", json!({}), "fr", "Acme - Code de connexion : 481592"),
        (PHONE, json!({"purpose": "password_reset"}), "en", "Acme - Password reset code: 481592"),
    ];
    for (to, changes, locale, text) in table {
        let mut body = json!({
            "to": to, "channel": "sms", "purpose": "mfa_verify", "code": "481592",
        });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let id = gateway.send_json(&body);
        let message = gateway.wait_for_state(&id, "delivered");
        assert_eq!((&message["locale"], &message["total_segments"]), (&json!(locale), &json!(1)));
        let seen = gateway.sim.phone(to).wait_for_text(PATIENCE).await.unwrap();
        assert_eq!(seen.text, text, "{changes}");
    }
    let unread = json!({"to": PHONE, "channel": "sms", "code": "481592", "locale": "?"});
    let answer = gateway.request("POST", "/api/v1/messages", Some(&unread));
    assert_eq!((answer.status, word(&answer.body["code"])), (422, "locale_unknown"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_holds_a_text_or_a_code_and_no_answer_repeats_the_code() {
    let gateway = Gateway::builder().modems(0).start().await;
    for changes in [
        json!({}),
        json!({"text": "481592", "code": "481592"}),
        json!({"text": "x", "template": "481592"}),
        json!({"code": ""}),
        json!({"code": "48159212345"}),
        json!({"code": "${code}"}),
        json!({"code": "481 592"}),
        json!({"code": 481_592}),
        json!({"code": "1", "template": "x".repeat(129)}),
    ] {
        let mut body = json!({"to": PHONE, "channel": "sms"});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let answer = gateway.request("POST", "/api/v1/messages", Some(&body));
        assert_eq!(answer.status, 400, "{changes}");
        assert!(!answer.body.to_string().contains("481592"), "{answer:?}");
    }
    let unknown = json!({"to": PHONE, "channel": "sms", "code": "481592", "template": "mine"});
    let answer = gateway.request("POST", "/api/v1/messages", Some(&unknown));
    assert_eq!((answer.status, word(&answer.body["code"])), (422, "template_unknown"));
    assert!(!answer.body.to_string().contains("481592"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_made_changed_and_deleted_as_at_okta() {
    let gateway = Gateway::builder().config("[limits]\nenabled = false").start().await;
    let post = |path: &str, body: Value| gateway.request("POST", path, Some(&body));
    let made = post(
        PATH,
        json!({
            "name": "Custom",
            "type": "SMS_VERIFY_CODE",
            "template": "${org.name}: your verification code is ${code}",
            "translations": {
                "es": "${org.name}: el código de verificación es ${code}",
                "fr": "${org.name}: votre code de vérification est ${code}",
                "it": "${org.name}: il codice di verifica è ${code}",
            },
        }),
    );
    assert_eq!(made.status, 200, "{made:?}");
    let id = word(&made.body["id"]).to_owned();
    assert_eq!(id.len(), 20);
    assert_eq!(
        (&made.body["type"], &made.body["purpose"]),
        (&json!("SMS_VERIFY_CODE"), &Value::Null)
    );
    assert_eq!(made.body["created"], made.body["lastUpdated"]);
    let one = format!("{PATH}/{id}");
    assert_eq!(gateway.get(&one), made.body);
    assert_eq!(gateway.get(PATH), json!([made.body]));
    assert_eq!(gateway.get(&format!("{PATH}?templateType=SMS_VERIFY_CODE")), json!([made.body]));

    let mut sent = 0;
    let mut reads = |body: Value| {
        let mut message =
            json!({"to": PHONE, "channel": "sms", "purpose": "enrollment", "code": "77"});
        message.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let id = gateway.send_json(&message);
        gateway.wait_for_state(&id, "delivered");
        sent += 1;
        gateway.sim.phone(PHONE).texts()[sent - 1].text.clone()
    };
    assert_eq!(reads(json!({})), "Ringpost: your verification code is 77");
    assert_eq!(reads(json!({"locale": "it-CH"})), "Ringpost: il codice di verifica è 77");
    assert_eq!(reads(json!({"locale": "ja"})), "Ringpost: your verification code is 77");

    // What has a value is updated or added, null or empty is removed, the rest stays.
    let changes = json!({
        "translations": {"es": null, "fr": "", "de": "Code: ${code}", "it": "Codice ${code}"},
    });
    let changed = post(&one, changes);
    assert_eq!(changed.status, 200, "{changed:?}");
    let translations = json!({"de": "Code: ${code}", "it": "Codice ${code}"});
    assert_eq!(changed.body["translations"], translations);
    assert_eq!(
        (&changed.body["name"], &changed.body["template"]),
        (&made.body["name"], &made.body["template"])
    );
    let purpose = post(&one, json!({"purpose": "mfa_verify"}));
    assert_eq!(
        (&purpose.body["purpose"], &purpose.body["translations"]),
        (&json!("mfa_verify"), &translations)
    );
    assert_eq!(reads(json!({})), "Ringpost - Phone verification code: 77", "of another purpose");
    assert_eq!(reads(json!({"template": "Custom"})), "Ringpost: your verification code is 77");

    // Okta's clients put back what they got.
    let mut whole = purpose.body;
    whole["template"] = json!("Code ${code}");
    whole["translations"] = json!({});
    let replaced = gateway.request("PUT", &one, Some(&whole));
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(
        (&replaced.body["template"], &replaced.body["translations"]),
        (&json!("Code ${code}"), &json!({}))
    );
    assert_eq!(gateway.request("DELETE", &one, None).status, 204);
    let gone = gateway.request("DELETE", &one, None);
    assert_eq!(gone.status, 404);
    assert_eq!(
        error(&gone),
        format!("E0000007: Not found: Resource not found: {id} (SmsTemplate)")
    );
    let log = gateway.get("/api/v1/logs?limit=1000").to_string();
    assert_eq!(log.matches("system.ringpost.template").count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_template_may_be_is_refused_in_oktas_words_and_nothing_is_stored() {
    let gateway = Gateway::builder().modems(0).start().await;
    let table = [
        (
            json!({}),
            "name: The field cannot be left blank | template: The field cannot be left blank",
        ),
        (
            json!({"name": "x", "template": "no code"}),
            "template: must hold ${code}: nothing else stands for the code",
        ),
        (
            json!({"name": "x".repeat(51), "template": "${code}"}),
            "name: must have 1 to 50 characters",
        ),
        (
            json!({"name": "x", "type": "EMAIL", "template": "${code}"}),
            "type: must be SMS_VERIFY_CODE",
        ),
        (
            json!({"name": "x", "template": "${code}", "translations": {"?": "${code}"}}),
            "translations.?: is no language; write a tag such as de or pt-BR",
        ),
        (
            json!({"name": "x", "template": "${code}", "translations": {"de": "ohne"}}),
            "translations.de: must hold ${code}: nothing else stands for the code",
        ),
        (
            json!({"name": "x", "template": format!("${{code}}{}", "a".repeat(151))}),
            "template: with a code of 10 and the name \"Ringpost\" it needs 161 units of GSM-7 in 2 \
             segments; at most 1 are allowed",
        ),
        (
            json!({"name": "x", "template": format!("${{code}}’{}", "a".repeat(60))}),
            "template: with a code of 10 and the name \"Ringpost\" it needs 71 units of UCS-2 in 2 \
             segments; at most 1 are allowed; not in GSM-7: '’' at 10 (\"'\" would be)",
        ),
    ];
    for (body, causes) in table {
        let answer = gateway.request("POST", PATH, Some(&body));
        assert_eq!(answer.status, 400, "{body}");
        let field = causes.split([':', '.']).next().unwrap();
        assert_eq!(error(&answer), format!("E0000001: Api validation failed: {field} | {causes}"));
    }
    assert_eq!(gateway.get(PATH), json!([]));
    let name = json!({"name": "x", "template": "${code}"});
    assert_eq!(gateway.request("POST", PATH, Some(&name)).status, 200);
    assert_eq!(
        error(&gateway.request("POST", PATH, Some(&name))),
        "E0000001: Api validation failed: name | name: An object with this field already exists in \
         the current organization"
    );
    let reader = create_token(&gateway.config_path(), "reader", &["logs:read"]);
    let reader = format!("SSWS {reader}");
    let raw = |authorization: Option<&str>| gateway.raw("GET", PATH, authorization, None, None);
    let (unknown, unable) = (raw(None), raw(Some(&reader)));
    assert_eq!((unknown.status, unable.status), (401, 403));
    assert_eq!(error(&unknown), "E0000011: Invalid token provided");
    assert!(error(&unable).starts_with("E0000006: You do not have permission"));
    let bearer = format!("Bearer {}", gateway.token);
    let broken =
        gateway.raw("POST", PATH, Some(&bearer), Some("application/json"), Some("{".into()));
    assert_eq!((broken.status, &error(&broken)[..9]), (400, "E0000003:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_templates_that_come_along_can_be_seen_and_not_changed() {
    let gateway = Gateway::builder().modems(0).start().await;
    let all = gateway.get(&format!("{PATH}?includeDefaults=true"));
    assert_eq!(all.as_array().unwrap().len(), 6);
    let default = &all[0];
    assert!(default["translations"].as_object().unwrap().len() >= 30);
    let path = format!("{PATH}/{}", word(&default["id"]));
    assert_eq!(gateway.get(&path), *default);
    let body = json!({"name": "x", "template": "${code}"});
    for (method, body) in [("PUT", Some(&body)), ("POST", Some(&body)), ("DELETE", None)] {
        let answer = gateway.request(method, &path, body);
        assert_eq!(answer.status, 403, "{method}: {answer:?}");
        assert!(error(&answer).contains("can be neither changed nor deleted"), "{answer:?}");
    }
    assert_eq!(gateway.get(&path), *default);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_from_before_a_rule_go_on_until_they_are_changed_and_a_check_finds_them() {
    let mut gateway = Gateway::builder().config("[org]\nname = \"Acme\"").start().await;
    let body = json!({"name": "old", "template": "Your code’s ${code}", "purpose": "mfa_verify"});
    let made = gateway.request("POST", PATH, Some(&body));
    assert_eq!(made.status, 200, "{made:?}");
    let check = |gateway: &Gateway| {
        let output = client(gateway, &["template", "check"], "");
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, says) = check(&gateway);
    assert_eq!(code, 0, "{says}");
    assert!(!says.contains("old"), "one segment either way: {says}");

    assert!(gateway.stop().success());
    let config = std::fs::read_to_string(gateway.config_path()).unwrap();
    let rule = "[[policy.region]]\nregion = \"US\"\nstarts_with = \"${org.name}: \"\n";
    let config = config.replacen("[[modem]]", &format!("{rule}[[modem]]"), 1);
    std::fs::write(gateway.config_path(), config).unwrap();
    gateway.start_daemon();
    let (code, says) = check(&gateway);
    assert_eq!(code, 1);
    let line = format!("{} \"old\": 22 units of UCS-2 in 1 segments\n", word(&made.body["id"]));
    assert!(says.contains(&line), "{says}");
    let rule = "region_requirement: carriers in US want a text that begins with \"${org.name}: \"";
    assert!(says.contains(rule), "{says}");
    assert!(says.contains("not in GSM-7: \"’\" at 9, \"'\" can stand for it"), "{says}");

    let id = gateway.send_json(
        &json!({"to": PHONE, "channel": "sms", "purpose": "mfa_verify", "code": "481592"}),
    );
    gateway.wait_for_state(&id, "delivered");
    assert_eq!(gateway.sim.phone(PHONE).texts()[0].text, "Your code’s 481592");
    let one = format!("{PATH}/{}", word(&made.body["id"]));
    let change = |body: Value| gateway.request("POST", &one, Some(&body)).status;
    assert_eq!(change(json!({"name": "renamed"})), 200, "its text stays as it is");
    assert_eq!(change(json!({"template": "Your code: ${code}"})), 400);
    assert_eq!(change(json!({"template": "${org.name}: ${code}"})), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_national_table_saves_a_segment_where_it_is_allowed() {
    let rule = "[[policy.region]]\nregion = \"TR\"\nnational_tables = [\"turkish\"]";
    let gateway = Gateway::builder().policy(rule).start().await;
    let text = "ğüşıöç".repeat(20);
    let send = |to: &str| {
        let id = gateway.send_json(&json!({"to": to, "channel": "sms", "text": text}));
        let message = gateway.wait_for_state(&id, "delivered");
        (word(&message["encoding"]).to_owned(), message["total_segments"].as_u64().unwrap())
    };
    let turkish = "+905312345678";
    assert_eq!(send(turkish), ("GSM-7".into(), 1));
    assert_eq!(gateway.sim.phone(turkish).texts()[0].text, text);
    assert_eq!(send(PHONE), ("UCS-2".into(), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_measured_for_people_and_programs() {
    let gateway = Gateway::builder().modems(0).start().await;
    let measure = |text: &str| {
        let answer = gateway.request("POST", "/api/v1/segments", Some(&json!({"text": text})));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    assert_eq!(
        measure(&"a".repeat(161)),
        json!({
            "encoding": "GSM-7", "units": 161, "segments": 2, "per_segment": 153,
            "remaining": 145, "non_gsm": [],
        })
    );
    assert_eq!(
        measure("It’s 日"),
        json!({
            "encoding": "UCS-2", "units": 6, "segments": 1, "per_segment": 70, "remaining": 64,
            "non_gsm": [
                {"char": "’", "position": 2, "suggestion": "'"},
                {"char": "日", "position": 5},
            ],
        })
    );
    assert_eq!(gateway.request("POST", "/api/v1/segments", Some(&json!({}))).status, 400);
    let output = client(&gateway, &["segments"], "It’s\n");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "UCS-2: 4 units in 1 segments of 70, room for 66 more\n  \
         not in GSM-7: \"’\" at 2, \"'\" can stand for it\n"
    );
    let output = client(&gateway, &["segments", "--json", "--text", "a"], "");
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["remaining"], 159);
    assert!(gateway.sent_events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_keeps_the_lists_and_sends_codes() {
    let gateway = Gateway::start().await;
    let run = |arguments: &[&str], input: &str| {
        let output = client(&gateway, arguments, input);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(
        &["send", PHONE, "--code", "--locale", "de", "--purpose", "mfa_verify", "--wait"],
        "481592\n",
    );
    assert_eq!(gateway.sim.phone(PHONE).texts()[0].text, "Ringpost - Anmeldecode: 481592");
    let added = run(&["blocklist", "add", "--prefix", "+44", "--reason", "fraud"], "");
    assert!(added.contains("+44  operator"), "{added}");
    let listed = run(&["blocklist", "list", "--json"], "");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let id = word(&listed["items"][0]["id"]).to_owned();
    run(&["blocklist", "remove", &id], "");
    assert!(!client(&gateway, &["blocklist", "remove", &id], "").status.success());
    assert_eq!(client(&gateway, &["blocklist", "add"], "").status.code(), Some(2));
    assert!(run(&["template", "list", "--defaults"], "").contains("Default: mfa_verify"));
}
