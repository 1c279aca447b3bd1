//! Which PostgreSQL: one of the user's, or the embedded cluster in the data folder.

use anyhow::Context as _;
use wolf_cluster::{Cluster, ClusterOptions};

use crate::config::Settings;

/// An open database; the embedded one is held here.
pub struct Database {
    url: String,
    migration_url: String,
    cluster: Option<Cluster>,
    options: Option<ClusterOptions>,
}

impl Database {
    /// For a command beside or without a running server.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        Self::pick(settings, Cluster::attach_or_start).await
    }

    /// For the one server of the data folder.
    pub async fn open_as_server(settings: &Settings) -> anyhow::Result<Self> {
        Self::pick(settings, Cluster::start).await
    }

    async fn pick(
        settings: &Settings,
        start: fn(&ClusterOptions) -> Result<Cluster, wolf_cluster::ClusterError>,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&settings.data_dir)
            .with_context(|| format!("making the data folder {}", settings.data_dir.display()))?;
        if let Some(url) = &settings.database_url {
            let migration_url = settings.migration_database_url.as_ref().unwrap_or(url);
            return Ok(Self {
                url: url.expose().to_owned(),
                migration_url: migration_url.expose().to_owned(),
                cluster: None,
                options: None,
            });
        }
        let options = ClusterOptions::new(settings.data_dir.clone());
        let kept = Some(options.clone());
        // Starting waits for programs: off the async threads.
        let cluster = tokio::task::spawn_blocking(move || start(&options))
            .await
            .context("starting the embedded PostgreSQL")?;
        let cluster = cluster.context("starting the embedded PostgreSQL")?;
        Ok(Self {
            url: cluster.app_url(),
            migration_url: cluster.owner_url(),
            cluster: Some(cluster),
            options: kept,
        })
    }

    /// How the embedded cluster is started; `None` for a database of the user's.
    pub fn embedded(&self) -> Option<ClusterOptions> {
        self.options.clone()
    }

    pub fn url(&self) -> &str {
        &self.url
    }
    pub fn migration_url(&self) -> &str {
        &self.migration_url
    }

    /// Stops the embedded cluster if this process started it.
    pub async fn close(self) {
        let Some(cluster) = self.cluster else { return };
        match tokio::task::spawn_blocking(move || cluster.stop()).await {
            Ok(Ok(stopped)) => tracing::debug!(stopped, "embedded PostgreSQL"),
            Ok(Err(error)) => tracing::error!(%error, "the embedded PostgreSQL did not stop cleanly"),
            Err(error) => tracing::error!(%error, "stopping the embedded PostgreSQL failed"),
        }
    }
}
