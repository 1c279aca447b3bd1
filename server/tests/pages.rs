//! Doors, forms and headers of the browser's face.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "a test ends with the panic; what it skips it says"
)]

mod support;

use axum::body::Body;
use http::{Request, StatusCode};
use support::TestServer;
use wolfsec::identity::Role;

#[tokio::test(flavor = "multi_thread")]
async fn until_an_admin_exists_pages_lead_to_set_up_and_the_link_works_once() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    for path in ["/", "/alerts", "/signin", "/admin/users"] {
        let answer = server.page(path, None).await;
        assert_eq!(
            (answer.status, answer.headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/setup"),
            "{path}"
        );
    }
    let head = server.send(Request::head("/alerts").body(Body::empty()).unwrap()).await;
    assert_eq!(head.status, StatusCode::SEE_OTHER);
    let token = server.token("early", Role::Viewer).await;
    assert_eq!(
        server.get("/api/v1/alerts", &token).await.status,
        StatusCode::OK,
        "the API works before set-up"
    );
    let old = server.use_cases().issue_setup_token().await.unwrap().unwrap();
    let new = server.use_cases().issue_setup_token().await.unwrap().unwrap();
    let fields = |token: &str| {
        format!("token={token}&name=ada&password=correct+horse+battery&password_again=correct+horse+battery")
    };
    assert!(
        server
            .form("/api/set_up_admin", None, &fields(&old))
            .await
            .headers
            .get("set-cookie")
            .is_none()
    );
    assert!(server.use_cases().needs_set_up().await.unwrap());
    // Two at the same moment with one link: one of them makes the admin.
    let (ada, bob) = (fields(&new), fields(&new).replace("name=ada", "name=bob"));
    let (first, second) = tokio::join!(
        server.form("/api/set_up_admin", None, &ada),
        server.form("/api/set_up_admin", None, &bob)
    );
    let cookies: Vec<String> = [first, second]
        .iter()
        .filter_map(|answer| answer.headers.get("set-cookie"))
        .map(|cookie| cookie.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let cookie = cookies[0].clone();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    assert!(!server.use_cases().needs_set_up().await.unwrap());
    assert!(
        server
            .form("/api/set_up_admin", None, &fields(&new))
            .await
            .headers
            .get("set-cookie")
            .is_none()
    );
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(server.page("/", Some(cookie)).await.status, StatusCode::OK);
    let door = server.page("/alerts?status=open&peer=a", None).await;
    assert_eq!(
        door.headers["location"],
        "/signin?next=/alerts%3Fstatus%3Dopen%26peer%3Da"
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_function_refuses_a_caller_without_a_session() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let mut checked = 0;
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let name = path.trim_start_matches("/api/");
        if app::features::PUBLIC_SERVER_FNS.contains(&name) {
            continue;
        }
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("origin", "http://127.0.0.1:8080");
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json");
        // Every field that any of them takes, so that a missing one cannot answer in the guard's place.
        let fields = "id=00000000-0000-0000-0000-000000000000&name=x&role=viewer&password=x&current=x&new=x&new_again=x&note=x&version=1\
                      &to=open&status=open&enabled=true&query=&path=&ts=0&days=1&mark=active&resolution=&again=x&password_again=x";
        let answer = server.send(request.body(Body::from(fields)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.text());
        checked += 1;
    }
    assert!(checked >= 15, "only {checked} server functions were found");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_compressed_for_whoever_can_read_it() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let get = |encoding: &str| {
        let request = Request::get("/signin").header("accept", "text/html");
        request.header("accept-encoding", encoding).body(Body::empty()).unwrap()
    };
    let packed = server.send(get("br, gzip")).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed.body.as_slice()), &mut text).unwrap();
    assert!(text.contains("</html>"));
    let plain = server.send(get("identity")).await;
    assert!(plain.headers.get("content-encoding").is_none() && plain.text().contains("</html>"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_changes_nothing() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    for origin in [Some("https://evil.example"), Some("null"), None] {
        let mut request = Request::post("/api/add_user")
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let answer = server
            .send(
                request
                    .body(Body::from("name=mallory&role=admin&password=correct+horse+battery"))
                    .unwrap(),
            )
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "foreign_origin"),
            "{origin:?}"
        );
    }
    let users = server
        .use_cases()
        .list_users(&wolfsec_app::Caller::command_line())
        .await
        .unwrap();
    assert_eq!(users.len(), 1);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_carry_their_policy_and_signing_out_ends_the_session() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    for path in [
        "/",
        "/alerts",
        "/events",
        "/rules",
        "/peers",
        "/audit",
        "/admin/users",
        "/admin/tokens",
        "/account",
    ] {
        let answer = server.page(path, Some(&cookie)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .unwrap_or_else(|| panic!("{policy}"));
        assert!(
            answer.text().contains(&format!("nonce=\"{nonce}\"")),
            "{path} has no script with the policy's nonce"
        );
        assert!(!answer.text().contains(" style=\""), "{path} has an inline style");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(answer.headers.contains_key("x-request-id"));
        assert_eq!(answer.text().matches("<h1").count(), 1, "{path} has one first heading");
    }
    assert_eq!(
        server.page("/nothing-here", Some(&cookie)).await.status,
        StatusCode::NOT_FOUND
    );
    server.form("/api/sign_out", Some(&cookie), "").await;
    assert_eq!(
        server.page("/alerts", Some(&cookie)).await.status,
        StatusCode::SEE_OTHER
    );
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_a_password_is_slowed_down_and_recorded() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    // How many are let through depends on how long hashing takes here; a few are, then the door stays shut.
    let mut checked = 0;
    loop {
        let request = Request::post("/api/sign_in")
            .header("origin", "http://127.0.0.1:8080")
            .header("accept", "application/json");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = server
            .send(request.body(Body::from("name=ada&password=wrong")).unwrap())
            .await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        checked += 1;
        assert!(checked < 25, "never slowed down");
    }
    assert!(checked >= 5, "a mistyped password or two is nobody's attack");
    let query = wolfsec::audit::AuditQuery {
        action: Some("session.sign_in_failed".into()),
        ..Default::default()
    };
    let entries = server
        .use_cases()
        .list_audit(&wolfsec_app::Caller::command_line(), &query)
        .await
        .unwrap();
    assert_eq!(entries.len(), checked);
    assert_eq!(entries[0].entry.actor.address.as_deref(), Some("192.0.2.7"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_nul_does_not_make_the_trail_look_edited() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    server.form("/api/sign_in", None, "name=a%00b&password=wrong").await;
    let report = server
        .use_cases()
        .verify_audit(&wolfsec_app::Caller::command_line())
        .await
        .unwrap();
    assert!(report.is_intact() && report.entries == 2, "{report:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_tell_alive_from_ready() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    assert_eq!(server.page("/healthz", None).await.status, StatusCode::OK);
    let ready = server.page("/readyz", None).await;
    assert_eq!(ready.status, StatusCode::OK, "{}", ready.text());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_in_a_crafted_link_are_not_shown_as_ours() {
    let Some(server) = TestServer::start().await else {
        return;
    };
    server.user("ada", Role::Admin).await;
    let cookie = server.sign_in("ada").await;
    let failed = server
        .form("/api/create_token", Some(&cookie), "name=&role=viewer")
        .await;
    let back = failed.headers["location"].to_str().unwrap();
    let query = back.split_once('?').unwrap().1;
    assert!(query.contains("__err=") && query.contains("__tag="), "{back}");
    let own = server
        .page(&format!("/admin/tokens?{query}"), Some(&cookie))
        .await
        .text();
    assert!(own.contains("field__error"), "the form's own error is shown");
    let crafted = query.split("&__tag=").next().unwrap();
    let page = server.page(&format!("/admin/tokens?{crafted}"), Some(&cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains("field__error"), "without its tag it is not");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_address_is_believed_from_trusted_proxies_only() {
    // Requests of these tests come from 192.0.2.7.
    let chain = "10.9.9.9, 203.0.113.50, 198.51.100.1";
    for (trusted, chain, seen) in [
        ("192.0.2.7,198.51.100.1", chain, "203.0.113.50"),
        ("198.51.100.1", chain, "192.0.2.7"),
        // Some proxies name the port too.
        ("192.0.2.7", "10.9.9.9, 203.0.113.50:4711", "203.0.113.50"),
        ("192.0.2.7", "[2001:db8::9]:4711", "2001:db8::9"),
        ("::ffff:192.0.2.7", "::ffff:203.0.113.50", "203.0.113.50"),
        // What cannot be read ends the chain: the part before it may be anybody's word.
        ("192.0.2.7", "10.9.9.9, unknown", "192.0.2.7"),
    ] {
        let Some(server) = TestServer::start_with(&[("WOLFSEC_TRUSTED_PROXIES", trusted)]).await else {
            return;
        };
        server.user("ada", Role::Admin).await;
        let request = Request::post("/api/sign_in")
            .header("origin", "http://127.0.0.1:8080")
            .header("x-forwarded-for", chain)
            .header("content-type", "application/x-www-form-urlencoded");
        server
            .send(request.body(Body::from("name=ada&password=wrong")).unwrap())
            .await;
        let query = wolfsec::audit::AuditQuery {
            action: Some("session.sign_in_failed".into()),
            ..Default::default()
        };
        let caller = wolfsec_app::Caller::command_line();
        let entries = server.use_cases().list_audit(&caller, &query).await.unwrap();
        assert_eq!(
            entries[0].entry.actor.address.as_deref(),
            Some(seen),
            "{trusted} {chain}"
        );
        server.end().await;
    }
}
