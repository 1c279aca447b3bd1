//! The server function of the overview.

use leptos::prelude::*;
use wolfsec::overview::Overview;

use crate::error::AppError;

/// All figures of the overview.
#[server(endpoint = "overview")]
pub async fn get_overview() -> Result<Overview, AppError> {
    use crate::context;
    let caller = context::caller()?;
    context::use_cases()?
        .overview(&caller)
        .await
        .map_err(context::app_error)
}
