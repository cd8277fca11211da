//! From values to places on the page, with readable ticks.

use super::axes::TICK;
use super::font;
use super::ticks::{linear_ticks, log_ticks};

/// Free space between the labels of two ticks.
const LABEL_GAP: f64 = 3.0;

/// How values are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spread {
    Linear,
    Log,
}

/// A mapping from a range of values to a range of the page; values outside are held at its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    spread: Spread,
    lo: f64,
    hi: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// A linear scale from `[lo, hi]` to `[start, end]`; an empty or broken range is widened.
    pub fn linear(range: [f64; 2], page: [f64; 2]) -> Self {
        let [mut lo, mut hi] = if range.iter().all(|value| value.is_finite()) {
            range
        } else {
            [0.0, 1.0]
        };
        if hi - lo <= 1e-12 * hi.abs().max(lo.abs()) {
            let pad = if lo == 0.0 { 1.0 } else { 0.05 * lo.abs() };
            (lo, hi) = (lo - pad, hi + pad);
        }
        Self {
            spread: Spread::Linear,
            lo,
            hi,
            start: page[0],
            end: page[1],
        }
    }

    /// A logarithmic scale; an empty or broken range is widened to a decade.
    pub fn log(range: [f64; 2], page: [f64; 2]) -> Self {
        let good = |value: f64| value.is_finite() && value > 0.0;
        let [mut lo, mut hi] = match range {
            [lo, hi] if good(lo) && good(hi) => [lo.log10(), hi.log10()],
            _ => [-1.0, 1.0],
        };
        if hi - lo < 0.02 {
            (lo, hi) = (lo - 0.5, hi + 0.5);
        }
        Self {
            spread: Spread::Log,
            lo,
            hi,
            start: page[0],
            end: page[1],
        }
    }

    /// The place of a value; infinities go to the ends, NaN to the upper one.
    pub fn at(&self, value: f64) -> f64 {
        let value = match self.spread {
            Spread::Linear => value,
            Spread::Log if value <= 0.0 => self.lo,
            Spread::Log => value.log10(),
        };
        let share = (value - self.lo) / (self.hi - self.lo);
        let share = if share.is_nan() { 1.0 } else { share };
        self.start + (self.end - self.start) * share.clamp(0.0, 1.0)
    }

    /// The first value of the scale.
    pub fn lo(&self) -> f64 {
        self.value(self.lo)
    }

    /// The last value of the scale.
    pub fn hi(&self) -> f64 {
        self.value(self.hi)
    }

    fn value(&self, inner: f64) -> f64 {
        match self.spread {
            Spread::Linear => inner,
            Spread::Log => 10f64.powf(inner),
        }
    }

    /// Values to mark with their labels, about `wanted` of them; those of a logarithmic scale
    /// never touch each other and are never none.
    pub fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        match self.spread {
            Spread::Linear => linear_ticks(self.lo, self.hi, wanted),
            Spread::Log => log_ticks(self.lo, self.hi, wanted, |ticks| self.fits(ticks)),
        }
    }

    /// Whether tick labels leave each other room: their widths across the page, their height up.
    fn fits(&self, ticks: &[(f64, String)]) -> bool {
        let up = self.end < self.start;
        let size = |text: &str| {
            if up {
                TICK
            } else {
                font::width(text, TICK, false)
            }
        };
        ticks.windows(2).all(|pair| {
            let apart = (self.at(pair[1].0) - self.at(pair[0].0)).abs();
            apart >= (size(&pair[0].1) + size(&pair[1].1)) / 2.0 + LABEL_GAP
        })
    }

    /// The scale stretched to end at a tick where no tick is at or above `value`; as it is where
    /// that would cost more than a fifth of its length.
    #[must_use]
    pub fn with_tick_above(self, value: f64, wanted: usize) -> Self {
        let above = |scale: &Self| scale.ticks(wanted).iter().any(|tick| tick.0 >= value);
        if above(&self) {
            return self;
        }
        // Ticks may change their step as the scale grows: the shortest stretch that works.
        (1..=40)
            .map(|step| Self {
                hi: self.hi + (self.hi - self.lo) * 0.005 * f64::from(step),
                ..self
            })
            .find(above)
            .unwrap_or(self)
    }

    /// Unlabelled values between the ticks of a logarithmic scale of few decades.
    pub fn minor_ticks(&self) -> Vec<f64> {
        let room = (self.end - self.start).abs() / (self.hi - self.lo);
        if self.spread == Spread::Linear || room < 26.0 {
            return Vec::new();
        }
        (self.lo.floor() as i32..=self.hi.ceil() as i32)
            .flat_map(|decade| (2..10).map(move |digit| f64::from(digit) * 10f64.powi(decade)))
            .filter(|value| (self.lo..=self.hi).contains(&value.log10()))
            .collect()
    }
}

