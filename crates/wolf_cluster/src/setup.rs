//! Making the database, once: either it is there entirely or not at all.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::account::{Account, run};
use crate::credentials::{APP, Credentials, OWNER, SUPERUSER};
use crate::layout::Layout;
use crate::programs::Programs;
use crate::{ClusterError, ClusterOptions, DATABASE};

/// Local connections only, each with a password. There is no line for TCP, and PostgreSQL does not listen there.
const HBA: &str = "# Written by Wolfsec.\nlocal all all scram-sha-256\n";

pub(crate) fn initialise(
    programs: &Programs,
    account: &Account,
    layout: &Layout,
    credentials: &Credentials,
    options: &ClusterOptions,
) -> Result<(), ClusterError> {
    let data = layout.data();
    if data.exists() {
        return Ok(());
    }
    tracing::info!(folder = %data.display(), version = programs.major, "making the database");
    let fresh = layout.pg.join("data.init");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(ClusterError::io(&fresh))?;
    }
    init_files(programs, account, layout, credentials, options, &fresh)?;
    account.write_file(&fresh.join("pg_hba.conf"), HBA)?;
    account.write_file(&fresh.join("wolfsec.conf"), &settings(layout, options))?;
    let main = fresh.join("postgresql.conf");
    let given = fs::read_to_string(&main).map_err(ClusterError::io(&main))?;
    account.write_file(
        &main,
        &format!("{given}\n# Wolfsec's settings, written at every start.\ninclude 'wolfsec.conf'\n"),
    )?;

    single_user(programs, account, &fresh, "postgres", &roles_and_database(credentials))?;
    single_user(programs, account, &fresh, DATABASE, &schema())?;
    fs::rename(&fresh, &data).map_err(ClusterError::io(&data))
}

fn init_files(
    programs: &Programs,
    account: &Account,
    layout: &Layout,
    credentials: &Credentials,
    options: &ClusterOptions,
    fresh: &Path,
) -> Result<(), ClusterError> {
    let password_file = layout.pg.join("superuser-password");
    let attempt = |locale: &[&str]| {
        account.write_file(&password_file, &credentials.superuser)?;
        let mut command = account.command(&programs.initdb);
        command.arg("--pgdata").arg(fresh).arg("--pwfile").arg(&password_file);
        command.args([
            "--username",
            SUPERUSER,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-instructions",
        ]);
        command.args(locale);
        command.arg(if options.durable {
            "--data-checksums"
        } else {
            "--no-sync"
        });
        let outcome = run("initdb", &mut command);
        fs::remove_file(&password_file).map_err(ClusterError::io(&password_file))?;
        outcome.map(drop)
    };
    // Byte order sorts and indexes fastest; the character classes are Unicode's where the system has them.
    attempt(&[
        "--lc-collate=C",
        "--lc-ctype=C.UTF-8",
        "--lc-messages=C",
        "--lc-monetary=C",
        "--lc-numeric=C",
        "--lc-time=C",
    ])
    .or_else(|_| attempt(&["--no-locale"]))
}

/// Settings of a small private cluster. Change them with `ALTER SYSTEM`, whose file is read after this one.
pub(crate) fn settings(layout: &Layout, options: &ClusterOptions) -> String {
    let quote = |path: &Path| path.display().to_string().replace('\'', "''");
    let on = |value: bool| if value { "on" } else { "off" };
    format!(
        "# Written by Wolfsec at every start. Use ALTER SYSTEM to change a setting.\n\
         listen_addresses = ''\n\
         port = 5432\n\
         unix_socket_directories = '{run}'\n\
         unix_socket_permissions = 0700\n\
         password_encryption = 'scram-sha-256'\n\
         shared_buffers = '256MB'\n\
         max_connections = 60\n\
         max_wal_size = '4GB'\n\
         jit = off\n\
         autovacuum = on\n\
         fsync = {durable}\n\
         synchronous_commit = {durable}\n\
         full_page_writes = {durable}\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         logging_collector = on\n\
         log_directory = '{log}'\n\
         log_filename = 'postgresql-%a.log'\n\
         log_truncate_on_rotation = on\n\
         log_rotation_age = '1d'\n\
         log_rotation_size = 0\n",
        run = quote(&layout.run),
        log = quote(&layout.log()),
        durable = on(options.durable),
    )
}

/// Neither role may make databases or roles. The owner's migrations grant to the application what it needs.
fn roles_and_database(credentials: &Credentials) -> String {
    let limits = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS LOGIN PASSWORD";
    format!(
        "CREATE ROLE {OWNER} {limits} '{owner}'\n\
         CREATE ROLE {APP} {limits} '{app}'\n\
         CREATE DATABASE {DATABASE} OWNER {OWNER}\n\
         REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC\n\
         GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP}\n\
         REVOKE CONNECT ON DATABASE postgres FROM PUBLIC\n",
        owner = credentials.owner,
        app = credentials.app,
    )
}

fn schema() -> String {
    format!(
        "ALTER SCHEMA public OWNER TO {OWNER}\n\
         REVOKE ALL ON SCHEMA public FROM PUBLIC\n\
         GRANT USAGE ON SCHEMA public TO {APP}\n"
    )
}

/// Runs one statement a line without a server and without a client program: nobody else can be connected.
fn single_user(
    programs: &Programs,
    account: &Account,
    data: &Path,
    database: &str,
    statements: &str,
) -> Result<(), ClusterError> {
    let mut command = account.command(&programs.postgres);
    command.arg("--single").arg("-D").arg(data).args([
        "-c",
        "exit_on_error=true",
        "-c",
        "log_statement=none",
        "-c",
        "log_min_error_statement=panic",
        "-c",
        "logging_collector=off",
        database,
    ]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(ClusterError::io(&programs.postgres))?;
    if let Some(mut input) = child.stdin.take() {
        // A backend that already gave up closes its end: what it said is reported below.
        let _ = input.write_all(statements.as_bytes());
    }
    let output = child.wait_with_output().map_err(ClusterError::io(&programs.postgres))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Command {
        action: "setting up roles and database",
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
