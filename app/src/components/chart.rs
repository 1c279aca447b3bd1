//! How many of something, by severity, over time: stacked bars with a scale, a legend and a table.
//! A stretch without data is hatched; one in which nothing happened is empty.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;

use super::severity::severity_look;
use super::shell::grouped;

/// From the axis upwards.
const BANDS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
/// Height of the plot, and of what stands above and below it (pixels).
const PLOT: f64 = 180.0;
const ABOVE: f64 = 10.0;
const BELOW: f64 = 30.0;

/// One stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartBucket {
    pub start: DateTime<Utc>,
    /// Informational to critical; `None` when nothing is known about this stretch.
    pub counts: Option<[i64; 5]>,
}

impl ChartBucket {
    fn total(&self) -> Option<i64> {
        self.counts.map(|counts| counts.iter().sum())
    }
}

/// Equal stretches of time, one after the other.
#[component]
pub fn RateChart(
    /// What is counted, over which time: "Stored events per 15 min, last 24 h".
    #[prop(into)]
    title: String,
    /// Makes the names of its parts unique on the page.
    id: &'static str,
    buckets: Vec<ChartBucket>,
    /// Length of a bucket.
    width: Duration,
) -> impl IntoView {
    let Some(peak) = buckets.iter().filter_map(ChartBucket::total).max() else {
        return view! { <p class="dim">"– no data"</p> }.into_any();
    };
    let top = round_up(peak);
    let described = format!("{title}. At most {} at once.", grouped(peak));
    let (title_id, hatch_id) = (format!("{id}-title"), format!("{id}-gap"));
    let labelled = title_id.clone();
    let hatch = format!("url(#{hatch_id})");
    let slot = 100.0 / buckets.len() as f64;
    let bars = buckets
        .iter()
        .enumerate()
        .map(|(index, bucket)| bar(bucket, index as f64 * slot, slot, top, &hatch))
        .collect_view();
    view! {
        <svg class="chart chart--y" height=(ABOVE + PLOT + BELOW).to_string() role="img" aria-labelledby=labelled>
            <title id=title_id>{described}</title>
            <defs><pattern id=hatch_id width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <line class="grid" x1="0" x2="0" y1="0" y2="6"/>
            </pattern></defs>
            {scale(top)}
            {bars}
            <line class="axis" x1="0" x2="100%" y1=(ABOVE + PLOT).to_string() y2=(ABOVE + PLOT).to_string()/>
            {hours(&buckets, slot)}
        </svg>
        {legend()}
        {table(title, buckets, width)}
    }
    .into_any()
}

/// The bands of one bucket, or the hatching of a gap.
fn bar(bucket: &ChartBucket, x: f64, slot: f64, top: i64, hatch: &str) -> AnyView {
    let left = format!("{x:.3}%");
    let Some(counts) = bucket.counts else {
        return view! { <rect x=left width=format!("{slot:.3}%") y=ABOVE.to_string() height=PLOT.to_string() fill=hatch.to_owned()/> }
            .into_any();
    };
    let mut y = ABOVE + PLOT;
    let bands: Vec<AnyView> = BANDS
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(&severity, count)| {
            let height = PLOT * count as f64 / top as f64;
            y -= height;
            let class = format!("bar {}", severity_look(severity).0);
            view! {
                <rect class=class x=left.clone() width=format!("{:.3}%", slot * 0.85) y=format!("{y:.2}") height=format!("{height:.2}")/>
            }
            .into_any()
        })
        .collect();
    bands.into_any()
}

fn scale(top: i64) -> AnyView {
    let level = |share: f64, value: i64| {
        let y = ABOVE + PLOT * (1.0 - share);
        view! {
            <text class="t-end" x="-8" y=(y + 4.0).to_string()>{grouped(value)}</text>
            <line class="grid" x1="0" x2="100%" y1=y.to_string() y2=y.to_string()/>
        }
    };
    view! { {level(1.0, top)}{(top % 2 == 0).then(|| level(0.5, top / 2))}{level(0.0, 0)} }.into_any()
}

