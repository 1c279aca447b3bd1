//! Figures beside their bounds.

use std::fmt;

enum Line {
    Note(String),
    Figure {
        what: &'static str,
        value: f64,
        bound: f64,
        sign: &'static str,
        met: bool,
    },
}

/// What a run found, in order.
#[derive(Default)]
pub struct Report(Vec<Line>);

impl Report {
    pub fn note(&mut self, text: impl Into<String>) {
        self.0.push(Line::Note(text.into()));
    }
    /// A figure that must reach its bound.
    pub fn least(&mut self, what: &'static str, value: f64, bound: f64) {
        self.figure(what, value, bound, "≥", value >= bound);
    }
    /// A figure that must stay within its bound.
    pub fn most(&mut self, what: &'static str, value: f64, bound: f64) {
        self.figure(what, value, bound, "≤", value <= bound);
    }
    fn figure(&mut self, what: &'static str, value: f64, bound: f64, sign: &'static str, met: bool) {
        self.0.push(Line::Figure {
            what,
            value,
            bound,
            sign,
            met,
        });
    }
    pub fn all_met(&self) -> bool {
        self.0.iter().all(|line| match line {
            Line::Note(_) => true,
            Line::Figure { met, .. } => *met,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.0 {
            match line {
                Line::Note(text) => writeln!(f, "  {text}")?,
                Line::Figure {
                    what,
                    value,
                    bound,
                    sign,
                    met,
                } => {
                    let verdict = if *met { "met" } else { "NOT MET" };
                    writeln!(
                        f,
                        "{what:<48} {value:>10.2}  {sign} {bound:<8} {:>5.2}×  {verdict}",
                        value / bound
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// Quantiles of measured durations (seconds).
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantiles {
    pub count: usize,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

impl Quantiles {
    pub fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_unstable_by(f64::total_cmp);
        let at = |percent: usize| {
            let index = (seconds.len() * percent / 100).min(seconds.len().saturating_sub(1));
            seconds.get(index).copied().unwrap_or(f64::NAN)
        };
        Self {
            count: seconds.len(),
            p50: at(50),
            p95: at(95),
            p99: at(99),
        }
    }
}
