//! What a peer measured of itself: the range, six charts, and their values as one table.

use leptos::prelude::*;
use wolfsec::peers::{MetricPoint, MetricRange, Peer};

use super::charts::{CHARTS, ChartSpec, chart, current, largest, stale_since};
use super::model::{peer_href, sample_command};
use super::view::Measured;
use crate::components::line_chart::line_chart;
use crate::context;
use crate::features::parts::{ago, command, exact, icon};
use crate::features::url_query::UrlQuery;

pub fn measured(peer: &Peer, measured: &Measured) -> AnyView {
    if measured.latest.is_none() {
        return nothing_yet();
    }
    let interval = peer.interval_seconds;
    let stale = stale_since(measured, interval).map(|at| {
        let since = at.format("%d %b %H:%M UTC").to_string();
        view! {
            <div class="banner" role="status">{icon("clock")}
                <span><b>"Stale since "<time datetime=at.to_rfc3339() title=exact(at)>{since}</time>"."</b>" The newest sample was measured "{ago(at)}"."</span>
            </div>
        }
    });
    let charts = CHARTS
        .iter()
        .enumerate()
        .map(|(place, spec)| panel(place, spec, measured, interval))
        .collect_view();
    view! {
        <div class="panel strip measured__head">
            <div class="panel__head">
                <h3>"Measured"</h3><span class="meta">{meta(measured)}</span>
                <nav class="push row row--tight" aria-label="Range of the charts">{ranges(peer, measured.range)}</nav>
            </div>
        </div>
        {stale}
        {charts}
        {table(measured)}
    }
    .into_any()
}

fn meta(measured: &Measured) -> String {
    let samples: i64 = measured.points.iter().map(|point| point.samples).sum();
    let width = match measured.bucket_seconds {
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    };
    format!("{samples} samples, means of {width}, UTC")
}

fn ranges(peer: &Peer, chosen: MetricRange) -> AnyView {
    let page = peer_href(&peer.name);
    MetricRange::ALL
        .iter()
        .map(|&range| {
            let href = UrlQuery::default().with("range", range.as_str()).href(&page);
            let current = (range == chosen).then_some("true");
            view! { <a class="facet" href=href aria-current=current>{range.label()}</a> }
        })
        .collect_view()
        .into_any()
}

fn panel(place: usize, spec: &'static ChartSpec, measured: &Measured, interval: i32) -> AnyView {
    let largest = largest(spec, &measured.points);
    let now = largest.map(|largest| {
        let unit = (spec.unit)(largest);
        let several = spec.series.len() > 1;
        let items = spec
            .series
            .iter()
            .enumerate()
            .map(|(place, series)| {
                let value =
                    current(series, measured, interval).map_or_else(|| "–".to_owned(), |value| unit.text(value));
                if several {
                    let mark = if place == 0 { "l1" } else { "l2" };
                    view! { <li><i class=mark></i>{format!("{}, ", series.label)}<b>{value}</b></li> }.into_any()
                } else {
                    view! { <li><b class="strong">{value}</b></li> }.into_any()
                }
            })
            .collect_view();
        view! { <ul class="legend push">{items}</ul> }
    });
    let body = match chart(spec, measured, interval) {
        Some(chart) => line_chart(&format!("chart-{place}"), &chart),
        None => view! { <p class="dim chart__none">"– no data"</p> }.into_any(),
    };
    view! {
        <div class="panel c4">
            <div class="panel__head"><h3>{spec.title}</h3>{now}</div>
            {body}
        </div>
    }
    .into_any()
}

/// Every value of every chart, newest first.
fn table(measured: &Measured) -> AnyView {
    let columns: Vec<_> = CHARTS
        .iter()
        .flat_map(|spec| {
            let unit = (spec.unit)(largest(spec, &measured.points).unwrap_or(0.0));
            spec.series.iter().map(move |series| (spec, series, unit))
        })
        .collect();
    let heads = columns
        .iter()
        .map(|(spec, series, unit)| {
            let label = if spec.series.len() > 1 {
                format!("{} {}", spec.title, series.label)
            } else {
                spec.title.to_owned()
            };
            view! { <th scope="col" class="num">{format!("{label}, {}", unit.name)}</th> }
        })
        .collect_view();
    let row = |point: &MetricPoint| {
        let cells = columns
            .iter()
            .map(|(_, series, unit)| {
                let text = (series.value)(point).map_or_else(|| "–".to_owned(), |value| unit.number(value));
                view! { <td class="num">{text}</td> }
            })
            .collect_view();
        let start = point.start.format("%d %b %H:%M:%S").to_string();
        view! { <tr><th scope="row" class="nowrap"><time datetime=point.start.to_rfc3339()>{start}</time></th>{cells}</tr> }
    };
    let rows = measured.points.iter().rev().map(row).collect_view();
    view! {
        <div class="panel">
            <details>
                <summary class="btn btn--quiet">"Table of these values"</summary>
                <div class="scroll-x" tabindex="0" role="region" aria-label="Table of measured values">
                    <table class="table table--inset">
                        <caption class="sr">"Measured values, newest first; times without samples are left out"</caption>
                        <thead><tr><th scope="col">"From, UTC"</th>{heads}</tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        </div>
    }
    .into_any()
}

fn nothing_yet() -> AnyView {
    let url = context::request().map(|request| request.public_url).unwrap_or_default();
    view! {
        <div class="panel">
            <div class="panel__head"><h3>"Measured"</h3><span class="meta">"no data"</span></div>
            <p class="dim">"This peer has not sent samples of itself. Its health and charts begin with the first; everything but the time may be left out."</p>
            {command("Command that sends a sample", sample_command(&url, crate::features::parts::rendered_at()))}
        </div>
    }
    .into_any()
}
