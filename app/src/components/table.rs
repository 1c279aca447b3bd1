//! The kit's table: a caption for those who listen, heads, rows; on a phone each row becomes a card whose values carry
//! their column's label.

use leptos::prelude::*;

/// A column's head.
#[derive(Clone, Copy)]
pub struct Column {
    label: &'static str,
    class: &'static str,
    /// Said, but not shown: a column of buttons.
    quiet: bool,
}

impl Column {
    pub const fn new(label: &'static str) -> Self {
        Self {
            label,
            class: "",
            quiet: false,
        }
    }
    /// Numbers, ranged right.
    pub const fn number(label: &'static str) -> Self {
        Self {
            class: "num",
            ..Self::new(label)
        }
    }
    /// What can be done with the row.
    pub const fn acts(label: &'static str) -> Self {
        Self {
            class: "acts",
            quiet: true,
            ..Self::new(label)
        }
    }
    /// A value that stays on one line.
    #[must_use]
    pub const fn nowrap(self) -> Self {
        Self {
            class: "nowrap",
            ..self
        }
    }
    /// Takes a line of its own in a card.
    #[must_use]
    pub const fn wide(self) -> Self {
        Self { class: "wide", ..self }
    }
}

/// A row: its first cell names it.
pub struct Row {
    cells: Vec<AnyView>,
    off: bool,
}

impl Row {
    pub const fn new(cells: Vec<AnyView>) -> Self {
        Self { cells, off: false }
    }
    /// Shown as what does not count any more.
    #[must_use]
    pub fn off(self, off: bool) -> Self {
        Self { off, ..self }
    }
}

/// A table of `columns`; `name` is its class, for measures of its own.
pub fn table(name: &'static str, caption: &'static str, columns: &[Column], rows: Vec<Row>) -> AnyView {
    let heads = columns
        .iter()
        .map(|column| {
            let label = if column.quiet {
                view! { <span class="sr">{column.label}</span> }.into_any()
            } else {
                column.label.into_any()
            };
            view! { <th scope="col" class=column.class>{label}</th> }
        })
        .collect_view();
    let body = rows.into_iter().map(|row| one(row, columns)).collect_view();
    view! {
        <table class=format!("table table--kit {name}")>
            <caption class="sr">{caption}</caption>
            <thead><tr>{heads}</tr></thead>
            <tbody>{body}</tbody>
        </table>
    }
    .into_any()
}

fn one(row: Row, columns: &[Column]) -> AnyView {
    let cells = row
        .cells
        .into_iter()
        .zip(columns)
        .enumerate()
        .map(|(index, (cell, column))| {
            if index == 0 {
                view! { <th scope="row" class=column.class>{cell}</th> }.into_any()
            } else {
                let label = (!column.quiet).then_some(column.label);
                view! { <td class=column.class data-label=label>{cell}</td> }.into_any()
            }
        })
        .collect_view();
    view! { <tr class:isoff=row.off>{cells}</tr> }.into_any()
}
