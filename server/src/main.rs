//! Parses arguments, runs, and turns the outcome into an exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use wolf_server::cli::Cli;

/// Pages' scripts, styles and pictures, packed by `cargo xtask`.
#[cfg(feature = "self-contained")]
const SITE: Option<&[u8]> = Some(include_bytes!(env!("WOLFSEC_SITE_ARCHIVE")));
#[cfg(not(feature = "self-contained"))]
const SITE: Option<&[u8]> = None;

fn main() -> ExitCode {
    // Wrong usage ends here with exit code 2.
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::from(error).context("starting the async runtime")),
    };
    match runtime.block_on(cli.run(SITE)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // Nothing more can be done when standard error is gone too.
    let _ = writeln!(std::io::stderr(), "wolf_server: {error:#}");
    ExitCode::FAILURE
}
