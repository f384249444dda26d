//! The API's own description, and its pages.

use crate::gateway::Gateway;

#[tokio::test(flavor = "multi_thread")]
async fn every_path_is_described() {
    let gateway = Gateway::builder().modems(0).start().await;
    let openapi = gateway.raw("GET", "/openapi.json", None, None, None);
    assert_eq!(openapi.status, 200);
    assert!(openapi.body["openapi"].as_str().unwrap().starts_with("3.1"));
    insta::assert_json_snapshot!("openapi", openapi.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_to_each_other_and_miss_nothing() {
    let gateway = Gateway::builder().modems(0).start().await;
    let mut sent: Vec<_> = (0..7).map(|n| gateway.send(&n.to_string())).collect();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/messages?limit=3".to_owned());
    loop {
        let page = gateway.get(&path);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/messages?limit=3&next={next}");
    }
    sent.reverse();
    assert_eq!(seen, sent);
}
