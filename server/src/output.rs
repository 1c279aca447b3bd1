//! Standard output: what commands answer, and the two lines of a start.

use std::io::Write as _;

use anyhow::Context as _;

/// What the command answers goes to standard output; logs go to standard error.
pub fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("writing to standard output")
}
