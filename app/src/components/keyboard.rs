//! Keys: `j`/`k` move over rows, Enter opens, `x` picks a row, `/` searches, `a`/`e` press their button (of the picked rows
//! where some are picked, else of the row that has the focus, else of the alert that is shown), `z` takes back, `g` + letter changes the page, `?` shows the list. Nothing happens while
//! somebody types, the list of keys is open, or they are switched off.

use leptos::prelude::*;

use super::key_switch::LIST;

/// The keys and their list.
#[island]
pub fn Keyboard() -> impl IntoView {
    let dialog: NodeRef<leptos::html::Dialog> = NodeRef::new();
    #[cfg(feature = "hydrate")]
    browser::listen(dialog);
    let row = |key: &'static str, what: &'static str| view! { <div class="keys__row"><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div> };
    view! {
        <dialog class="dlg" id=LIST node_ref=dialog aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <dl class="keys">
                {row("j", "next row")}
                {row("k", "previous row")}
                {row("Enter", "open the row")}
                {row("x", "pick the row")}
                {row("/", "search: this list, else the events")}
                {row("a", "acknowledge: the picked rows, else the row in focus or the alert")}
                {row("e", "resolve: the picked rows, else the row in focus or the alert")}
                {row("z", "undo the last change of many")}
                {row("g o", "overview")}
                {row("g a", "alerts")}
                {row("g e", "events")}
                {row("g r", "rules")}
                {row("g p", "peers")}
                {row("?", "this list")}
            </dl>
            <form method="dialog"><button class="btn" type="submit">"Close"</button></form>
        </dialog>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::html::Dialog;
    use leptos::prelude::*;
    use leptos::wasm_bindgen::JsCast as _;
    use web_sys::{Element, HtmlElement, KeyboardEvent};

    use crate::components::key_switch::are_on;

    pub(super) fn listen(dialog: NodeRef<Dialog>) {
        let after_g = StoredValue::new(None);
        let handle = window_event_listener(leptos::ev::keydown, move |event| on_key(&event, dialog, after_g));
        on_cleanup(move || handle.remove());
    }

    /// `g` waits this long for its second key (milliseconds).
    const AFTER_G: f64 = 1500.0;

    /// `after_g`: when `g` was pressed, in the browser's time.
    fn on_key(event: &KeyboardEvent, dialog: NodeRef<Dialog>, after_g: StoredValue<Option<f64>>) {
        let elsewhere = || is_typing() || find("dialog[open]").is_some();
        if event.ctrl_key() || event.meta_key() || event.alt_key() || elsewhere() || !are_on() {
            return;
        }
        let key = event.key();
        let pressed = after_g.get_value();
        after_g.set_value(None);
        if pressed.is_some_and(|at| event.time_stamp() - at < AFTER_G) {
            let page = match key.as_str() {
                "o" => "/",
                "a" => "/alerts",
                "e" => "/events",
                "r" => "/rules",
                "p" => "/peers",
                _ => return,
            };
            let _ = window().location().set_href(page);
            return;
        }
        match key.as_str() {
            "g" => after_g.set_value(Some(event.time_stamp())),
            "j" => move_by(1),
            "k" => move_by(-1),
            "/" => {
                event.prevent_default();
                match find("[data-search]") {
                    Some(field) => {
                        let _ = field.focus();
                    }
                    None => {
                        let _ = window().location().set_href("/events");
                    }
                }
            }
            "x" => pick(),
            "a" | "e" | "z" => press(event, &key),
            "?" => {
                if let Some(dialog) = dialog.get_untracked() {
                    let _ = dialog.show_modal();
                }
            }
            _ => {}
        }
    }

    /// The button of the picked rows where some are picked; of the row in focus, which is picked by that, unless it is shown
    /// beside the list; else that of the alert. What opens gets the focus.
    fn press(event: &KeyboardEvent, key: &str) {
        if key != "z" && find(".pick:checked").is_none() {
            let other = focused_row().filter(|row| !row.has_attribute("aria-current"));
            let box_of = |row: Element| row.query_selector(".pick").ok().flatten();
            if let Some(pick) = other
                .and_then(box_of)
                .and_then(|pick| pick.dyn_into::<HtmlElement>().ok())
            {
                pick.click();
            }
        }
        let many = find(".pick:checked").and_then(|_| find(&format!("[data-bulk={key}]")));
        let Some(button) = many.or_else(|| find(&format!("[data-key={key}]"))) else {
            return;
        };
        event.prevent_default();
        button.click();
        let field = button
            .closest("details[open]")
            .ok()
            .flatten()
            .and_then(|opened| opened.query_selector("select, textarea").ok().flatten());
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            let _ = field.focus();
        }
    }

    /// Ticks or unticks the box of the row that has the focus, else of the selected one.
    fn pick() {
        let row = focused_row().or_else(|| find("[data-row][aria-current]").map(Into::into));
        let pick = row.and_then(|row| row.query_selector(".pick").ok().flatten());
        if let Some(pick) = pick.and_then(|pick| pick.dyn_into::<HtmlElement>().ok()) {
            pick.click();
        }
    }

    fn focused_row() -> Option<Element> {
        document().active_element()?.closest("[data-row]").ok().flatten()
    }

    /// A box to tick is no text: the keys go on there.
    fn is_typing() -> bool {
        document().active_element().is_some_and(|element| {
            matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
                && element.get_attribute("type").as_deref() != Some("checkbox")
        })
    }

    fn find(selector: &str) -> Option<HtmlElement> {
        document()
            .query_selector(selector)
            .ok()
            .flatten()
            .and_then(|element| element.dyn_into().ok())
    }

    /// Moves the focus to the next or previous row's link; begins at the selected row.
    fn move_by(step: i32) {
        let Ok(rows) = document().query_selector_all("[data-row]") else {
            return;
        };
        let active: Option<Element> = document().active_element();
        let count = i32::try_from(rows.length()).unwrap_or(i32::MAX);
        let current = (0..count).find(|&index| {
            let row = rows.get(index.unsigned_abs());
            row.is_some_and(|row| active.as_ref().is_some_and(|active| row.contains(Some(active))))
        });
        let selected = || {
            (0..count).find(|&index| {
                let row = rows
                    .get(index.unsigned_abs())
                    .and_then(|row| row.dyn_into::<Element>().ok());
                row.is_some_and(|row| row.has_attribute("aria-current"))
            })
        };
        let target = current
            .or_else(selected)
            .map_or(if step > 0 { 0 } else { count - 1 }, |index| {
                (index + step).clamp(0, count - 1)
            });
        let Some(row) = rows
            .get(target.unsigned_abs())
            .and_then(|row| row.dyn_into::<Element>().ok())
        else {
            return;
        };
        let link = if row.tag_name() == "A" {
            Some(row)
        } else {
            row.query_selector("a").ok().flatten()
        };
        if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
            let _ = link.focus();
        }
    }
}
