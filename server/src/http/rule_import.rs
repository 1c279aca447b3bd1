//! The upload of a rule pack: a plain multipart form, with a body limit of its own.

use app::context::RequestContext;
use app::features::rules::model::{IMPORT, import_href};
use axum::body::Body;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use wolfsec_app::{Action, Caller, Failure, authorise};

use super::body;
use super::error::ApiError;
use super::state::AppState;
use crate::adapters::rule_packs::pack_name;

/// Largest upload (MiB); `wolf_server rules import` takes larger ones.
const MAX_UPLOAD_MB: u32 = 16;

/// What the form holds.
#[derive(Default)]
struct Upload {
    name: String,
    archive: Vec<u8>,
    disabled: bool,
}

/// Imports and leads to the page of the outcome; what is wrong with the form itself is said above the form.
pub(super) async fn upload(State(state): State<AppState>, request: Request) -> Response {
    let signed_in = request
        .extensions()
        .get::<RequestContext>()
        .and_then(|context| context.signed_in.as_ref());
    let caller = match signed_in {
        Some(signed_in) => signed_in.caller.clone(),
        None => return ApiError::from(Failure::unauthenticated()).into_response(),
    };
    // Before the body is read: whoever may not import cannot fill the memory.
    if let Err(forbidden) = authorise(&caller, Action::ImportRules) {
        return ApiError::from(Failure::from(forbidden)).into_response();
    }
    match take(&state, &caller, request).await {
        Ok(to) => Redirect::to(&to).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn take(state: &AppState, caller: &Caller, request: Request) -> Result<String, ApiError> {
    let (parts, sent) = request.into_parts();
    let sent = match body::bounded(sent, MAX_UPLOAD_MB).await {
        Ok(sent) => sent,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Ok(problem("too_large")),
        Err(error) => return Err(error),
    };
    let Ok(form) = Multipart::from_request(Request::from_parts(parts, Body::from(sent)), &()).await else {
        return Ok(problem("no_form"));
    };
    let Ok(upload) = read(form).await else {
        return Ok(problem("no_form"));
    };
    if upload.archive.is_empty() {
        return Ok(problem("no_file"));
    }
    let import = state
        .use_cases
        .import_rule_archive(caller, upload.name, upload.archive, !upload.disabled)
        .await?;
    Ok(import_href(import.id))
}

fn problem(slug: &str) -> String {
    format!("{IMPORT}?problem={slug}")
}

async fn read(mut form: Multipart) -> Result<Upload, MultipartError> {
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await? {
        match field.name() {
            Some("pack") => {
                upload.name = pack_name(std::path::Path::new(field.file_name().unwrap_or_default()));
                upload.archive = field.bytes().await?.to_vec();
            }
            Some("disabled") => upload.disabled = true,
            _ => {}
        }
    }
    Ok(upload)
}
