//! The server function of the overview.

use leptos::prelude::*;
use wolfsec::overview::Overview;

use crate::error::AppError;

/// All figures of the overview; `range` is empty for the usual one.
#[server(endpoint = "overview")]
pub async fn get_overview(#[server(default)] range: String) -> Result<Overview, AppError> {
    use crate::context;
    use wolfsec::overview::OverviewRange;
    let caller = context::caller()?;
    let range = match range.as_str() {
        "" => OverviewRange::default(),
        text => context::parse_field("range", text)?,
    };
    context::use_cases()?
        .overview(&caller, range)
        .await
        .map_err(context::app_error)
}
