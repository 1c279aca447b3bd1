//! Server functions of the fleet and the peer.

use leptos::prelude::*;

use super::view::{PeerView, PeersView};
use crate::error::AppError;

/// The fleet by name; `query` is the page's URL query.
#[server(endpoint = "list_peers")]
pub async fn list_peers(#[server(default)] query: String) -> Result<PeersView, AppError> {
    use super::model::fleet_filter;
    use crate::context;
    use crate::features::url_query::{UrlQuery, bad_filter};
    use wolfsec::page::Limit;
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let filter = fleet_filter(&UrlQuery::parse(&query)).map_err(bad_filter)?;
    let page = context::use_cases()?
        .list_peers(&caller, filter.after.as_deref(), Limit::new(500).unwrap_or_default())
        .await
        .map_err(context::app_error)?;
    let may_manage = authorise(&caller, Action::ManagePeers).is_ok();
    Ok(PeersView { page, may_manage })
}

/// One peer and its newest rejected lines.
#[server(endpoint = "get_peer")]
pub async fn get_peer(#[server(default)] name: String) -> Result<PeerView, AppError> {
    use crate::context;
    use wolfsec_app::{Action, authorise};
    let caller = context::caller()?;
    let (peer, rejects) = context::use_cases()?
        .get_peer(&caller, &name)
        .await
        .map_err(context::app_error)?;
    let may_manage = authorise(&caller, Action::ManagePeers).is_ok();
    Ok(PeerView {
        peer,
        rejects,
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
