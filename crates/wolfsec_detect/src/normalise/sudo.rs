//! sudo's log line: `user : [refusal ;] KEY=value ; … ; COMMAND=command and arguments`, as in sudo's lib/eventlog/eventlog.c.
//! Which keys there are, and whether a refusal comes first, depends on version and settings; the order is fixed.

use std::collections::BTreeMap;

/// Parts a line's fields from each other.
const SEPARATOR: &str = " ; ";
const COMMAND: &str = " ; COMMAND=";
/// Assignments of the user's own; nothing behind them is sudo's word any more.
const ENVIRONMENT: &str = "ENV";

/// Fields of one line, or `None` when it is none.
pub(crate) fn read(line: &str) -> Option<BTreeMap<&str, &str>> {
    let (user, rest) = line.split_once(" : ")?;
    let (head, command) = rest.split_once(COMMAND)?;
    let user = user.trim();
    if user.is_empty() {
        return None;
    }
    let mut fields = BTreeMap::from([
        ("user.name", user),
        ("COMMAND", command.trim()),
        ("event.action", "sudo"),
    ]);
    let mut outcome = "success";
    let mut rest = head;
    while !rest.is_empty() {
        let (part, next) = rest.split_once(SEPARATOR).unwrap_or((rest, ""));
        match assignment(part) {
            Some((ENVIRONMENT, _)) => {
                fields.insert(ENVIRONMENT, rest.trim_start_matches("ENV="));
                break;
            }
            // The directory is the user's text, too: what sudo writes after it is what counts.
            Some((key, value)) if !value.is_empty() => {
                fields.insert(key, value);
            }
            None if rest.len() == head.len() => {
                outcome = "failure";
                read_refusal(part.trim(), &mut fields);
            }
            Some(_) | None => {}
        }
        rest = next;
    }
    fields.insert("event.outcome", outcome);
    Some(fields)
}

/// `KEY=value` with a key of capital letters.
fn assignment(part: &str) -> Option<(&str, &str)> {
    let (key, value) = part.trim().split_once('=')?;
    let capital = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_uppercase());
    capital.then_some((key, value))
}

/// Two refusals have had names of their own for rules; any other is called what sudo calls it.
fn read_refusal<'t>(text: &'t str, fields: &mut BTreeMap<&'t str, &'t str>) {
    let refusal = match text.split_once(" incorrect password attempt") {
        Some((attempts, _)) => {
            fields.insert("sudo.attempts", attempts);
            "incorrect password"
        }
        None if text == "user NOT in sudoers" => "not in sudoers",
        None => text,
    };
    fields.insert("sudo.refusal", refusal);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_setting_are_read() {
        for line in [
            "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/bash",
            "  alice : HOST=web-01 ; TTY=pts/0 ; PWD=/home/alice ; USER=root ; GROUP=adm ; COMMAND=/bin/bash",
            "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; TSID=000001 ; COMMAND=/bin/bash",
            "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; ENV=A=b ; COMMAND=/bin/bash",
            "alice : TTY=pts/0 ; CHROOT=/srv ; PWD=/home/alice ; USER=root ; ENV=A=b C=d ; COMMAND=/bin/bash",
            "alice : PWD=/home/alice ; USER=root ; COMMAND=/bin/bash",
        ] {
            let fields = read(line).unwrap();
            assert_eq!(fields["user.name"], "alice", "{line}");
            assert_eq!((fields["USER"], fields["COMMAND"]), ("root", "/bin/bash"), "{line}");
            assert_eq!(
                (fields["PWD"], fields["event.outcome"]),
                ("/home/alice", "success"),
                "{line}"
            );
            assert!(!fields.contains_key("sudo.refusal"), "{line}");
        }
    }

    #[test]
    fn refusals_are_named() {
        for (reason, refusal) in [
            ("command not allowed", "command not allowed"),
            ("user NOT in sudoers", "not in sudoers"),
            ("3 incorrect password attempts", "incorrect password"),
            ("1 incorrect password attempt", "incorrect password"),
            ("a password is required", "a password is required"),
        ] {
            let line = format!("bob : {reason} ; TTY=pts/1 ; PWD=/ ; USER=root ; ENV=A=b ; COMMAND=/bin/sh -c x");
            let fields = read(&line).unwrap();
            assert_eq!(
                (fields["sudo.refusal"], fields["event.outcome"]),
                (refusal, "failure"),
                "{line}"
            );
            assert_eq!(fields.contains_key("sudo.attempts"), refusal == "incorrect password");
        }
    }

    #[test]
    fn users_do_not_choose_what_sudo_says() {
        let fields = read("eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh -c x ; USER=bob ; COMMAND=y").unwrap();
        assert_eq!(
            (fields["USER"], fields["COMMAND"]),
            ("root", "/bin/sh -c x ; USER=bob ; COMMAND=y")
        );
        let fields = read("eve : TTY=pts/0 ; PWD=/ ; USER=root ; ENV=A=b ; USER=bob ; COMMAND=/bin/sh").unwrap();
        assert_eq!((fields["USER"], fields["ENV"]), ("root", "A=b ; USER=bob"));
        let fields = read("eve : TTY=pts/0 ; PWD=/tmp/x ; USER=bob ; USER=root ; COMMAND=/bin/sh").unwrap();
        assert_eq!(fields["USER"], "root");
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
            "alice : problem with defaults entries ; TTY=pts/0 ; PWD=/home/alice ; USER=root ;",
            "",
        ] {
            assert!(read(line).is_none(), "{line}");
        }
    }
}
