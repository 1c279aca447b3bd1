//! Icons by name, so that a misspelt one does not compile. The pictures are in the [sprite](super::sprite).

use leptos::prelude::*;

use super::sprite::icon;

macro_rules! names {
    ($($variant:ident => $symbol:literal),+ $(,)?) => {
        /// A picture of the sprite.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum IconName { $($variant),+ }

        impl IconName {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Name of its symbol, without the prefix.
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$variant => $symbol),+ }
            }
        }
    };
}

names! {
    Logo => "logo", Overview => "overview", Alerts => "bell", Events => "list", Rules => "rule", Peers => "peer",
    Audit => "audit", Users => "admin", Token => "key",
    User => "user", Globe => "globe", Terminal => "term", File => "file", Screen => "screen", Phone => "phone",
    Lock => "lock", Link => "link", Clock => "clock", Bolt => "bolt",
    Search => "search", Filter => "filter", Copy => "copy", Check => "check", Cross => "x", Plus => "plus",
    Minus => "minus", More => "more", Up => "up", Down => "down", Right => "right", Retry => "retry", Undo => "undo",
    Play => "play", Save => "save", Import => "import", Export => "export", Collapse => "collapse",
    Warning => "warn", Failure => "err",
    Critical => "crit", High => "high", Medium => "med", Low => "low", Informational => "info",
    Open => "st-open", Acknowledged => "st-ack", InProgress => "st-prog", Resolved => "st-done",
}

/// Decoration only: its meaning stands beside it in words.
#[component]
pub fn Icon(name: IconName) -> impl IntoView {
    icon(name.symbol())
}

#[cfg(test)]
mod tests {
    use super::IconName;

    #[test]
    fn every_name_has_its_picture() {
        let sprite = include_str!("icons.svg");
        for name in IconName::ALL {
            let symbol = format!("id=\"i-{}\"", name.symbol());
            assert!(sprite.contains(&symbol), "{name:?}");
        }
    }
}
