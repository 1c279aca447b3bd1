//! Follows rules that another process changes, such as `wolf_server rules import`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::adapters::detector::DetectorHandle;
use crate::adapters::pg::RulesListener;

/// Without a notification: looked at anyway, in case one was lost.
const EVERY: Duration = Duration::from_secs(30);
const RECONNECT: Duration = Duration::from_secs(1);

/// Runs until `stop` turns true. `listener` is connected already: from the first moment of the server, commands wait for it.
pub async fn follow_rules(
    detector: Arc<DetectorHandle>,
    url: String,
    listener: RulesListener,
    mut stop: watch::Receiver<bool>,
) {
    let mut connected = Some(listener);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            lost = listen(&detector, &url, connected.take()) => {
                tracing::warn!(error = %lost, "not listening for changed rules; connecting anew");
            }
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(RECONNECT) => {}
        }
    }
}

/// Ends with the reason why it cannot go on.
async fn listen(detector: &DetectorHandle, url: &str, connected: Option<RulesListener>) -> anyhow::Error {
    let connecting = async {
        match connected {
            Some(listener) => Ok(listener),
            None => RulesListener::connect(url).await,
        }
    };
    let mut listener = match connecting.await {
        Ok(listener) => listener,
        Err(error) => return error.into(),
    };
    loop {
        // Also right after connecting: what changed before nobody heard.
        if let Err(error) = detector.follow().await {
            return error;
        }
        if let Ok(Err(error)) = tokio::time::timeout(EVERY, listener.changed()).await {
            return error.into();
        }
    }
}
