//! The style sheet: `style/main.css` with all that it imports, in one minified file.

use anyhow::{Result, anyhow, bail};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions};

use crate::assets::{self, Hashes};
use crate::paths::Paths;

pub fn build(paths: &Paths) -> Result<()> {
    let entry = paths.root.join("style/main.css");
    if !entry.is_file() {
        bail!("{} is missing", entry.display());
    }
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler.bundle(&entry).map_err(|error| anyhow!("{error}"))?;
    sheet
        .minify(MinifyOptions::default())
        .map_err(|error| anyhow!("{error}"))?;
    let printed = sheet
        .to_css(PrinterOptions {
            minify: true,
            ..PrinterOptions::default()
        })
        .map_err(|error| anyhow!("{error}"))?;
    let css = assets::publish(paths, "css", printed.code.as_bytes())?;
    Hashes {
        css,
        ..Hashes::read(paths)
    }
    .write(paths)
}
