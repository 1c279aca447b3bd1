//! A line chart as one picture: title and description for those who do not see it, hatched gaps, no script, no style
//! attribute. An inner, stretched picture holds the lines, so that text keeps its shape.

use std::fmt::Write as _;

use leptos::prelude::*;

/// Size of the plot in its own units.
pub const PLOT_WIDTH: f64 = 1000.0;
pub const PLOT_HEIGHT: f64 = 108.0;
/// Distance of the plot from the top.
const TOP: f64 = 8.0;
/// Room under the plot for the labels of the time.
const FOOT: f64 = 22.0;

/// All that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub title: &'static str,
    /// The chart in words.
    pub description: String,
    pub lines: Vec<Line>,
    pub gaps: Vec<Gap>,
    /// Labels of the scale's top and middle; its bottom is 0.
    pub top: String,
    pub half: String,
    pub ticks: Vec<Tick>,
}

/// One value over time; a new run begins where it was not measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub label: &'static str,
    /// (x, y) in the plot's units.
    pub runs: Vec<Vec<(f64, f64)>>,
}

/// A stretch without data, in per cent of the width.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    pub x: f64,
    pub width: f64,
    pub label: String,
}

/// A label of the time.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub percent: f64,
    pub label: String,
}

/// The path of a run; with `area` also down to the axis and back.
fn path(run: &[(f64, f64)], area: bool) -> String {
    let mut path = String::with_capacity(run.len() * 12 + 24);
    for (place, (x, y)) in run.iter().enumerate() {
        // Writing into a string cannot fail.
        let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
    }
    if let (true, Some((first, _)), Some((last, _))) = (area, run.first(), run.last()) {
        let _ = write!(path, "L{last:.1} {PLOT_HEIGHT}L{first:.1} {PLOT_HEIGHT}z");
    }
    path
}

/// `id` is unique on the page.
pub fn line_chart(id: &str, chart: &Chart) -> AnyView {
    let (title_id, description_id) = (format!("{id}-title"), format!("{id}-description"));
    let labelled = title_id.clone();
    let described = description_id.clone();
    let bottom = TOP + PLOT_HEIGHT;
    let middle = TOP + PLOT_HEIGHT / 2.0;
    let level = |y: f64, text: String| {
        view! {
            <text class="t-end" x="-8" y=(y + 4.0).to_string()>{text}</text>
            <line class="grid" x1="0" x2="100%" y1=y.to_string() y2=y.to_string()/>
        }
    };
    let gaps = chart
        .gaps
        .iter()
        .map(|gap| {
            view! {
                <rect class="gap" x=format!("{:.2}%", gap.x) width=format!("{:.2}%", gap.width) y=TOP.to_string()
                    height=PLOT_HEIGHT.to_string()><title>{gap.label.clone()}</title></rect>
            }
        })
        .collect_view();
    let alone = chart.lines.len() == 1;
    let lines = chart
        .lines
        .iter()
        .enumerate()
        .flat_map(|(place, line)| line.runs.iter().map(move |run| (place, run)))
        .map(|(place, run)| {
            let class = if place == 0 { "s1" } else { "s2" };
            let area = (alone && run.len() > 1).then(|| view! { <path class="f1" d=path(run, true)/> });
            view! { {area}<path class=class d=path(run, false)/> }
        })
        .collect_view();
    let last = chart.ticks.len().saturating_sub(1);
    let ticks = chart
        .ticks
        .iter()
        .enumerate()
        .map(|(place, tick)| {
            let class = if place == 0 {
                ""
            } else if place == last {
                "t-end"
            } else {
                "t-mid"
            };
            view! { <text class=class x=format!("{}%", tick.percent) y=(bottom + 21.0).to_string()>{tick.label.clone()}</text> }
        })
        .collect_view();
    view! {
        <svg class="chart chart--y" height=(bottom + FOOT).to_string() role="img" aria-labelledby=labelled aria-describedby=described>
            <title id=title_id>{chart.title}</title>
            <desc id=description_id>{chart.description.clone()}</desc>
            {level(bottom, "0".to_owned())}
            {level(middle, chart.half.clone())}
            {level(TOP, chart.top.clone())}
            {gaps}
            <svg y=TOP.to_string() width="100%" height=PLOT_HEIGHT.to_string() viewBox=format!("0 0 {PLOT_WIDTH} {PLOT_HEIGHT}")
                preserveAspectRatio="none" aria-hidden="true">{lines}</svg>
            <line class="axis" x1="0" x2="100%" y1=bottom.to_string() y2=bottom.to_string()/>
            {ticks}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_line_or_the_area_under_it() {
        let run = [(0.0, 50.0), (10.0, 20.0)];
        assert_eq!(path(&run, false), "M0.0 50.0L10.0 20.0");
        assert_eq!(path(&run, true), "M0.0 50.0L10.0 20.0L10.0 108L0.0 108z");
        assert_eq!(path(&[], true), "");
    }
}
