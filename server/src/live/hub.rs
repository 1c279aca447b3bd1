//! The open streams: counted, fed, and ended when their session ends or the server stops.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};
use wolfsec::ids::SessionId;
use wolfsec::live::LiveCursor;

/// Messages a slow stream may be behind; then it is told to catch up instead.
const CAPACITY: usize = 256;

/// What a stream sends; the text is made once for all streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// JSON of an `AlertChange`.
    Alerts(LiveCursor, Arc<str>),
    /// JSON of `LiveCounters`.
    Counters(Arc<str>),
    /// Something was missed: ask for it by cursor.
    Resync,
}

/// Why a stream was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// This session, or the server, has as many as it may.
    TooMany,
    /// The server is stopping.
    Stopping,
}

/// Shared by the worker that listens and the handlers that stream; cheap to clone.
#[derive(Clone)]
pub struct LiveHub(Arc<Shared>);

struct Shared {
    sender: broadcast::Sender<Message>,
    streams: Mutex<Streams>,
    most_per_session: usize,
    most: usize,
}

#[derive(Default)]
struct Streams {
    sessions: HashMap<SessionId, Streaming>,
    count: usize,
    stopping: bool,
    /// Given to each new stream, so that a page need not wait for the next change.
    counters: Option<Arc<str>>,
}

struct Streaming {
    count: usize,
    ended: watch::Sender<bool>,
}

impl LiveHub {
    pub fn new(most_per_session: usize, most: usize) -> Self {
        Self(Arc::new(Shared {
            sender: broadcast::Sender::new(CAPACITY),
            streams: Mutex::default(),
            most_per_session,
            most,
        }))
    }

    /// Opens a stream. What is published from now on reaches it.
    pub fn open(&self, session: SessionId) -> Result<LiveStream, Refusal> {
        let mut streams = self.0.lock();
        if streams.stopping {
            return Err(Refusal::Stopping);
        }
        let open = streams.sessions.get(&session).map_or(0, |streaming| streaming.count);
        if open >= self.0.most_per_session || streams.count >= self.0.most {
            return Err(Refusal::TooMany);
        }
        streams.count += 1;
        let counters = streams.counters.clone();
        let streaming = streams.sessions.entry(session).or_insert_with(|| Streaming {
            count: 0,
            ended: watch::Sender::new(false),
        });
        streaming.count += 1;
        Ok(LiveStream {
            ended: streaming.ended.subscribe(),
            receiver: self.0.sender.subscribe(),
            counters,
            place: Place {
                shared: Arc::clone(&self.0),
                session,
            },
        })
    }

    /// To every open stream.
    pub fn publish(&self, message: Message) {
        if let Message::Counters(text) = &message {
            self.0.lock().counters = Some(Arc::clone(text));
        }
        // Nobody may be listening.
        let _ = self.0.sender.send(message);
    }

    /// Sessions with open streams.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.0.lock().sessions.keys().copied().collect()
    }

    /// Ends the streams of those of `asked` that are not in `live`.
    pub fn end_others(&self, asked: &[SessionId], live: &[SessionId]) {
        let live: HashSet<&SessionId> = live.iter().collect();
        let streams = self.0.lock();
        for session in asked.iter().filter(|session| !live.contains(session)) {
            if let Some(streaming) = streams.sessions.get(session) {
                streaming.ended.send_replace(true);
            }
        }
    }

    /// Ends all streams and opens no more.
    pub fn stop(&self) {
        let mut streams = self.0.lock();
        streams.stopping = true;
        for streaming in streams.sessions.values() {
            streaming.ended.send_replace(true);
        }
    }
}

impl Shared {
    /// A panic elsewhere leaves the counts as they are, which is right.
    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open stream; dropping it gives its place back.
pub struct LiveStream {
    receiver: broadcast::Receiver<Message>,
    ended: watch::Receiver<bool>,
    counters: Option<Arc<str>>,
    place: Place,
}

impl LiveStream {
    /// The last figures that were published before it opened.
    pub fn counters(&mut self) -> Option<Arc<str>> {
        self.counters.take()
    }

    /// Waits for the next message; `None` once the session has ended or the server stops.
    pub async fn next(&mut self) -> Option<Message> {
        tokio::select! {
            biased;
            // An error says that the session's entry is gone, which it is not while this place is held.
            _ = self.ended.wait_for(|ended| *ended) => None,
            received = self.receiver.recv() => match received {
                Ok(message) => Some(message),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(Message::Resync),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }

    pub const fn session(&self) -> SessionId {
        self.place.session
    }
}

struct Place {
    shared: Arc<Shared>,
    session: SessionId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.shared.lock();
        streams.count = streams.count.saturating_sub(1);
        if let Some(streaming) = streams.sessions.get_mut(&self.session) {
            streaming.count -= 1;
            if streaming.count == 0 {
                streams.sessions.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(n: u128) -> SessionId {
        SessionId(uuid::Uuid::from_u128(n))
    }
    fn change(n: i64) -> Message {
        Message::Alerts(LiveCursor(n), Arc::from("{}"))
    }

    #[tokio::test]
    async fn streams_are_bounded_and_give_their_place_back() {
        let hub = LiveHub::new(2, 3);
        let first = hub.open(session(1)).ok().unwrap();
        let _second = hub.open(session(1)).ok().unwrap();
        assert_eq!(hub.open(session(1)).err(), Some(Refusal::TooMany));
        let _third = hub.open(session(2)).ok().unwrap();
        assert_eq!(hub.open(session(3)).err(), Some(Refusal::TooMany));
        drop(first);
        assert!(hub.open(session(1)).is_ok());
        assert_eq!(hub.0.lock().count, 2);
    }

    #[tokio::test]
    async fn a_slow_stream_is_told_to_catch_up_and_goes_on() {
        let hub = LiveHub::new(1, 1);
        let mut stream = hub.open(session(1)).ok().unwrap();
        let many = i64::try_from(CAPACITY).unwrap() + 10;
        for n in 1..=many {
            hub.publish(change(n));
        }
        assert_eq!(stream.next().await, Some(Message::Resync));
        assert_eq!(stream.next().await, Some(change(11)), "the newest ones are still there");
    }

    #[tokio::test]
    async fn an_ended_session_ends_its_streams_only() {
        let hub = LiveHub::new(2, 9);
        let mut gone = hub.open(session(1)).ok().unwrap();
        let mut stays = hub.open(session(2)).ok().unwrap();
        let mut asked = hub.sessions();
        asked.sort();
        assert_eq!(asked, [session(1), session(2)]);
        // Opened after the question was put: not meant.
        let mut late = hub.open(session(3)).ok().unwrap();
        hub.end_others(&asked, &[session(2)]);
        hub.publish(change(1));
        assert_eq!(gone.next().await, None);
        assert_eq!(stays.next().await, Some(change(1)));
        assert_eq!(late.next().await, Some(change(1)));
        hub.stop();
        assert_eq!(stays.next().await, None);
        assert_eq!(hub.open(session(4)).err(), Some(Refusal::Stopping));
    }
}
