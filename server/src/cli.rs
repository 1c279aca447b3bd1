//! The command line. Exit codes: 0 done, 1 refused or failed with the reason on stderr, 2 wrong usage.

mod rules;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use wolfsec::identity::Role;
use wolfsec_app::Caller;

use self::rules::{as_json, as_text, import_rules};
use crate::config::{self, Flags, Settings};
use crate::output::say;
use crate::startup::{self, Installation};

/// Wolfsec: self-hosted security monitoring and response.
#[derive(Debug, Parser)]
#[command(name = "wolf_server", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Folder for configuration, keys and the embedded database.
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until SIGINT or SIGTERM.
    Serve(ServeArgs),
    /// Bring the database schema up to date.
    Migrate,
    /// Manage users.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage peers.
    #[command(subcommand)]
    Peer(PeerCommand),
    /// Manage API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage detection rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Check the audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the effective settings, secrets masked.
    Config {
        /// Print the documentation table of all keys instead.
        #[arg(long)]
        table: bool,
    },
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Development: log more.
    #[arg(long)]
    dev: bool,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a user; the password is read from standard input.
    Add {
        name: String,
        #[arg(long, value_parser = role)]
        role: Role,
    },
}

#[derive(Debug, Subcommand)]
enum PeerCommand {
    /// Add a peer and print its key, once, on the last line.
    Add { name: String },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Add an API token and print it, once, on the last line.
    Add {
        name: String,
        #[arg(long, value_parser = role)]
        role: Role,
    },
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Import the Sigma rules of a folder or a zip archive; rules that can run are switched on.
    Import {
        /// A folder, or a file that ends in .zip.
        path: PathBuf,
        /// Leave new rules switched off.
        #[arg(long)]
        disabled: bool,
        /// Print counts and refused files as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Walk the chain and name every defect.
    Verify,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|error: wolfsec::UnknownSlug| error.to_string())
}

impl Cli {
    /// Does what was asked; `site` is the one that is built into the program.
    pub async fn run(self, site: Option<&[u8]>) -> anyhow::Result<()> {
        let listen = match &self.command {
            Command::Serve(args) => args.listen,
            _ => None,
        };
        let settings = Settings::load(&Flags {
            listen,
            data_dir: self.data_dir,
        })?;
        let dev = matches!(&self.command, Command::Serve(args) if args.dev);
        let traces = startup::start_logging(&settings, dev)?;
        let outcome = Self::act(self.command, settings, site).await;
        if let Some(traces) = traces {
            tokio::task::spawn_blocking(|| traces.shut_down()).await?;
        }
        outcome
    }

    async fn act(command: Command, settings: Settings, site: Option<&[u8]>) -> anyhow::Result<()> {
        match command {
            Command::Serve(_) => startup::serve(settings, site).await,
            Command::Config { table: true } => say(&config::markdown_table()),
            Command::Config { table: false } => say(&config::show(&settings)),
            command => {
                let installation = Installation::open(&settings).await?;
                let outcome = offline(command, &installation).await;
                installation.close().await;
                outcome
            }
        }
    }
}

async fn offline(command: Command, installation: &Installation) -> anyhow::Result<()> {
    let use_cases = installation.use_cases();
    let caller = Caller::command_line();
    match command {
        // Opening an installation migrates it.
        Command::Migrate => say("the schema is up to date\n"),
        Command::User(UserCommand::Add { name, role }) => {
            let mut password = String::new();
            std::io::stdin()
                .take(4096)
                .read_to_string(&mut password)
                .context("reading the password from standard input")?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            use_cases.add_user(&caller, &name, role, password).await?;
            say(&format!("user {name} added with the role {role}\n"))
        }
        Command::Peer(PeerCommand::Add { name }) => {
            let enrolled = use_cases.add_peer(&caller, &name).await?;
            say(&format!("{}\n", enrolled.api_key))
        }
        Command::Token(TokenCommand::Add { name, role }) => {
            let token = use_cases.create_token(&caller, &name, role, None).await?;
            say(&format!("{token}\n"))
        }
        Command::Rules(RulesCommand::Import { path, disabled, json }) => {
            let import = import_rules(use_cases, &caller, &path, !disabled).await?;
            say(&if json { as_json(&import)? } else { as_text(&import) })
        }
        Command::Audit(AuditCommand::Verify) => {
            let report = use_cases.verify_audit(&caller).await?;
            if !report.is_intact() {
                bail!(
                    "the audit trail of {} entries does not verify:\n- {}",
                    report.entries,
                    report.defects.join("\n- ")
                );
            }
            say(&format!("the audit trail verifies: {} entries\n", report.entries))
        }
        Command::Serve(_) | Command::Config { .. } => Ok(()),
    }
}