/// The smallest and largest finite value; `fallback` where there is none.
pub(super) fn extent(values: impl IntoIterator<Item = f64>, fallback: [f64; 2]) -> [f64; 2] {
    let [lo, hi] = values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[lo, hi], value| {
            [lo.min(value), hi.max(value)]
        });
    if lo <= hi { [lo, hi] } else { fallback }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_labelled() {
        let labels = |scale: Scale, wanted| -> Vec<String> {
            scale.ticks(wanted).into_iter().map(|tick| tick.1).collect()
        };
        let unit = [0.0, 100.0];
        assert_eq!(
            labels(Scale::linear([-0.5, 0.5], unit), 4),
            ["−0.50", "−0.25", "0", "0.25", "0.50"]
        );
        assert_eq!(
            labels(Scale::log([1e-3, 1e1], unit), 5),
            ["10⁻³", "10⁻²", "10⁻¹", "1", "10"]
        );
        assert_eq!(labels(Scale::log([0.9, 6.0], unit), 5), ["1", "2", "5"]);
    }

    #[test]
    fn labels_of_a_logarithmic_axis_never_overlap_and_are_never_none() {
        for height in [20.0, 40.0, 70.0, 115.0, 300.0] {
            for page in [[height, 0.0], [0.0, height]] {
                for lo in [1e-8, 3e-4, 0.03, 0.04, 0.11, 1.0, 1.1] {
                    for ratio in [1.2, 1.7, 3.0, 9.0, 30.0, 625.0, 1e3, 2e4, 1e9] {
                        let scale = Scale::log([lo, lo * ratio], page);
                        for wanted in 1..7 {
                            let ticks = scale.ticks(wanted);
                            assert!(!ticks.is_empty(), "{lo} × {ratio}, {wanted}");
                            assert!(scale.fits(&ticks), "{lo} × {ratio}, {wanted}: {ticks:?}");
                        }
                    }
                }
            }
        }
        let small = Scale::log([0.03, 31.0], [70.0, 0.0]).ticks(3);
        let values: Vec<f64> = small.iter().map(|tick| tick.0).collect();
        assert_eq!(values, [0.1, 1.0, 10.0]);
    }

    #[test]
    fn a_tick_above_the_highest_value_is_added_where_it_is_cheap() {
        let top = |scale: Scale| scale.ticks(5).last().expect("a tick").0;
        let volume = Scale::linear([-8000.0, -2090.0], [300.0, 0.0]);
        assert!(top(volume.with_tick_above(-2500.0, 5)) >= -2500.0);
        let radius = Scale::log([0.05, 1.45], [300.0, 0.0]);
        assert!(top(radius.with_tick_above(1.2, 5)) >= 1.2);
    }

    #[test]
    fn broken_ranges_and_values_stay_on_the_page() {
        for range in [
            [f64::NAN, 1.0],
            [3.0, 3.0],
            [0.0, 0.0],
            [0.0, f64::INFINITY],
        ] {
            for scale in [
                Scale::linear(range, [10.0, 20.0]),
                Scale::log(range, [10.0, 20.0]),
            ] {
                for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 1e300] {
                    assert!((10.0..=20.0).contains(&scale.at(value)));
                }
                assert!(scale.ticks(5).len() < 60);
            }
        }
    }
}
