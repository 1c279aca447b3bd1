//! PostgreSQL's binary COPY format for events.

use std::net::IpAddr;

use wolfsec::Timestamp;
use wolfsec::events::NewEvent;

use super::text::storable;

/// The order in which [`CopyBuffer::push`] writes; kept in one text per target so that statements stay literals.
pub(super) const INTO_EVENTS: &str = "COPY events (ts, id, received_at, peer_id, logsource_id, severity, time_adjusted, \
     sanitised, source_ip, destination_ip, host_name, user_name, process_name, event_code, event_outcome, message, \
     fields) FROM STDIN (FORMAT BINARY)";
/// The same into the temporary table of a batch that met duplicates.
pub(super) const INTO_INCOMING: &str = "COPY pg_temp.incoming_events (ts, id, received_at, peer_id, logsource_id, severity, \
     time_adjusted, sanitised, source_ip, destination_ip, host_name, user_name, process_name, event_code, event_outcome, \
     message, fields) FROM STDIN (FORMAT BINARY)";

const COLUMNS: i16 = 17;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// 2000-01-01, PostgreSQL's epoch, in microseconds of Unix time.
const EPOCH: i64 = 946_684_800_000_000;
/// PostgreSQL's address families.
const INET4: u8 = 2;
const INET6: u8 = 3;

/// A growing COPY stream.
pub(super) struct CopyBuffer(Vec<u8>);

impl CopyBuffer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(bytes + SIGNATURE.len() + 10);
        buffer.extend_from_slice(SIGNATURE);
        buffer.extend_from_slice(&[0; 8]); // no flags, no header extension
        Self(buffer)
    }

    pub(super) fn push(&mut self, event: &NewEvent, logsource_id: i32) {
        self.0.extend_from_slice(&COLUMNS.to_be_bytes());
        self.timestamp(event.ts);
        self.field(event.id.0.as_bytes());
        self.timestamp(event.received_at);
        self.field(event.peer.0.as_bytes());
        self.field(&logsource_id.to_be_bytes());
        self.field(&event.severity.rank().to_be_bytes());
        self.field(&[u8::from(event.time_adjusted)]);
        self.field(&[u8::from(event.sanitised)]);
        let columns = &event.columns;
        self.address(columns.source_ip.as_deref());
        self.address(columns.destination_ip.as_deref());
        self.text(columns.host_name.as_deref());
        self.text(columns.user_name.as_deref());
        self.text(columns.process_name.as_deref());
        self.text(columns.event_code.as_deref());
        self.text(columns.event_outcome.as_deref());
        self.text(Some(&event.message));
        self.field(event.fields.as_bytes());
    }

    /// Ends the stream.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&(-1_i16).to_be_bytes());
        self.0
    }

    fn length(&mut self, bytes: usize) {
        // Lines are at most a mebibyte: no field comes near the bound.
        self.0
            .extend_from_slice(&i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes());
    }
    fn null(&mut self) {
        self.0.extend_from_slice(&(-1_i32).to_be_bytes());
    }
    fn field(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }
    fn timestamp(&mut self, at: Timestamp) {
        self.field(&(at.timestamp_micros() - EPOCH).to_be_bytes());
    }
    fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.field(storable(text).as_bytes()),
            None => self.null(),
        }
    }
    /// Addresses are validated by whoever made the event; what is none would abort the batch and is left out.
    fn address(&mut self, text: Option<&str>) {
        match text.and_then(|text| text.parse::<IpAddr>().ok()) {
            Some(IpAddr::V4(v4)) => self.field(&[&[INET4, 32, 0, 4][..], &v4.octets()].concat()),
            Some(IpAddr::V6(v6)) => self.field(&[&[INET6, 128, 0, 16][..], &v6.octets()].concat()),
            None => self.null(),
        }
    }
}
