//! The browser's side: compiled, bound, named by content.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::assets::{self, Hashes};
use crate::paths::{OUTPUT_NAME, Paths};
use crate::setup::{self, WASM_TARGET, WasmCompiler};
use crate::step::run;

pub fn build(paths: &Paths, compiler: &WasmCompiler) -> Result<PathBuf> {
    run(&mut setup::wasm_cargo(paths, compiler, "build"))?;
    Ok(paths.wasm_target().join(WASM_TARGET).join("wasm-release/frontend.wasm"))
}

/// Writes `wolfsec.HASH.js` and `wolfsec.HASH.wasm`, unless those of this very module are there.
pub fn bind(paths: &Paths, module: &PathBuf) -> Result<()> {
    let bytes = fs::read(module).with_context(|| format!("{}", module.display()))?;
    let stamp = format!("{} {}", env!("CARGO_PKG_VERSION"), assets::hash(&bytes));
    let stamp_file = paths.target.join("site-wasm.stamp");
    let hashes = Hashes::read(paths);
    let fresh = fs::read_to_string(&stamp_file).is_ok_and(|last| last == stamp);
    if fresh && assets::present(paths, "js", &hashes.js) && assets::present(paths, "wasm", &hashes.wasm) {
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

    let js = assets::publish(paths, "js", &fs::read(staging.join(format!("{OUTPUT_NAME}.js")))?)?;
    let wasm = assets::publish(
        paths,
        "wasm",
        &fs::read(staging.join(format!("{OUTPUT_NAME}_bg.wasm")))?,
    )?;
    let snippets = staging.join("snippets");
    if snippets.is_dir() {
        assets::copy_tree(&snippets, &paths.pkg().join("snippets"))?;
    }
    Hashes { js, wasm, ..hashes }.write(paths)?;
    Ok(fs::write(stamp_file, stamp)?)
}
