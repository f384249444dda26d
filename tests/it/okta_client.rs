//! Okta's own client for Python, pointed at this host: it reads the System Log and keeps templates, unchanged.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::{Value, json};

use crate::gateway::Gateway;

/// The client as it is published.
const PACKAGE: &str = "okta==3.4.6";

/// Asks and polls as its documentation shows, and prints what it got.
const LOG_SCRIPT: &str = r#"
import asyncio, json, sys
from okta.client import Client
from okta.pagination import PaginationHelper

async def main(url, token):
    client = Client({"orgUrl": url, "token": token, "rateLimit": {"maxRetries": 0}})
    events, response, error = await client.list_log_events(
        filter='target.id eq "jane" and outcome.result eq "DENY"', limit=3)
    assert error is None, error
    found = [event.uuid for event in events]
    kinds = sorted({event.event_type for event in events})
    pages, empty = 1, False
    while not empty:
        after = PaginationHelper.extract_next_cursor(response.headers)
        events, response, error = await client.list_log_events(
            filter='target.id eq "jane" and outcome.result eq "DENY"', limit=3, after=after)
        assert error is None, error
        found += [event.uuid for event in events]
        pages, empty = pages + 1, not events
    bounded, _, error = await client.list_log_events(sort_order="DESCENDING", q="jane")
    _, _, wrong = await client.list_log_events(filter='eventType eqq "x"')
    first = [bounded[0].outcome.result, bounded[0].target[0].id] if bounded else None
    print(json.dumps({"found": found, "kinds": kinds, "pages": pages, "wrong": str(wrong),
                      "error": str(error), "first": first}, default=str))

asyncio.run(main(*sys.argv[1:]))
"#;

/// Makes, changes and removes a template, and prints what it read after each step.
const TEMPLATE_SCRIPT: &str = r#"
import asyncio, json, sys
from okta.client import Client
from okta.models.sms_template import SmsTemplate

def shown(template):
    return [template.name, template.template, template.translations]

async def main(url, token):
    client = Client({"orgUrl": url, "token": token, "rateLimit": {"maxRetries": 0}})
    async def done(call):
        answer = await call
        assert answer[-1] is None, answer[-1]
        return answer[0]
    made = await done(client.create_sms_template(SmsTemplate(
        name="Ours", type="SMS_VERIFY_CODE", template="${org.name}: ${code}",
        translations={"de": "${code} ist Ihr Code", "es": "Su clave: ${code}"})))
    steps = [shown(made)]
    await done(client.update_sms_template(made.id, SmsTemplate(translations={"fr": "Code ${code}"})))
    steps.append(shown(await done(client.get_sms_template(made.id))))
    await done(client.replace_sms_template(made.id, SmsTemplate(
        name="New", type="SMS_VERIFY_CODE", template="Code: ${code}", translations={})))
    listed = await done(client.list_sms_templates(template_type="SMS_VERIFY_CODE"))
    steps.append([shown(one) for one in listed if one.id == made.id][0])
    _, _, wrong = await client.create_sms_template(SmsTemplate(
        name="No code", type="SMS_VERIFY_CODE", template="Hello"))
    await done(client.delete_sms_template(made.id))
    _, _, gone = await client.get_sms_template(made.id)
    print(json.dumps({"steps": steps, "wrong": str(wrong), "gone": str(gone)}))

asyncio.run(main(*sys.argv[1:]))
"#;

/// A Python with the client, made once for all runs and tests; nothing where `PyPI` is out of reach.
static PYTHON: LazyLock<Result<PathBuf, String>> = LazyLock::new(python);

fn python() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("okta-client");
    let python = folder.join("bin/python");
    let run = |command: &mut Command| -> Result<(), String> {
        let Output { status, stderr, .. } =
            command.output().map_err(|cause| format!("{command:?}: {cause}"))?;
        let says = String::from_utf8_lossy(&stderr);
        let last = says.lines().last().unwrap_or_default();
        if status.success() { Ok(()) } else { Err(last.to_owned()) }
    };
    let installed = || run(Command::new(&python).args(["-c", "import okta.client"]));
    if installed().is_err() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-compile",
            "--retries=1",
            "--timeout=10",
            PACKAGE,
        ]);
        run(&mut pip)?;
        installed()?;
    }
    Ok(python)
}

/// What `script` prints when it asks `gateway`; nothing, and a word why, where the client is not there.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn answer_to(script: &str, gateway: &Gateway) -> Option<Value> {
    let python = match &*PYTHON {
        Ok(python) => python,
        Err(cause) => {
            println!("skipped: Okta's client, because {PACKAGE} is not there: {cause}");
            return None;
        }
    };
    let mut client = Command::new(python);
    client.args(["-c", script, gateway.url(), &gateway.token]);
    // Its switch for plain HTTP.
    client.env("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true");
    let output = client.output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{says}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_okta_reads_the_log_unchanged() {
    let gateway = Gateway::builder().modems(0).start().await;
    for user in ["jane", "bob", "jane", "jane"] {
        let body = json!({"to": "112", "channel": "sms", "text": "x", "user": user});
        assert_eq!(gateway.request("POST", "/api/v1/messages", Some(&body)).status, 422);
    }
    let Some(read) = answer_to(LOG_SCRIPT, &gateway) else { return };
    let expected = gateway.system_log("target.id eq \"jane\"");
    let expected: Vec<_> = expected.iter().map(|event| event["uuid"].clone()).collect();
    assert_eq!((read["found"].clone(), &read["pages"]), (Value::Array(expected), &json!(3)));
    assert_eq!(read["kinds"], json!(["system.sms.receive_status", "system.sms.send_message"]));
    assert_eq!(read["error"], "None");
    assert_eq!(read["first"], json!(["DENY", "jane"]));
    let wrong = read["wrong"].as_str().unwrap();
    assert!(wrong.contains("E0000053") && wrong.contains("at position 11"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_okta_keeps_templates_unchanged() {
    let gateway = Gateway::builder().modems(0).start().await;
    let Some(read) = answer_to(TEMPLATE_SCRIPT, &gateway) else { return };
    let two = json!({"de": "${code} ist Ihr Code", "es": "Su clave: ${code}"});
    let mut three = two.clone();
    three["fr"] = json!("Code ${code}");
    // It leaves out what is null or empty, so that it cannot remove a translation by a partial update.
    let steps = json!([
        ["Ours", "${org.name}: ${code}", two],
        ["Ours", "${org.name}: ${code}", three],
        ["New", "Code: ${code}", {}],
    ]);
    assert_eq!(read["steps"], steps);
    assert!(read["wrong"].as_str().unwrap().contains("E0000001"), "{read}");
    assert!(read["gone"].as_str().unwrap().contains("E0000007"), "{read}");
}
