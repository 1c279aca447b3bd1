//! The style sheet: `style/main.css` with all that it imports, in one minified file.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions};

use crate::assets;
use crate::paths::Paths;

pub fn build(paths: &Paths) -> Result<()> {
    let entry = paths.root.join("style/main.css");
    if !entry.is_file() {
        bail!("{} is missing", entry.display());
    }
    assets::publish(paths, &[(".css", bundle(&entry)?.as_bytes())])?;
    Ok(())
}

fn bundle(entry: &Path) -> Result<String> {
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler.bundle(entry).map_err(|error| anyhow!("{error}"))?;
    sheet
        .minify(MinifyOptions::default())
        .map_err(|error| anyhow!("{error}"))?;
    let minified = PrinterOptions {
        minify: true,
        ..PrinterOptions::default()
    };
    Ok(sheet.to_css(minified).map_err(|error| anyhow!("{error}"))?.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_and_layers_end_in_one_small_file() {
        let folder = std::env::temp_dir().join(format!("xtask-style-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("main.css"),
            "@layer base, kit;\n@import 'kit.css' layer(kit);",
        )
        .unwrap();
        std::fs::write(
            folder.join("kit.css"),
            ".a { color: light-dark(#ff0000, #fff);\n  & b { margin: 0px } }",
        )
        .unwrap();
        let css = bundle(&folder.join("main.css")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            css,
            "@layer base;@layer kit{.a{color:light-dark(red,#fff);& b{margin:0}}}"
        );
    }
}
