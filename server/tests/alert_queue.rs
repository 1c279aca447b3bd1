//! The alert queue through the real router: the list with an alert beside it, and changes of many.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use http::StatusCode;
use support::{Answer, TestServer, sshd_failures};
use wolfsec::alerts::{Alert, AlertQuery, AlertStatus, BulkRow};
use wolfsec::identity::Role;
use wolfsec_app::Caller;

async fn alerts(server: &TestServer) -> Vec<Alert> {
    // The server's own peer raises alerts too, when it likes.
    let query = AlertQuery {
        peer: Some("bastion-01".into()),
        ..AlertQuery::default()
    };
    let page = server.use_cases().list_alerts(&Caller::command_line(), &query).await;
    page.unwrap().items
}

/// A server with alerts of brute force on so many hosts, an operator's cookie, and the alerts.
async fn started(hosts: usize) -> Option<(TestServer, String, Vec<Alert>)> {
    let server = TestServer::start().await?;
    server.user("ada", Role::Admin).await;
    server.user("ola", Role::Operator).await;
    let key = server.peer("bastion-01").await;
    for n in 0..hosts {
        let lines = sshd_failures(30, &format!("host-{n}"), &format!("203.0.113.{n}"));
        assert_eq!(server.ingest(&key, &lines).await.status, StatusCode::OK);
    }
    let alerts = alerts(&server).await;
    assert!(alerts.len() >= hosts, "{}", alerts.len());
    let cookie = server.sign_in("ola").await;
    Some((server, cookie, alerts))
}

fn picked(alerts: &[Alert]) -> String {
    let row = |alert: &Alert| BulkRow {
        id: alert.id,
        version: alert.version,
    };
    alerts
        .iter()
        .map(|alert| format!("rows%5B%5D={}&", row(alert).to_string().replace(':', "%3A")))
        .collect()
}

fn location(answer: &Answer) -> String {
    let location = answer.headers.get("location");
    location
        .unwrap_or_else(|| panic!("{}", answer.text()))
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_shows_the_selected_alert_beside_the_list() {
    let Some((server, cookie, alerts)) = started(2).await else {
        return;
    };
    let first = server.page("/alerts", Some(&cookie)).await.text();
    assert!(first.contains(r#"class="split""#) && first.contains(r#"id="alert-title""#));
    let chosen = server
        .page(&format!("/alerts?status=open&selected={}", alerts[1].id), Some(&cookie))
        .await
        .text();
    assert!(chosen.contains("split--chosen"));
    // Its forms lead back to this list with this alert.
    assert!(chosen.contains(&format!("/alerts?status=open&amp;selected={}", alerts[1].id)));
    let wrong = server.page("/alerts?severity=loud&sort=x", Some(&cookie)).await;
    assert!(wrong.text().contains("This filter cannot be used"));
    let nobody = format!("/alerts?selected={}", uuid::Uuid::nil());
    assert_eq!(server.page(&nobody, Some(&cookie)).await.status, StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn picked_rows_are_changed_and_what_happened_is_told() {
    let Some((server, cookie, alerts)) = started(3).await else {
        return;
    };
    let faster = format!("id={}&to=in_progress&version=1", alerts[0].id);
    let ada = server.sign_in("ada").await;
    server.form("/api/change_alert_status", Some(&ada), &faster).await;
    let form = format!(
        "{}act=resolved&resolution=benign&note=scanner&back=%2Falerts%3Fstatus%3Dall",
        picked(&alerts)
    );
    let answer = server.form("/api/change_alerts", Some(&cookie), &form).await;
    let back = location(&answer);
    assert!(back.starts_with("/alerts?status=all&changed="), "{back}");
    let page = server.page(&back, Some(&cookie)).await.text();
    let changed = alerts.len() - 1;
    assert!(page.contains(&format!("{changed} alerts resolved as benign")), "{page}");
    assert!(page.contains("changed by somebody else meanwhile"));
    let now = self::alerts(&server).await;
    let untouched = now.iter().find(|alert| alert.id == alerts[0].id).unwrap();
    assert_eq!(untouched.status, AlertStatus::InProgress);
    // The way back.
    let id = back.split("changed=").nth(1).unwrap();
    let undo = server
        .form("/api/undo_bulk_change", Some(&cookie), &format!("id={id}"))
        .await;
    assert!(location(&undo).starts_with("/alerts?changed="));
    let now = self::alerts(&server).await;
    assert_eq!(
        now.iter().filter(|alert| alert.status == AlertStatus::Open).count(),
        changed
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_matches_is_changed_after_a_page_that_says_how_many() {
    let Some((server, cookie, alerts)) = started(2).await else {
        return;
    };
    let page = server
        .page("/alerts/change?peer=bastion-01", Some(&cookie))
        .await
        .text();
    assert!(page.contains(&format!("Acknowledge {} alerts", alerts.len())), "{page}");
    let selection = page.split(r#"name="selection" value=""#).nth(1).unwrap();
    let selection = selection.split('"').next().unwrap();
    assert_eq!(selection.split(' ').count(), alerts.len());
    let body = |act: &str| {
        let selection = selection.replace(':', "%3A").replace(' ', "+");
        format!("selection={selection}&act={act}&back=%2Falerts")
    };
    let refused = server
        .form("/api/change_alerts", Some(&cookie), &body("resolved"))
        .await;
    assert!(location(&refused).contains("__err="), "a resolution is missing");
    let viewer = {
        server.user("vera", Role::Viewer).await;
        server.sign_in("vera").await
    };
    let forbidden = server
        .form("/api/change_alerts", Some(&viewer), &body("acknowledged"))
        .await;
    assert!(location(&forbidden).contains("__err="));
    assert!(
        self::alerts(&server)
            .await
            .iter()
            .all(|alert| alert.status == AlertStatus::Open)
    );
    server
        .form("/api/change_alerts", Some(&cookie), &body("acknowledged"))
        .await;
    let now = self::alerts(&server).await;
    assert!(now.iter().all(|alert| alert.assignee.as_deref() == Some("ola")));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_the_overview_leads_to_as_many_alerts() {
    let Some((server, cookie, alerts)) = started(3).await else {
        return;
    };
    let page = server.page("/?range=1h", Some(&cookie)).await.text();
    let mut links: Vec<String> = page
        .split("href=\"")
        .filter_map(|part| part.split('"').next())
        .filter(|href| href.starts_with("/alerts?"))
        .map(|href| href.replace("&amp;", "&"))
        .collect();
    links.sort();
    links.dedup();
    assert!(links.len() > 10, "{links:?}");
    for link in &links {
        let answer = server.page(link, Some(&cookie)).await;
        assert_eq!(answer.status, StatusCode::OK, "{link}");
        assert!(!answer.text().contains("This filter cannot be used"), "{link}");
    }
    let is_ours = |link: &&String| {
        alerts
            .iter()
            .any(|alert| link.contains(&format!("rule={}&", alert.rule_id)))
    };
    let rule = links.iter().find(is_ours).unwrap();
    let listed = server.page(rule, Some(&cookie)).await.text();
    let of_rule = alerts.iter().filter(|alert| rule.contains(&alert.rule_id)).count();
    assert!(of_rule > 0);
    assert_eq!(listed.matches("data-row").count(), of_rule, "{rule}");
    assert!(page.contains("first visit"));
    assert_eq!(
        server.page("/?range=year", Some(&cookie)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    server.end().await;
}
