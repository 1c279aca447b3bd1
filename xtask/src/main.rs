//! `cargo xtask …`: sets up, builds, serves, tests and measures Wolfsec. Everything it says goes to stderr; stdout is the server's.

#![expect(
    clippy::print_stderr,
    reason = "a command line tool that reports its steps to the terminal"
)]

mod assets;
mod bench;
mod dist;
mod paths;
mod server;
mod setup;
mod step;
mod style;
mod supply;
mod test;
mod wasm;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use paths::Paths;
use step::Steps;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, serves and tests Wolfsec")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs what is missing, builds, and runs the server
    Serve {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// Folder of the database and of everything else that is kept
        #[arg(long, default_value = "./data")]
        data_dir: PathBuf,
        /// Build the server without optimisation, for faster rebuilds
        #[arg(long)]
        dev: bool,
        /// More arguments for `wolf_server serve`
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Builds the server and the site without running them
    Build {
        /// Build the server without optimisation
        #[arg(long)]
        dev: bool,
    },
    /// Makes the folder to install from: the server with everything inside, its systemd unit, its container file
    Dist {
        /// The folder; in the build folder unless given
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Measures the release server under load, each figure beside its bound
    Bench {
        /// More arguments for the measuring tool; `--help` lists them
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Checks and tests everything, browser included
    Test {
        /// Run one step alone: fmt, supply, clippy, clippy-wasm, tests or browser
        #[arg(long, value_name = "STEP")]
        only: Option<test::Only>,
    },
    /// Makes the pictures of every page anew; look at each before it is committed
    Snapshots {
        /// Build the server without optimisation
        #[arg(long)]
        dev: bool,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut steps = Steps::new();
    let outcome = Paths::find().and_then(|paths| match cli.command {
        Command::Serve {
            listen,
            data_dir,
            dev,
            rest,
        } => {
            let profile = server::Profile::from_dev(dev);
            server::build_all(&mut steps, &paths, profile)?;
            Err(server::exec(&paths, profile, &listen, &data_dir, &rest))
        }
        Command::Build { dev } => {
            server::build_all(&mut steps, &paths, server::Profile::from_dev(dev))?;
            steps.summary();
            Ok(())
        }
        Command::Dist { out } => dist::make(&mut steps, &paths, out),
        Command::Bench { rest } => bench::measure(&mut steps, &paths, &rest),
        Command::Test { only } => test::run(&mut steps, &paths, only),
        Command::Snapshots { dev } => test::snapshots(&mut steps, &paths, server::Profile::from_dev(dev)),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
