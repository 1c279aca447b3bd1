use std::sync::Barrier;
use std::thread;

use super::*;
use crate::chain::{GENESIS, seal};

/// A directory of its own, removed at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let mut tag = [0; 8];
        random::fill(&mut tag).unwrap();
        let dir = std::env::temp_dir().join(format!("wolf_den-{:016x}", u64::from_be_bytes(tag)));
        DirBuilder::new().mode(0o700).create(&dir).unwrap();
        Self(dir)
    }

    fn keys(&self) -> PathBuf {
        self.0.join("state/keys")
    }

    fn key_file(&self) -> PathBuf {
        self.keys().join(AUDIT_KEY_FILE)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Tells keys apart without looking at them.
fn mark(ring: &KeyRing) -> [u8; 32] {
    seal(ring.audit_key(), 1, &GENESIS, b"mark")
}

#[test]
fn makes_a_key_once_and_reads_it_again() {
    let scratch = Scratch::new();
    let first = KeyRing::load_or_create(&scratch.keys()).unwrap();
    assert!(first.created());
    assert_eq!(mode(&scratch.keys()), 0o700);
    assert_eq!(mode(&scratch.key_file()), 0o600);
    let text = fs::read(scratch.key_file()).unwrap();
    assert_eq!(text.len(), 65);
    assert!(text[..64].iter().all(u8::is_ascii_hexdigit) && text[64] == b'\n');

    let again = KeyRing::load_or_create(&scratch.keys()).unwrap();
    assert!(!again.created());
    assert_eq!(mark(&again), mark(&first));
    assert_eq!(mark(&KeyRing::load(&scratch.keys()).unwrap()), mark(&first));
    assert_eq!(
        fs::read_dir(scratch.keys()).unwrap().count(),
        1,
        "nothing is left behind"
    );
}

#[test]
fn keys_differ() {
    let (one, two) = (Scratch::new(), Scratch::new());
    let one = KeyRing::load_or_create(&one.keys()).unwrap();
    let two = KeyRing::load_or_create(&two.keys()).unwrap();
    assert_ne!(mark(&one), mark(&two));
}

#[test]
fn racing_starts_get_the_same_key() {
    for _ in 0..8 {
        let scratch = Scratch::new();
        let barrier = Barrier::new(8);
        let rings: Vec<KeyRing> = thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        KeyRing::load_or_create(&scratch.keys()).unwrap()
                    })
                })
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(rings.iter().all(|ring| mark(ring) == mark(&rings[0])));
        assert_eq!(rings.iter().filter(|ring| ring.created()).count(), 1);
        assert_eq!(fs::read_dir(scratch.keys()).unwrap().count(), 1);
    }
}

#[test]
fn an_exposed_file_is_refused_with_the_remedy() {
    let scratch = Scratch::new();
    KeyRing::load_or_create(&scratch.keys()).unwrap();
    for exposed in [0o640, 0o604, 0o620, 0o644, 0o666] {
        set_mode(&scratch.key_file(), exposed);
        let error = KeyRing::load_or_create(&scratch.keys()).unwrap_err();
        assert!(matches!(&error, KeyRingError::ExposedFile { mode, .. } if *mode == exposed));
        let text = error.to_string();
        assert!(
            text.contains(&format!("{exposed:04o}")) && text.contains("chmod 600"),
            "{text}"
        );
    }
    set_mode(&scratch.key_file(), 0o400);
    KeyRing::load_or_create(&scratch.keys()).unwrap();
}

#[test]
fn an_exposed_directory_is_refused_with_the_remedy() {
    let scratch = Scratch::new();
    KeyRing::load_or_create(&scratch.keys()).unwrap();
    for exposed in [0o770, 0o702, 0o1777] {
        set_mode(&scratch.keys(), exposed);
        let error = KeyRing::load(&scratch.keys()).unwrap_err();
        assert!(matches!(&error, KeyRingError::ExposedDir { mode, .. } if *mode == exposed));
        assert!(error.to_string().contains("chmod 700"), "{error}");
    }
    set_mode(&scratch.keys(), 0o755);
    KeyRing::load_or_create(&scratch.keys()).unwrap();
}

#[test]
fn a_damaged_file_is_refused_and_kept() {
    let scratch = Scratch::new();
    KeyRing::load_or_create(&scratch.keys()).unwrap();
    for text in [String::new(), "ab".repeat(31), "zz".repeat(32), "ab".repeat(1000)] {
        fs::write(scratch.key_file(), &text).unwrap();
        let error = KeyRing::load_or_create(&scratch.keys()).unwrap_err();
        assert!(matches!(error, KeyRingError::Malformed { .. }));
        assert_eq!(fs::read_to_string(scratch.key_file()).unwrap(), text);
    }
    fs::write(scratch.key_file(), "aB".repeat(32)).unwrap();
    KeyRing::load(&scratch.keys()).unwrap();
}

#[test]
fn load_makes_nothing() {
    let scratch = Scratch::new();
    let is_missing = |result: Result<KeyRing, KeyRingError>| matches!(result, Err(KeyRingError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound);
    assert!(is_missing(KeyRing::load(&scratch.keys())));
    assert!(!scratch.keys().exists());
    assert!(is_missing(KeyRing::load(&scratch.0)));
}

#[test]
fn debug_hides_the_keys() {
    let scratch = Scratch::new();
    let ring = KeyRing::load_or_create(&scratch.keys()).unwrap();
    assert_eq!(
        format!("{ring:?}"),
        "KeyRing { audit: ChainKey([redacted]), created: true }"
    );
}
