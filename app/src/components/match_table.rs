//! Why a rule fired: the fields it looked at, with the part of the value that fulfilled it marked.

use leptos::prelude::*;

use super::sprite::icon;

/// One field that fulfilled a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRow {
    pub field: String,
    /// How it was compared: `contains`, `is`.
    pub operator: String,
    /// The value in pieces; those with `true` are marked.
    pub value: Vec<(bool, String)>,
}

/// The fields of one or more selections.
#[component]
pub fn MatchTable(
    #[prop(into)] caption: String,
    /// Name of the selection and its rows.
    selections: Vec<(String, Vec<MatchRow>)>,
) -> impl IntoView {
    let groups = selections
        .into_iter()
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(name, rows)| {
            view! {
                <tbody>
                    <tr><th scope="rowgroup" class="dim" colspan="3">"selection "<code>{name}</code></th></tr>
                    {rows.into_iter().map(row).collect_view()}
                </tbody>
            }
        })
        .collect_view();
    view! { <div class="match"><table class="table table--kv"><caption class="sr">{caption}</caption>{groups}</table></div> }
        .into_any()
}

fn row(row: MatchRow) -> AnyView {
    view! {
        <tr>
            <th scope="row"><code>{row.field}</code></th>
            <td><code><span class="op">{row.operator}" "</span>{marked(row.value)}</code></td>
            <td class="hit">{icon("check")}<span class="sr">"matched"</span></td>
        </tr>
    }
    .into_any()
}

/// Text in pieces; those with `true` are marked.
pub fn marked(pieces: Vec<(bool, String)>) -> AnyView {
    pieces
        .into_iter()
        .map(|(hit, piece)| {
            if hit {
                view! { <mark>{piece}</mark> }.into_any()
            } else {
                piece.into_any()
            }
        })
        .collect_view()
        .into_any()
}
