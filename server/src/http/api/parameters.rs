//! Query parameters, read strictly: an unknown or repeated single-valued one is refused rather than ignored.

use std::str::FromStr;

use chrono::Utc;
use wolfsec::Timestamp;
use wolfsec::page::{Cursor, Limit};

use crate::http::error::ApiError;

/// The pairs of a query string.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Refuses names that the endpoint does not know.
    pub(super) fn read(pairs: Vec<(String, String)>, known: &[&str]) -> Result<Self, ApiError> {
        for (name, _) in &pairs {
            if !known.contains(&name.as_str()) {
                return Err(ApiError::bad_parameter(
                    name,
                    format!("is not known here; known are {}", known.join(", ")),
                ));
            }
        }
        Ok(Self(pairs))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(key, value)| key == name && !value.is_empty());
        let first = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(ApiError::bad_parameter(name, "is given more than once"));
        }
        Ok(first)
    }

    pub(super) fn parsed<T>(&self, name: &str) -> Result<Option<T>, ApiError>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.text(name)?
            .map(|text| text.parse().map_err(|error| ApiError::bad_parameter(name, error)))
            .transpose()
    }

    /// Comma-separated or repeated.
    pub(super) fn many<T>(&self, name: &str) -> Result<Vec<T>, ApiError>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        let values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','));
        values
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(|value| value.parse().map_err(|error| ApiError::bad_parameter(name, error)))
            .collect()
    }

    /// RFC 3339.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        // A `+` that was not escaped arrives as a blank.
        let parsed = chrono::DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
        let time =
            parsed.map_err(|_| ApiError::bad_parameter(name, "must be a time like 2026-01-31T12:00:00Z (RFC 3339)"))?;
        Ok(Some(time.with_timezone(&Utc)))
    }

    /// Refuses a span that ends before it begins, which nothing is in.
    pub(super) fn check_span(since: Option<Timestamp>, until: Option<Timestamp>) -> Result<(), ApiError> {
        match (since, until) {
            (Some(since), Some(until)) if until <= since => Err(ApiError::bad_parameter(
                "until",
                format!("must be after since, which is {}", since.to_rfc3339()),
            )),
            _ => Ok(()),
        }
    }

    /// 1 to 1000, 100 unless given.
    pub(super) fn limit(&self) -> Result<Limit, ApiError> {
        let rows = self.text("limit")?.map_or(Ok(100), str::parse::<u16>);
        rows.ok()
            .and_then(Limit::new)
            .ok_or_else(|| ApiError::bad_parameter("limit", "must be a whole number from 1 to 1000"))
    }

    pub(super) fn cursor(&self) -> Result<Option<Cursor>, ApiError> {
        self.parsed("cursor")
    }
}
