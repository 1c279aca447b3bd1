//! The request at hand and the answer to it: status, cookies, redirects.

use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use wolfsec::Timestamp;
use wolfsec::identity::SESSION_ABSOLUTE_HOURS;
use wolfsec::live::LiveCursor;
use wolfsec_app::identity::{ClientInfo, SignedIn};

/// The request at hand; put into the Leptos context by the server.
#[derive(Clone)]
pub struct RequestContext {
    pub request_id: String,
    /// The live session, when the cookie names one.
    pub signed_in: Option<SignedIn>,
    pub client: ClientInfo,
    /// This server's address as browsers and peers reach it, without a trailing slash.
    pub public_url: String,
    /// Cookies carry `Secure` (the public URL is https).
    pub secure_cookies: bool,
    /// `light`, `dark` or none for the system's choice.
    pub theme: Option<String>,
    /// When this request arrived: every relative time on the page is computed from it.
    pub rendered_at: Timestamp,
    /// Path and query of the request.
    pub path: String,
    pub query: String,
    /// Path and query of the page a form was sent from.
    pub referer: Option<String>,
    /// What the cookie of [`FLASH_COOKIE`] carries to this one page.
    pub flash: Option<String>,
}

/// Where the sequence of changes stood before the page read anything; `None` when it could not be asked.
#[derive(Clone, Copy, Debug)]
pub struct LiveStart(pub Option<LiveCursor>);

/// The session cookie's name.
pub const SESSION_COOKIE: &str = "wolfsec_session";
/// Carries a fresh secret from the form that made it to the one page that shows it, outside of any URL.
pub const FLASH_COOKIE: &str = "wolfsec_flash";
/// The chosen theme's cookie; the switch in the browser writes it.
pub const THEME_COOKIE: &str = "wolfsec_theme";

/// The request at hand.
pub fn request() -> Option<RequestContext> {
    use_context::<RequestContext>()
}

/// Sets the answer's status, except where a browser sent a form: that answer is a redirect back to the form.
pub fn set_status(status: http::StatusCode) {
    if is_browser_form() {
        return;
    }
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

/// True for a form that a browser posts without script.
fn is_browser_form() -> bool {
    use_context::<http::request::Parts>().is_some_and(|parts| {
        let accept = parts
            .headers
            .get(http::header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        parts.method == http::Method::POST && accept.is_some_and(|accept| accept.contains("text/html"))
    })
}

/// Puts the session's token into the browser's cookie; `None` takes it away.
pub fn set_session_cookie(token: Option<&str>) {
    match token {
        Some(token) => set_cookie(SESSION_COOKIE, token, "/", SESSION_ABSOLUTE_HOURS * 3600),
        None => set_cookie(SESSION_COOKIE, "", "/", 0),
    }
}

/// Hands a secret to the page at `path`, which shows it once.
pub fn set_flash(path: &str, secret: &str) {
    set_cookie(FLASH_COOKIE, secret, path, 60);
}

/// Takes the secret that this page was handed: the answer that shows it also removes it.
pub fn take_flash(path: &str) -> Option<String> {
    let flash = request()?.flash.filter(|flash| !flash.is_empty())?;
    set_cookie(FLASH_COOKIE, "", path, 0);
    Some(flash)
}

fn set_cookie(name: &str, value: &str, path: &str, seconds: i64) {
    let (Some(response), Some(request)) = (use_context::<ResponseOptions>(), request()) else {
        return;
    };
    let secure = if request.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    if let Ok(value) = http::HeaderValue::from_str(&cookie) {
        response.append_header(http::header::SET_COOKIE, value);
    }
}

/// After a change: back to a page, which says what was done.
pub fn done(path: &str, what: &str) {
    redirect_to(&format!("{path}?done={what}"));
}

/// Sends the browser to a page of this server; anything that is not a local path goes to the overview.
pub fn redirect_to(path: &str) {
    leptos_axum::redirect(local_path(path));
}

/// The path when it stays on this server, else the overview's.
fn local_path(path: &str) -> &str {
    let local = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn redirects_stay_on_this_server() {
        for good in ["/", "/alerts", "/events?q=a%20b&from=-1h"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "alerts",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: b",
            "/a b",
        ] {
            assert_eq!(local_path(bad), "/", "{bad}");
        }
    }
}
