use std::io::{Cursor, Write as _};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

fn rule(id: u8) -> String {
    format!(
        "title: Rule {id}\nid: 00000000-0000-4000-8000-0000000000{id:02}\nlogsource:\n  product: linux\ndetection:\n  \
         selection:\n    a: b\n  condition: selection\n"
    )
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn unpacked(archive: &[u8]) -> Result<RulePack, PackError> {
    archive::unpack("pack".to_owned(), archive)
}

fn reason(outcome: Result<RulePack, PackError>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn rule_files_are_taken_and_strange_ones_named() {
    let good = rule(1);
    let large = vec![b'#'; MAX_FILE_BYTES + 1];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, bytes) in [
        ("rules/a.yml", good.as_bytes()),
        ("rules/b.YAML", good.as_bytes()),
        ("README.md", b"x".as_slice()),
        ("../out.yml", good.as_bytes()),
        ("/etc/abs.yml", good.as_bytes()),
        ("c:\\win.yml", good.as_bytes()),
        ("large.yml", &large),
        ("latin.yml", b"title: \xe4"),
    ] {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.add_symlink("link.yml", "/etc/passwd", options).unwrap();
    let pack = unpacked(&writer.finish().unwrap().into_inner()).unwrap();
    let taken: Vec<_> = pack.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(taken, ["rules/a.yml", "rules/b.YAML"]);
    let refused: Vec<_> = pack
        .refused
        .iter()
        .map(|file| (file.path.as_str(), file.reason.as_str()))
        .collect();
    assert_eq!(
        refused,
        [
            ("../out.yml", "its path leads out of the archive"),
            ("/etc/abs.yml", "its path is absolute or not a portable one"),
            ("c:\\win.yml", "its path is absolute or not a portable one"),
            ("large.yml", "is larger than 1 MiB"),
            ("latin.yml", "is not UTF-8 text"),
            ("link.yml", "is a symbolic link"),
        ]
    );
}

#[test]
fn a_broken_archive_gives_nothing() {
    let whole = zip_of(&[("a.yml", rule(1).repeat(50).as_bytes())]);
    assert!(reason(unpacked(b"PK no archive")).contains("cannot be read"));
    assert!(reason(unpacked(&whole[..whole.len() / 2])).contains("cannot be read"));
    let mut bent = whole;
    bent[60] ^= 0x55;
    assert!(reason(unpacked(&bent)).contains("cannot be read"));
    assert!(reason(unpacked(&zip_of(&[("README.md", b"x")]))).contains("no .yml"));
}

#[test]
fn a_bomb_stops_at_the_bounds() {
    let file = vec![b'#'; MAX_FILE_BYTES];
    let names: Vec<String> = (0..=MAX_TOTAL_BYTES / MAX_FILE_BYTES)
        .map(|n| format!("{n}.yml"))
        .collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), file.as_slice())).collect();
    let archive = zip_of(&entries);
    assert!(archive.len() < MAX_FILE_BYTES, "it is a bomb");
    assert!(reason(unpacked(&archive)).contains("more than 64 MiB"));
    let names: Vec<String> = (0..=MAX_ENTRIES).map(|n| n.to_string()).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), [].as_slice())).collect();
    assert!(reason(unpacked(&zip_of(&entries))).contains("20000 entries"));
}

#[test]
fn sizes_in_the_header_are_not_believed() {
    let file = vec![b'#'; 3 * MAX_FILE_BYTES];
    let mut archive = zip_of(&[("a.yml", &file)]);
    // The unpacked size in the central directory (APPNOTE.TXT, 4.3.12): one byte.
    let central = archive.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    archive[central + 24..central + 28].copy_from_slice(&1_u32.to_le_bytes());
    match unpacked(&archive) {
        Ok(pack) => assert_eq!(pack.refused[0].reason, "is larger than 1 MiB"),
        Err(error) => assert!(error.to_string().contains("cannot be read"), "{error}"),
    }
}

#[test]
fn a_folder_is_read_without_following_links() {
    let folder = std::env::temp_dir().join(format!("wolfsec-pack-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("pack/deep/.git")).unwrap();
    std::fs::write(folder.join("outside.yml"), rule(9)).unwrap();
    std::fs::write(folder.join("pack/deep/a.yml"), rule(1)).unwrap();
    std::fs::write(folder.join("pack/deep/.git/b.yml"), rule(2)).unwrap();
    std::os::unix::fs::symlink(folder.join("outside.yml"), folder.join("pack/link.yml")).unwrap();
    std::os::unix::fs::symlink("/etc", folder.join("pack/etc")).unwrap();
    let pack = read_folder(&folder.join("pack")).unwrap();
    assert_eq!(pack.name, "pack");
    assert_eq!(pack.files.len(), 1);
    assert_eq!(pack.files[0].path, "deep/a.yml");
    assert_eq!(pack.refused.len(), 1);
    assert_eq!(pack.refused[0].path, "link.yml");
    assert!(read_folder(&folder.join("none")).is_err());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_stored_is_refused_by_name() {
    let now: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    let file = |path: &str, yaml: String| wolfsec::rules::RuleText {
        path: path.to_owned(),
        yaml,
    };
    let waiting = rule(3).replace("a: b", "a|expand: '%admins%'");
    let pack = RulePack {
        name: "pack".to_owned(),
        files: vec![
            file("a.yml", rule(1)),
            file("b.yml", rule(2).replace("Rule 2", &"x".repeat(MAX_TITLE_BYTES + 1))),
            file("c.yml", waiting),
            file("d.yml", "title: [".to_owned()),
            file(
                "e.yml",
                "title: F\nlogsource:\n  product: linux\nfilter:\n  rules:\n    - Rule 1\n  selection:\n    a: c\n  condition: \
                 not selection\n"
                    .to_owned(),
            ),
            file("f.yml", rule(6) + "references:\n  - \"a\\0b\"\n"),
        ],
        refused: Vec::new(),
    };
    let judged = judge(pack, now);
    let taken: Vec<_> = judged
        .rules
        .iter()
        .map(|rule| (rule.path.as_str(), rule.state))
        .collect();
    assert_eq!(taken, [("a.yml", RuleState::Usable), ("c.yml", RuleState::NeedsValues)]);
    assert!(
        judged
            .rules
            .iter()
            .all(|rule| rule.origin == RuleOrigin::Imported && rule.pack == "pack")
    );
    let refused: Vec<_> = judged.refused.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(refused, ["b.yml", "d.yml", "e.yml", "f.yml"]);
}
