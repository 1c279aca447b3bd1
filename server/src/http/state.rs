//! What every handler can reach.

use std::net::IpAddr;
use std::sync::Arc;

use leptos::config::LeptosOptions;
use sqlx::PgPool;
use wolfsec::ids::PeerId;
use wolfsec_app::UseCases;

use super::assets::Assets;
use super::form_errors::FormErrors;
use super::limits::Limits;
use super::traffic::Traffic;
use crate::adapters::detector::DetectorHandle;
use crate::config::Settings;
use crate::ingest::{Pipeline, Reports};
use crate::live::LiveHub;
use crate::telemetry::Metrics;

/// Made once by start-up.
pub struct AppStateParts {
    pub use_cases: UseCases,
    pub pipeline: Pipeline,
    pub reports: Reports,
    pub traffic: Arc<Traffic>,
    pub live: LiveHub,
    pub metrics: Arc<Metrics>,
    pub detector: Arc<DetectorHandle>,
    pub pool: PgPool,
    /// The server as a peer: its id names the installation.
    pub own_peer: PeerId,
    pub settings: Settings,
    /// Without a trailing slash.
    pub public_url: String,
    pub assets: Assets,
    pub leptos: LeptosOptions,
}

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    parts: Arc<AppStateParts>,
    limits: Arc<Limits>,
    form_errors: Arc<FormErrors>,
}

impl AppState {
    pub fn new(parts: AppStateParts) -> Self {
        let limits = Arc::new(Limits::new(&parts.settings));
        Self {
            parts: Arc::new(parts),
            limits,
            form_errors: Arc::new(FormErrors::new()),
        }
    }
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
    pub(super) fn form_errors(&self) -> &FormErrors {
        &self.form_errors
    }
    pub(super) fn is_trusted_proxy(&self, address: IpAddr) -> bool {
        self.settings
            .trusted_proxies
            .iter()
            .any(|proxy| proxy.to_canonical() == address)
    }
    pub(super) fn secure_cookies(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl std::ops::Deref for AppState {
    type Target = AppStateParts;
    fn deref(&self) -> &AppStateParts {
        &self.parts
    }
}

impl axum::extract::FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
