//! One stream for all visible tabs. The tab that holds a Web Lock opens it and passes on what it hears by a
//! BroadcastChannel; when it is hidden or closed, the lock goes to the next one. A hidden tab gives the lock back and asks
//! what it missed when it is seen again. Without locks (a page that is not served securely) each visible tab has its own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Promise, Reflect};
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use leptos::wasm_bindgen::closure::Closure;
use leptos::wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, BroadcastChannel, EventSource, HtmlElement, MessageEvent, Response, VisibilityState};

use super::Connection;
use super::model::{Change, Counters, News, Since, minute, pause};
use crate::components::number::grouped;

const NAME: &str = "wolfsec-live";
const UNAUTHORIZED: u16 = 401;

struct Tab {
    start: String,
    news: RefCell<News>,
    words: RwSignal<String>,
    connection: RwSignal<Connection>,
    /// Absent where there are no locks: then nobody passes anything on.
    channel: Option<BroadcastChannel>,
    stream: RefCell<Option<EventSource>>,
    /// Ends the wait for the lock, or gives it back.
    waiting: RefCell<Option<AbortController>>,
    release: RefCell<Option<Function>>,
    attempt: Cell<u32>,
    timer: Cell<Option<TimeoutHandle>>,
    /// Hears the stream; made once for all its reconnections.
    ear: RefCell<Option<Function>>,
}

pub(super) fn start(cursor: String, words: RwSignal<String>, connection: RwSignal<Connection>) {
    let channel = locks().and_then(|_| BroadcastChannel::new(NAME).ok());
    let tab = Rc::new(Tab {
        news: RefCell::new(News::since(cursor.parse().unwrap_or_default())),
        start: cursor,
        words,
        connection,
        channel,
        stream: RefCell::default(),
        waiting: RefCell::default(),
        release: RefCell::default(),
        attempt: Cell::default(),
        timer: Cell::default(),
        ear: RefCell::default(),
    });
    // These live as long as the page.
    let told = Rc::clone(&tab);
    let ear: Closure<dyn Fn(MessageEvent)> = Closure::new(move |event: MessageEvent| told.hear_stream(&event));
    *tab.ear.borrow_mut() = Some(ear.into_js_value().unchecked_into());
    if let Some(channel) = &tab.channel {
        let told = Rc::clone(&tab);
        let ear: Closure<dyn Fn(MessageEvent)> = Closure::new(move |event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            let (name, data) = text.split_once('\n').unwrap_or((&text, ""));
            told.hear(name, data);
        });
        channel.set_onmessage(Some(ear.into_js_value().unchecked_ref()));
    }
    let seen = Rc::clone(&tab);
    let look: Closure<dyn Fn()> = Closure::new(move || {
        if visible() {
            seen.join();
        } else {
            seen.leave();
        }
    });
    let _ = document().add_event_listener_with_callback("visibilitychange", look.into_js_value().unchecked_ref());
    if visible() {
        tab.join();
    }
}

fn visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

fn locks() -> Option<JsValue> {
    let locks = Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    locks.is_object().then_some(locks)
}

impl Tab {
    /// Seen: ask what was missed, and wait for the turn to hold the stream.
    fn join(self: &Rc<Self>) {
        let (Some(locks), Some(_)) = (locks(), &self.channel) else {
            self.listen();
            return;
        };
        self.catch_up();
        let Ok(waiting) = AbortController::new() else { return };
        let options = js_sys::Object::new();
        let _ = Reflect::set(&options, &"signal".into(), &waiting.signal());
        let tab = Rc::clone(self);
        let mine = waiting.clone();
        let held = Closure::once_into_js(move |_lock: JsValue| -> JsValue {
            // Hidden again in the very moment: the next one, please.
            if mine.signal().aborted() {
                return JsValue::UNDEFINED;
            }
            tab.listen();
            Promise::new(&mut |release, _| *tab.release.borrow_mut() = Some(release)).into()
        });
        *self.waiting.borrow_mut() = Some(waiting);
        let Ok(request) = Reflect::get(&locks, &"request".into()) else {
            return;
        };
        if let Ok(done) = request
            .unchecked_into::<Function>()
            .call3(&locks, &NAME.into(), &options, &held)
        {
            // It fails when the wait is ended, which is meant.
            let done = JsFuture::from(Promise::resolve(&done));
            leptos::task::spawn_local(async move {
                let _ = done.await;
            });
        }
    }