/// Eight labels on the time axis at most.
fn hours(buckets: &[ChartBucket], slot: f64) -> AnyView {
    let step = buckets.len().div_ceil(8).max(1);
    buckets
        .iter()
        .enumerate()
        .step_by(step)
        .map(|(index, bucket)| {
            let x = format!("{:.3}%", index as f64 * slot);
            view! { <text x=x y=(ABOVE + PLOT + 20.0).to_string()>{bucket.start.format("%H:%M").to_string()}</text> }
        })
        .collect_view()
        .into_any()
}

fn legend() -> AnyView {
    let items = BANDS
        .iter()
        .map(|severity| {
            let (class, word) = severity_look(severity);
            view! { <li class=class><i></i>{word}</li> }
        })
        .collect_view();
    view! { <ul class="legend">{items}</ul> }.into_any()
}

/// The same in numbers.
fn table(title: String, buckets: Vec<ChartBucket>, width: Duration) -> AnyView {
    let heads = BANDS
        .iter()
        .map(|severity| view! { <th scope="col" class="num">{severity_look(severity).1}</th> })
        .collect_view();
    let rows = buckets
        .into_iter()
        .rev()
        .map(|bucket| {
            let number = |value: Option<i64>| view! { <td class="num">{value.map_or_else(|| "–".to_owned(), grouped)}</td> };
            let counts = (0..BANDS.len())
                .map(|band| number(bucket.counts.and_then(|counts| counts.get(band).copied())))
                .collect_view();
            let end = (bucket.start + width).format("%H:%M").to_string();
            view! {
                <tr>
                    <th scope="row" class="nowrap">
                        <time datetime=bucket.start.to_rfc3339()>{bucket.start.format("%d %b %H:%M").to_string()}</time>" to "{end}
                    </th>
                    {counts}
                    {number(bucket.total())}
                </tr>
            }
        })
        .collect_view();
    view! {
        <details>
            <summary class="btn btn--quiet">"Table"</summary>
            <table class="table table--inset">
                <caption class="sr">{title + ", newest first, UTC; a dash is no data"}</caption>
                <thead><tr><th scope="col">"Time"</th>{heads}<th scope="col" class="num">"All"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}

/// The next round number (one digit and noughts) that is not below `value`.
fn round_up(value: i64) -> i64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 3, 4, 5, 6, 8] {
            if factor * step >= value {
                return factor * step;
            }
        }
        match step.checked_mul(10) {
            Some(next) if next <= i64::MAX / 8 => step = next,
            _ => return value.max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(counts: &[Option<[i64; 5]>]) -> String {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let buckets = counts
            .iter()
            .enumerate()
            .map(|(index, &counts)| ChartBucket {
                start: start + Duration::minutes(15 * i64::try_from(index).unwrap()),
                counts,
            })
            .collect();
        let owner = Owner::new();
        owner.with(|| view! { <RateChart title="Events" id="flow" buckets width=Duration::minutes(15)/> }.to_html())
    }

    #[test]
    fn a_gap_is_hatched_and_nought_is_empty() {
        let html = chart(&[Some([1, 0, 0, 0, 1]), None, Some([0; 5])]);
        assert_eq!(html.matches("fill=\"url(#flow-gap)\"").count(), 1);
        assert_eq!(html.matches("class=\"bar ").count(), 2);
        assert!(html.contains("<td class=\"num\">–"), "{html}");
    }

    #[test]
    fn nothing_known_is_said_in_words() {
        assert!(chart(&[None, None]).contains("no data"));
        assert!(chart(&[]).contains("no data"));
        assert!(chart(&[Some([0; 5])]).contains("<svg"));
    }

    #[test]
    fn the_scale_ends_on_a_round_number() {
        assert_eq!([0, 1, 3, 6, 11, 638_933].map(round_up), [1, 1, 3, 6, 20, 800_000]);
    }
}
