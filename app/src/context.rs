//! What the server gives every page and server function: the use cases, who is asking, and what a failure looks like.

use leptos::prelude::use_context;
use wolfsec_app::{Caller, Failure, FailureKind, UseCases};

use crate::error::AppError;
pub use crate::request::{
    FLASH_COOKIE, LiveStart, RequestContext, SESSION_COOKIE, THEME_COOKIE, done, redirect_to, request, set_flash,
    set_session_cookie, set_status, take_flash,
};

/// The use cases; an error only when the server forgot to provide them.
pub fn use_cases() -> Result<UseCases, AppError> {
    use_context::<UseCases>().ok_or_else(|| {
        app_error(Failure::new(
            FailureKind::Internal,
            "internal",
            "the server is not ready",
        ))
    })
}

/// Who is asking: the first line of every server function that is not public.
pub fn caller() -> Result<Caller, AppError> {
    request()
        .and_then(|request| request.signed_in)
        .map(|signed_in| signed_in.caller)
        .ok_or_else(|| app_error(Failure::unauthenticated()))
}

/// The status of each kind of failure: the one place that maps them.
pub const fn status_of(kind: FailureKind) -> http::StatusCode {
    use http::StatusCode;
    match kind {
        FailureKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FailureKind::Forbidden => StatusCode::FORBIDDEN,
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        FailureKind::Conflict => StatusCode::CONFLICT,
        FailureKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        FailureKind::TooFast => StatusCode::TOO_MANY_REQUESTS,
        FailureKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A use case's failure as the browser sees it: logged here, once, with its cause.
pub fn app_error(failure: impl Into<Failure>) -> AppError {
    let failure = failure.into();
    if matches!(failure.kind, FailureKind::Internal | FailureKind::Unavailable) {
        let cause = failure.source.as_deref().map(ToString::to_string).unwrap_or_default();
        tracing::error!(code = failure.code, cause, "request failed");
    }
    set_status(status_of(failure.kind));
    AppError {
        code: failure.code.to_owned(),
        message: failure.message,
        fields: failure
            .fields
            .into_iter()
            .map(|(field, message)| (field.to_owned(), message))
            .collect(),
        values: Vec::new(),
        request_id: request().map(|request| request.request_id).unwrap_or_default(),
    }
}

/// `validator`'s findings as field errors.
pub fn validation_error(errors: &validator::ValidationErrors) -> AppError {
    let fields: Vec<(String, String)> = errors
        .field_errors()
        .into_iter()
        .flat_map(|(field, errors)| {
            errors.iter().map(move |error| {
                (
                    field.to_string(),
                    error
                        .message
                        .as_ref()
                        .map_or_else(|| "is not valid".to_owned(), ToString::to_string),
                )
            })
        })
        .collect();
    let mut error = app_error(Failure::new(
        FailureKind::Invalid,
        "invalid",
        "some fields need another look",
    ));
    error.fields = fields;
    error
}

/// One field that needs another look.
pub fn field_error(field: &'static str, message: impl Into<String>) -> AppError {
    app_error(Failure::invalid(field, message))
}

/// Reads a form field's text; what is wrong with it is shown under the field.
pub fn parse_field<T>(field: &'static str, text: &str) -> Result<T, AppError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.trim()
        .parse()
        .map_err(|error: T::Err| field_error(field, error.to_string()))
}
