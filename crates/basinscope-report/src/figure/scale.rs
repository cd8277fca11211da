//! From values to places on the page, with readable ticks.

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

    /// Values to mark with their labels, about `wanted` of them.
    pub fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        match self.spread {
            Spread::Linear => linear_ticks(self.lo, self.hi, wanted),
            Spread::Log => log_ticks(self.lo, self.hi, wanted),
        }
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

fn linear_ticks(lo: f64, hi: f64, wanted: usize) -> Vec<(f64, String)> {
    let raw = (hi - lo) / wanted.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= 0.999 * raw)
        .unwrap_or(10.0 * power);
    let (first, last) = ((lo / step - 1e-6).ceil(), (hi / step + 1e-6).floor());
    let count = (last - first).clamp(0.0, 50.0) as usize;
    (0..=count)
        .map(|index| {
            let value = (first + index as f64) * step;
            (value, tick_label(value, step))
        })
        .collect()
}

fn tick_label(value: f64, step: f64) -> String {
    if value.abs() < 1e-9 * step {
        return "0".into();
    }
    if value.abs() >= 1e5 || step < 1e-4 {
        let text = format!("{value:.1e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}·10{}", superscript(exponent.parse().unwrap_or(0)))
            .replace('-', "−");
    }
    let mut decimals = (-step.log10()).ceil().max(0.0) as usize;
    let scaled = step * 10f64.powi(decimals as i32);
    if (scaled - scaled.round()).abs() > 1e-6 {
        decimals += 1;
    }
    thousands(&format!("{value:.decimals$}")).replace('-', "−")
}

/// A number with thin groups of three digits where it has five or more.
fn thousands(text: &str) -> String {
    let digits = text.trim_start_matches('-').len();
    if digits < 5 || text.contains('.') {
        return text.to_owned();
    }
    let (head, tail) = text.split_at(text.len() - 3);
    format!("{head},{tail}")
}

fn log_ticks(lo: f64, hi: f64, wanted: usize) -> Vec<(f64, String)> {
    let step = ((hi - lo) / wanted.max(1) as f64).ceil().max(1.0) as i32;
    let decades: Vec<i32> = ((lo - 1e-9).ceil() as i32..=(hi + 1e-9).floor() as i32)
        .filter(|decade| decade.rem_euclid(step) == 0)
        .collect();
    if decades.len() > 1 {
        return decades
            .into_iter()
            .map(|decade| (10f64.powi(decade), power(decade)))
            .collect();
    }
    // Less than two decades: 1, 2 and 5 in plain digits.
    (lo.floor() as i32..=hi.ceil() as i32)
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(decade)))
        .filter(|value| (lo - 1e-9..=hi + 1e-9).contains(&value.log10()))
        .map(|value| (value, plain(value)))
        .collect()
}

/// A number in its shortest plain form.
pub(super) fn plain(value: f64) -> String {
    if !value.is_finite() {
        return if value > 0.0 { "∞" } else { "–" }.into();
    }
    if value != 0.0 && (value.abs() >= 1e5 || value.abs() < 1e-3) {
        return tick_label(value, 1e-9);
    }
    let decimals = if value == 0.0 {
        0
    } else {
        (2 - value.abs().log10().floor() as i32).clamp(0, 6) as usize
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    text.replace('-', "−")
}

/// A power of ten: 0.01 to 1000 as 10⁻², 10⁻¹, 1, 10, 10², 10³.
fn power(decade: i32) -> String {
    match decade {
        0 => "1".into(),
        1 => "10".into(),
        _ => format!("10{}", superscript(decade)),
    }
}

/// An integer in superscript digits.
pub(super) fn superscript(value: i32) -> String {
    value
        .to_string()
        .chars()
        .map(|digit| match digit {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            other => char::from_u32(0x2070 + other.to_digit(10).unwrap_or(0)).unwrap_or(other),
        })
        .collect()
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
