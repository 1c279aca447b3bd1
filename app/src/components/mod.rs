//! The kit: feature-blind parts. Components are rendered on the server only; what has to live in the browser is
//! an island.

#[cfg(feature = "ssr")]
pub mod button;
#[cfg(feature = "ssr")]
pub mod calm;
#[cfg(feature = "ssr")]
pub mod chart;
#[cfg(feature = "ssr")]
pub mod chip;
#[cfg(feature = "ssr")]
pub mod code_block;
pub mod copy_button;
#[cfg(feature = "ssr")]
pub mod diff;
#[cfg(feature = "ssr")]
pub mod empty;
#[cfg(feature = "ssr")]
pub mod facet;
#[cfg(feature = "ssr")]
pub mod field;
#[cfg(feature = "ssr")]
pub mod figure;
#[cfg(feature = "ssr")]
pub mod icon;
pub mod keyboard;
#[cfg(feature = "ssr")]
pub mod match_table;
#[cfg(feature = "ssr")]
pub mod notice;
#[cfg(feature = "ssr")]
pub mod pager;
#[cfg(feature = "ssr")]
pub mod severity;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod sprite;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub mod status;
#[cfg(feature = "ssr")]
pub mod tag;
pub mod theme_switch;
#[cfg(feature = "ssr")]
pub mod time;
#[cfg(feature = "ssr")]
pub mod timeline;

pub use copy_button::CopyButton;
pub use keyboard::Keyboard;
pub use theme_switch::ThemeSwitch;

#[cfg(feature = "ssr")]
pub use {
    button::{Button, ButtonKind, ButtonLink},
    calm::Calm,
    chart::{ChartBucket, RateChart},
    chip::Chip,
    code_block::CodeBlock,
    diff::{Change, Diff},
    empty::EmptyState,
    facet::Facet,
    field::{SelectField, TextAreaField, TextField},
    figure::Figure,
    icon::{Icon, IconName},
    match_table::{MatchRow, MatchTable},
    notice::{Notice, NoticeKind},
    pager::Pager,
    severity::SeverityMark,
    state::StateMark,
    status::StatusMark,
    tag::Tag,
    time::{Ago, Timestamp},
    timeline::{Timeline, TimelineEntry},
};
