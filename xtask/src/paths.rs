//! Where the workspace and its products are.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

pub const OUTPUT_NAME: &str = "wolfsec";

pub struct Paths {
    pub root: PathBuf,
    pub target: PathBuf,
}

impl Paths {
    pub fn find() -> Result<Self> {
        // Asked when it runs: checkouts that share a target folder share this binary too.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask lies in the workspace")?.to_path_buf();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Self {
            target: std::path::absolute(target)?,
            root,
        })
    }

    pub fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    pub fn pkg(&self) -> PathBuf {
        self.site().join("pkg")
    }

    pub fn hash_file(&self) -> PathBuf {
        self.pkg().join("hash.txt")
    }

    /// A target folder of its own: the other compiler and the other target must not invalidate the server's.
    pub fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }

    /// Tells the server where the site is.
    pub fn add_site_env(&self, command: &mut Command, dev: bool) {
        command
            .env("LEPTOS_OUTPUT_NAME", OUTPUT_NAME)
            .env("LEPTOS_SITE_ROOT", self.site())
            .env("LEPTOS_SITE_PKG_DIR", "pkg")
            .env("LEPTOS_HASH_FILES", "true")
            .env("LEPTOS_HASH_FILE_NAME", self.hash_file())
            .env("LEPTOS_ENV", if dev { "DEV" } else { "PROD" });
    }
}
