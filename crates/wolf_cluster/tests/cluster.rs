//! The cluster on a real PostgreSQL. Skipped, with a line that says so, where PostgreSQL or `psql` is not installed.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests say why they are skipped and fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use wolf_cluster::{Cluster, ClusterError, ClusterOptions, ServeLock, programs_installed};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wolf-cluster-{name}-{}", std::process::id()));
        Self(path)
    }

    fn options(&self) -> ClusterOptions {
        ClusterOptions::throw_away(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn can_run() -> bool {
    let psql = Command::new("psql").arg("--version").output().is_ok();
    let can = programs_installed() && psql;
    if !can {
        eprintln!("SKIPPED: needs PostgreSQL's server programs and psql");
    }
    can
}

fn psql(url: &str, statement: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args(["-X", "-At", "-w", "-c", statement, url])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

fn postmaster(folder: &Path) -> u32 {
    let text = std::fs::read_to_string(folder.join("pg/data/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

/// A process that is dead but not yet collected by its parent has no command line.
fn alive(pid: u32) -> bool {
    std::fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).is_ok_and(|line| !line.is_empty())
}

#[test]
fn two_roles_with_few_rights() {
    if !can_run() {
        return;
    }
    let folder = Folder::new("roles");
    let cluster = Cluster::start(&folder.options()).unwrap();
    let (owner, app) = (cluster.owner_url(), cluster.app_url());

    psql(&owner, "CREATE TABLE t (n int); GRANT SELECT ON t TO wolfsec_app").unwrap();
    assert_eq!(psql(&app, "SELECT count(*) FROM t").unwrap(), "0");
    assert!(
        psql(&app, "INSERT INTO t VALUES (1)")
            .unwrap_err()
            .contains("permission denied")
    );
    assert!(
        psql(&app, "CREATE TABLE u (n int)")
            .unwrap_err()
            .contains("permission denied")
    );
    assert!(
        psql(&owner, "CREATE DATABASE other")
            .unwrap_err()
            .contains("permission denied")
    );
    assert_eq!(psql(&app, "CREATE TEMP TABLE v (n int)").unwrap(), "CREATE TABLE");
    let roles = "SELECT string_agg(rolname, ',' ORDER BY 1) FROM pg_roles WHERE rolsuper AND rolcanlogin";
    assert_eq!(psql(&owner, roles).unwrap(), "wolfsec_super");
    assert_eq!(psql(&owner, "SELECT lower('ÄÖ')").unwrap(), "äö");

    let without_password = app.replace(app.split(['@', ':']).nth(2).unwrap(), "wrong");
    assert!(
        psql(&without_password, "SELECT 1")
            .unwrap_err()
            .contains("authentication failed")
    );

    psql(&cluster.superuser_url(), "CREATE DATABASE for_a_test").unwrap();
    let pid = postmaster(&folder.0);
    assert!(cluster.destroy().unwrap());
    assert!(!alive(pid));
    assert!(!folder.0.join("pg").exists());
}

fn kill_postmaster(folder: &Path) {
    let killed = postmaster(folder);
    let status = Command::new("kill").args(["-9", &killed.to_string()]).status();
    assert!(status.unwrap().success());
    while alive(killed) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn its_server_revives_a_killed_cluster() {
    if !can_run() {
        return;
    }
    let folder = Folder::new("revive");
    let options = ClusterOptions::new(&folder.0);
    let cluster = Cluster::start(&options).unwrap();
    assert!(Cluster::revive(&options).unwrap(), "it runs: nothing to do");
    kill_postmaster(&folder.0);
    assert!(!Cluster::revive(&options).unwrap());
    assert_eq!(psql(&cluster.app_url(), "SELECT 1").unwrap(), "1");
    cluster.destroy().unwrap();
}

#[test]
fn data_outlives_a_stop_and_a_kill() {
    if !can_run() {
        return;
    }
    let folder = Folder::new("kill");
    let options = ClusterOptions::new(&folder.0);
    let cluster = Cluster::start(&options).unwrap();
    psql(&cluster.owner_url(), "CREATE TABLE t AS SELECT 1 AS n").unwrap();
    assert!(cluster.stop().unwrap());

    let cluster = Cluster::start(&options).unwrap();
    assert_eq!(
        psql(&cluster.owner_url(), "INSERT INTO t VALUES (2)").unwrap(),
        "INSERT 0 1"
    );
    kill_postmaster(&folder.0);
    drop(cluster);

    let cluster = Cluster::start(&options).unwrap();
    assert_eq!(psql(&cluster.app_url(), "SHOW fsync").unwrap(), "on");
    assert_eq!(psql(&cluster.owner_url(), "SELECT sum(n) FROM t").unwrap(), "3");
    cluster.destroy().unwrap();
}

#[test]
fn a_database_whose_passwords_are_gone_says_where_it_is() {
    if !can_run() {
        return;
    }
    let folder = Folder::new("gone");
    let options = ClusterOptions::new(&folder.0);
    let cluster = Cluster::start(&options).unwrap();
    assert!(cluster.stop().unwrap());
    let (passwords, kept) = (folder.0.join("cluster-credentials"), folder.0.join("kept"));
    std::fs::rename(&passwords, &kept).unwrap();
    let refused = Cluster::start(&options).unwrap_err();
    assert!(matches!(refused, ClusterError::CredentialsGone { .. }), "{refused}");
    assert!(refused.to_string().contains("Put that file back"), "{refused}");
    std::fs::rename(&kept, &passwords).unwrap();
    Cluster::start(&options).unwrap().destroy().unwrap();
}

#[test]
fn a_second_server_is_refused_and_a_command_shares() {
    if !can_run() {
        return;
    }
    let folder = Folder::new("lock");
    let server = Cluster::start(&folder.options()).unwrap();
    let refused = Cluster::start(&folder.options()).unwrap_err();
    assert!(matches!(refused, ClusterError::Locked { .. }), "{refused}");
    assert!(refused.to_string().contains("another Wolfsec server"));
    assert!(ServeLock::acquire(&folder.0).is_err());

    let command = Cluster::attach_or_start(&folder.options()).unwrap();
    assert_eq!(command.app_url(), server.app_url());
    assert!(
        !command.stop().unwrap(),
        "a command leaves the server's database running"
    );
    assert_eq!(psql(&server.app_url(), "SELECT 1").unwrap(), "1");

    let pid = postmaster(&folder.0);
    drop(server);
    assert!(!alive(pid));
    let command = Cluster::attach_or_start(&folder.options()).unwrap();
    assert!(command.destroy().unwrap(), "a command alone starts and stops it");
}

#[test]
fn a_stale_process_id_is_cleared_and_a_live_cluster_adopted() {
    if !can_run() {
        return;
    }
    let folder = Folder::new("adopt");
    let cluster = Cluster::attach_or_start(&folder.options()).unwrap();
    let url = cluster.superuser_url();
    // A killed process runs no destructor and holds no lock.
    drop(Cluster::attach_or_start(&folder.options()).unwrap());
    let pid = postmaster(&folder.0);
    let adopted = Cluster::start(&folder.options()).unwrap();
    assert_eq!(postmaster(&folder.0), pid);
    assert_eq!(adopted.superuser_url(), url);
    drop(cluster);
    assert!(adopted.stop().unwrap());

    std::fs::write(
        folder.0.join("pg/data/postmaster.pid"),
        format!("{}\n", std::process::id()),
    )
    .unwrap();
    let cluster = Cluster::start(&folder.options()).unwrap();
    assert_eq!(psql(&cluster.app_url(), "SELECT 1").unwrap(), "1");
    cluster.destroy().unwrap();
}

#[test]
fn a_long_path_works() {
    if !can_run() {
        return;
    }
    let folder = Folder::new(&"long".repeat(25));
    let cluster = Cluster::start(&folder.options()).unwrap();
    assert_eq!(psql(&cluster.app_url(), "SELECT 1").unwrap(), "1");
    assert!(!cluster.socket_dir().starts_with(&folder.0));
    cluster.destroy().unwrap();
}

#[test]
fn below_a_closed_folder_root_uses_a_system_folder() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    if !can_run() {
        return;
    }
    let home = Folder::new("home");
    std::fs::create_dir(&home.0).unwrap();
    std::fs::set_permissions(&home.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    if std::fs::metadata(&home.0).unwrap().uid() != 0 {
        eprintln!("SKIPPED: concerns root only");
        return;
    }
    let data = home.0.join("data");
    let cluster = Cluster::start(&ClusterOptions::throw_away(&data)).unwrap();
    assert_eq!(psql(&cluster.app_url(), "SELECT 1").unwrap(), "1");
    let recorded = std::fs::read_to_string(data.join("pg-location")).unwrap();
    let place = Path::new(recorded.trim());
    assert!(place.starts_with("/var/lib/wolfsec"));
    assert_eq!(std::fs::metadata(place).unwrap().mode() & 0o777, 0o700);
    assert!(cluster.destroy().unwrap());
    assert!(!place.exists());
}
