//! Server functions of the fleet and the peer.

use leptos::prelude::*;

use super::view::{PeerView, PeersView};
use crate::error::AppError;

/// A page of the fleet, those that need attention first; `query` is the page's URL query.
#[server(endpoint = "list_peers")]
pub async fn list_peers(#[server(default)] query: String) -> Result<PeersView, AppError> {
    use super::model::fleet_filter;
    use crate::context;
    use crate::features::parts::rendered_at;
    use crate::features::url_query::{UrlQuery, bad_filter};
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let filter = fleet_filter(&UrlQuery::parse(&query)).map_err(bad_filter)?;
    let fleet = context::use_cases()?
        .fleet(&caller, &filter.query(rendered_at()))
        .await
        .map_err(context::app_error)?;
    let may_manage = authorise(&caller, Action::ManagePeers).is_ok();
    Ok(PeersView {
        page: fleet.page,
        counts: fleet.counts,
        may_manage,
    })
}

/// One peer, what it measured, and its newest rejected lines; `query` is the page's URL query.
#[server(endpoint = "get_peer")]
pub async fn get_peer(#[server(default)] name: String, #[server(default)] query: String) -> Result<PeerView, AppError> {
    use super::model::range_of;
    use super::view::Measured;
    use crate::context;
    use crate::features::url_query::{UrlQuery, bad_filter};
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let range = range_of(&UrlQuery::parse(&query)).map_err(bad_filter)?;
    let page = context::use_cases()?
        .peer_page(&caller, &name, range)
        .await
        .map_err(context::app_error)?;
    let may_manage = authorise(&caller, Action::ManagePeers).is_ok();
    Ok(PeerView {
        entry: page.entry,
        rejects: page.rejects,
        measured: Measured {
            range,
            since: page.since,
            until: page.until,
            bucket_seconds: page.bucket_seconds,
            points: page.points,
            latest: page.latest,
        },
        may_manage,
    })
}

/// Makes a single-use enrolment token; the page it leads to shows it once.
#[server(endpoint = "create_enrolment")]
pub async fn create_enrolment() -> Result<(), AppError> {
    use super::model::ADD;
    use crate::context;
    let caller = context::caller()?;
    let (token, _) = context::use_cases()?
        .create_enrolment(&caller)
        .await
        .map_err(context::app_error)?;
    context::set_flash(ADD, &token);
    context::done(ADD, "created");
    Ok(())
}

/// Blocks or unblocks a peer, or starts or ends its maintenance.
#[server(endpoint = "mark_peer")]
pub async fn mark_peer(#[server(default)] name: String, #[server(default)] mark: String) -> Result<(), AppError> {
    use crate::context;
    use wolfsec::peers::PeerMark;
    let caller = context::caller()?;
    let mark: PeerMark = context::parse_field("mark", &mark)?;
    context::use_cases()?
        .mark_peer(&caller, &name, mark)
        .await
        .map_err(context::app_error)?;
    context::done(&super::model::peer_href(&name), mark.as_str());
    Ok(())
}

/// Sets how often a peer is expected to report.
#[server(endpoint = "set_peer_interval")]
pub async fn set_peer_interval(
    #[server(default)] name: String,
    #[server(default)] interval: String,
) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let typed = |error: AppError| error.keeping("interval", &interval);
    let seconds: i32 = interval
        .trim()
        .parse()
        .map_err(|_| typed(context::field_error("interval", "must be a whole number of seconds")))?;
    context::use_cases()?
        .set_peer_interval(&caller, &name, seconds)
        .await
        .map_err(|failure| typed(context::app_error(failure)))?;
    context::done(&super::model::peer_href(&name), "interval");
    Ok(())
}

/// Replaces a peer's key; the page it leads to shows the new one once.
#[server(endpoint = "rotate_peer_key")]
pub async fn rotate_peer_key(#[server(default)] name: String) -> Result<(), AppError> {
    use crate::context;
    let caller = context::caller()?;
    let key = context::use_cases()?
        .rotate_peer_key(&caller, &name)
        .await
        .map_err(context::app_error)?;
    let page = super::model::peer_href(&name);
    context::set_flash(&page, &key);
    context::done(&page, "rotated");
    Ok(())
}
