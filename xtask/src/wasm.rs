//! The browser's side: compiled, bound, named by content.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::assets;
use crate::paths::{OUTPUT_NAME, Paths};
use crate::setup::{self, WASM_TARGET, WasmCompiler};
use crate::step::run;

const SCRIPT: &str = ".js";
/// The framework looks for this ending.
const MODULE: &str = "_bg.wasm";

pub fn build(paths: &Paths, compiler: &WasmCompiler) -> Result<PathBuf> {
    run(&mut setup::wasm_cargo(paths, compiler, "build"))?;
    Ok(paths.wasm_target().join(WASM_TARGET).join("wasm-release/frontend.wasm"))
}

/// Writes `wolfsec-HASH.js` and `wolfsec-HASH_bg.wasm`, unless those of this very module are there.
pub fn bind(paths: &Paths, module: &PathBuf) -> Result<()> {
    let bytes = fs::read(module).with_context(|| format!("{}", module.display()))?;
    let stamp = format!("{} {}", env!("CARGO_PKG_VERSION"), assets::hash(&bytes));
    let stamp_file = paths.target.join("site-wasm.stamp");
    let last = fs::read_to_string(&stamp_file).unwrap_or_default();
    let fresh = last.split_once('\n').is_some_and(|(of, name)| {
        of == stamp && assets::published(paths, name, SCRIPT) && assets::published(paths, name, MODULE)
    });
    if fresh {
        return Ok(());
    }
    let staging = paths.target.join("site-wasm");
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes(OUTPUT_NAME, bytes)
        .out_name(OUTPUT_NAME)
        .typescript(false);
    bindgen
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(true);
    bindgen.web(true)?.generate(&staging)?;

    let script = fs::read(staging.join(format!("{OUTPUT_NAME}{SCRIPT}")))?;
    let module = fs::read(staging.join(format!("{OUTPUT_NAME}{MODULE}")))?;
    let name = assets::publish(paths, &[(SCRIPT, &script), (MODULE, &module)])?;
    let snippets = staging.join("snippets");
    if snippets.is_dir() {
        assets::copy_tree(&snippets, &paths.pkg().join("snippets"))?;
    }
    Ok(fs::write(stamp_file, format!("{stamp}\n{name}"))?)
}
