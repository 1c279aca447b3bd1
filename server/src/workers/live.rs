//! Listens to the live feed, for all streams of this server, and counts what pages show in place. A lost connection is
//! made again with growing pauses; streams are then told to catch up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use wolfsec::live::{LiveCounters, LiveCursor, LiveNotice, OpenAlerts};
use wolfsec::ports::{LiveFeed, LiveListener, RepositoryResult};
use wolfsec_app::UseCases;

use crate::live::{LiveHub, Message, Meter};

/// The figures are read again this often, and [`SOON`] after alerts changed.
const SAMPLE_EVERY: Duration = Duration::from_secs(5);
/// A burst of changes is counted once.
const SOON: Duration = Duration::from_millis(250);
/// Sessions end by time too, which nobody tells.
const LOOK_AT_SESSIONS_EVERY: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Notices that wait for this worker; beyond them the feed itself waits.
const WAITING_NOTICES: usize = 256;

/// Runs until `stop` turns true. `first` is what listening at start-up answered: no stream was open before it.
pub async fn live(
    feed: Arc<dyn LiveFeed>,
    first: RepositoryResult<Box<dyn LiveListener>>,
    use_cases: UseCases,
    hub: LiveHub,
    mut stop: watch::Receiver<bool>,
) {
    let mut worker = Worker {
        use_cases,
        hub,
        meter: Meter::default(),
        heard: None,
        told: None,
    };
    let mut pause = FIRST_PAUSE;
    let mut listening = first;
    loop {
        match listening {
            Ok(listener) => {
                pause = FIRST_PAUSE;
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => return,
                    why = worker.listen(listener) => tracing::warn!(why, "live updates are not heard; listening again"),
                }
            }
            Err(error) => tracing::warn!(%error, "live updates are not heard; tried again soon"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        listening = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            listening = feed.listen() => listening,
        };
        if listening.is_ok() {
            tracing::info!("live updates are heard again");
            worker.hub.publish(Message::Resync);
        }
    }
}

struct Worker {
    use_cases: UseCases,
    hub: LiveHub,
    meter: Meter,
    /// The newest change that was heard.
    heard: Option<LiveCursor>,
    /// The last counters, so that the same ones are not sent again.
    told: Option<LiveCounters>,
}

impl Worker {
    /// Says why it ended.
    async fn listen(&mut self, listener: Box<dyn LiveListener>) -> String {
        let (sender, mut notices) = mpsc::channel(WAITING_NOTICES);
        // A task of its own, as waiting for a notice must not be cut short; it ends with this function.
        let mut ear = JoinSet::new();
        ear.spawn(pump(listener, sender));
        let mut sample = tokio::time::interval(SAMPLE_EVERY);
        sample.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut look = tokio::time::interval(LOOK_AT_SESSIONS_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut soon: Option<Instant> = None;
        self.heard = None;
        let mut expected = None;
        loop {
            tokio::select! {
                notice = notices.recv() => match notice {
                    Some(Ok(LiveNotice::Alerts(change))) => {
                        self.heard = self.heard.max(Some(change.cursor));
                        match serde_json::to_string(&change) {
                            Ok(text) => self.hub.publish(Message::Alerts(change.cursor, text.into())),
                            Err(error) => tracing::error!(%error, "a change was not told"),
                        }
                        soon.get_or_insert(Instant::now() + SOON);
                    }
                    Some(Ok(LiveNotice::Access)) => self.look_at_sessions().await,
                    Some(Err(error)) => return error.to_string(),
                    None => return "the listener ended".to_owned(),
                },
                _ = sample.tick() => {
                    let head = self.count().await;
                    // A change that was committed before the last sample must have been heard by now.
                    if expected.is_some() && self.heard < expected {
                        return "changes are committed that are not heard".to_owned();
                    }
                    if self.heard.is_none() {
                        self.heard = head;
                    }
                    expected = head.or(expected);
                }
                () = tokio::time::sleep_until(soon.unwrap_or_else(Instant::now)), if soon.is_some() => {
                    soon = None;
                    self.count().await;
                }
                _ = look.tick() => self.look_at_sessions().await,
            }
        }
    }

    /// Reads the figures and tells them when they changed; says where the sequence of changes stands.
    async fn count(&mut self) -> Option<LiveCursor> {
        let sample = match self.use_cases.live_sample().await {
            Ok(sample) => sample,
            Err(error) => {
                tracing::debug!(%error, "the live counters wait");
                return None;
            }
        };
        let minute = self.meter.read(sample.at, sample.totals);
        let counters = LiveCounters {
            open: OpenAlerts::from(&sample.counts),
            events_last_minute: minute.map(|minute| minute.events),
            rejects_last_minute: minute.map(|minute| minute.rejects),
        };
        if self.told.as_ref() != Some(&counters) {
            match serde_json::to_string(&counters) {
                Ok(text) => self.hub.publish(Message::Counters(text.into())),
                Err(error) => tracing::error!(%error, "the counters were not told"),
            }
            self.told = Some(counters);
        }
        Some(sample.head)
    }

    async fn look_at_sessions(&self) {
        let asked = self.hub.sessions();
        if asked.is_empty() {
            return;
        }
        match self.use_cases.live_sessions(&asked).await {
            Ok(live) => self.hub.end_others(&asked, &live),
            Err(error) => tracing::warn!(%error, "sessions of live streams were not looked at; tried again soon"),
        }
    }
}

async fn pump(mut listener: Box<dyn LiveListener>, sender: mpsc::Sender<RepositoryResult<LiveNotice>>) {
    loop {
        let notice = listener.next().await;
        let last = notice.is_err();
        if sender.send(notice).await.is_err() || last {
            return;
        }
    }
}
