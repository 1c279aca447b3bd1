//! Where the workspace and its products are.

use std::path::PathBuf;

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

    /// The site as a release build carries it.
    pub fn site_archive(&self) -> PathBuf {
        self.target.join("site.zip")
    }

    /// A target folder of its own: the other compiler and the other target must not invalidate the server's.
    pub fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }
}