    /// Hidden: the stream is for those who are looked at.
    fn leave(&self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.abort();
        }
        self.close();
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }

    fn close(&self) {
        if let Some(stream) = self.stream.take() {
            stream.close();
        }
    }

    /// Opens the stream.
    fn listen(&self) {
        self.close();
        let Ok(stream) = EventSource::new(&format!("/live?since={}", self.start)) else {
            return;
        };
        if let Some(ear) = &*self.ear.borrow() {
            for name in ["missed", "alerts", "counters", "resync", "error"] {
                let _ = stream.add_event_listener_with_callback(name, ear);
            }
        }
        *self.stream.borrow_mut() = Some(stream);
    }

    fn hear_stream(self: &Rc<Self>, event: &MessageEvent) {
        let name = event.type_();
        if name == "error" {
            // Trying again is done here: with growing pauses, and with an eye on the session.
            self.close();
            self.tell("lost", "");
            self.hear("lost", "");
            self.try_again();
            return;
        }
        let data = event.data().as_string().unwrap_or_default();
        // What this page missed says nothing of the others: they ask themselves.
        self.tell(if name == "missed" { "open" } else { &name }, &data);
        self.hear(&name, &data);
    }

    fn tell(&self, name: &str, data: &str) {
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&format!("{name}\n{data}").into());
        }
    }

    fn hear(self: &Rc<Self>, name: &str, data: &str) {
        match name {
            "lost" => {
                if !matches!(self.connection.get_untracked(), Connection::Lost(_) | Connection::Ended) {
                    self.connection.set(Connection::Lost(now()));
                }
                return;
            }
            "missed" => {
                self.attempt.set(0);
                self.caught_up(data);
            }
            "alerts" => {
                if let Ok(change) = serde_json::from_str::<Change>(data) {
                    self.news.borrow_mut().change(&change);
                    self.words.set(self.news.borrow().words());
                }
            }
            "counters" => {
                if let Ok(counters) = serde_json::from_str::<Counters>(data) {
                    show(&counters);
                }
            }
            _ => self.catch_up(),
        }
        self.connection.set(Connection::Live);
    }

    fn caught_up(&self, data: &str) {
        if let Ok(since) = serde_json::from_str::<Since>(data) {
            self.news.borrow_mut().caught_up(&since);
            self.words.set(self.news.borrow().words());
        }
    }

    /// Asks what happened since the page was rendered.
    fn catch_up(self: &Rc<Self>) {
        let tab = Rc::clone(self);
        leptos::task::spawn_local(async move {
            match ask(&tab.start).await {
                Some((200, text)) => {
                    tab.caught_up(&text);
                    if tab.connection.get_untracked() == Connection::Unknown {
                        tab.connection.set(Connection::Live);
                    }
                }
                Some((UNAUTHORIZED, _)) => tab.end(),
                _ => {
                    tab.hear("lost", "");
                    tab.try_again();
                }
            }
        });
    }

    /// After a pause: first whether the server and the session are there, then the stream, if this tab held it.
    fn try_again(self: &Rc<Self>) {
        if !visible() {
            return;
        }
        let attempt = self.attempt.get();
        self.attempt.set(attempt + 1);
        let after = pause(attempt, js_sys::Math::random());
        let tab = Rc::clone(self);
        let again = move || {
            leptos::task::spawn_local(async move {
                match ask(&tab.start).await {
                    Some((UNAUTHORIZED, _)) => tab.end(),
                    Some((200, text)) if tab.holds() => {
                        tab.caught_up(&text);
                        tab.listen();
                    }
                    Some((200, text)) => {
                        tab.attempt.set(0);
                        tab.caught_up(&text);
                        tab.connection.set(Connection::Live);
                    }
                    _ => tab.try_again(),
                }
            });
        };
        let after = Duration::from_millis(u64::from(after.unsigned_abs()));
        let timer = set_timeout_with_handle(again, after).ok();
        if let Some(before) = self.timer.replace(timer) {
            before.clear();
        }
    }

    fn holds(&self) -> bool {
        self.channel.is_none() || self.release.borrow().is_some()
    }

    fn end(&self) {
        self.leave();
        self.connection.set(Connection::Ended);
    }
}

/// Status and text of the answer; `None` when there is none.
async fn ask(cursor: &str) -> Option<(u16, String)> {
    let url = format!("/live/since?cursor={cursor}");
    let response: Response = JsFuture::from(window().fetch_with_str(&url))
        .await
        .ok()?
        .unchecked_into();
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    Some((response.status(), text))
}

/// Hours and minutes, as the pages write times.
fn now() -> String {
    let iso = String::from(js_sys::Date::new_0().to_iso_string());
    format!("{} UTC", iso.get(11..16).unwrap_or_default())
}

/// Puts the figures where the page has them.
fn show(counters: &Counters) {
    let mut open = 0;
    for (word, count) in counters.open.by_word() {
        open += count;
        write(&format!("open-{word}"), &grouped(count), false);
    }
    write("open", &grouped(open), open == 0);
    let minute = minute(counters);
    write("minute", &minute, minute.is_empty());
}

fn write(name: &str, text: &str, hidden: bool) {
    let Ok(places) = document().query_selector_all(&format!("[data-live={name}]")) else {
        return;
    };
    for index in 0..places.length() {
        if let Some(place) = places.get(index).and_then(|place| place.dyn_into::<HtmlElement>().ok()) {
            place.set_text_content(Some(text));
            place.set_hidden(hidden);
        }
    }
}
