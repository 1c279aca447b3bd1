//! Times: fixed UTC text, or the distance to when the page was rendered. Nothing here asks a clock.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;

/// `2026-11-24 10:35:50 UTC`.
#[component]
pub fn Timestamp(at: DateTime<Utc>) -> impl IntoView {
    let text = at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    view! { <time class="nowrap" datetime=at.to_rfc3339() title=exact(at)>{text}</time> }.into_any()
}

/// `4 min ago`, with the exact time on hover.
#[component]
pub fn Ago(
    at: DateTime<Utc>,
    /// When the request arrived.
    rendered_at: DateTime<Utc>,
) -> impl IntoView {
    view! { <time class="nowrap" datetime=at.to_rfc3339() title=exact(at)>{ago_text(rendered_at - at)}</time> }
        .into_any()
}

/// The exact time, as the hover shows it.
fn exact(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.6f UTC").to_string()
}

fn ago_text(distance: Duration) -> String {
    let seconds = distance.num_seconds().abs();
    let span = match seconds {
        0..5 => return "now".to_owned(),
        5..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    };
    if distance < Duration::zero() {
        format!("in {span}")
    } else {
        format!("{span} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_look_back_and_ahead() {
        for (seconds, text) in [
            (0, "now"),
            (-4, "now"),
            (59, "59 s ago"),
            (-60, "in 1 min"),
            (7200, "2 h ago"),
            (90_000, "1 d ago"),
        ] {
            assert_eq!(ago_text(Duration::seconds(seconds)), text);
        }
    }
}
