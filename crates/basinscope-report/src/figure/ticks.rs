//! Which values an axis marks, and how numbers are written on it.

use crate::format::superscript;

/// Ticks of a linear scale over `[lo, hi]`, about `wanted` of them.
pub(super) fn linear_ticks(lo: f64, hi: f64, wanted: usize) -> Vec<(f64, String)> {
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

/// Ticks of a logarithmic scale over the exponents `[lo, hi]`: the densest readable choice that
/// `fits`, and one tick where none does.
pub(super) fn log_ticks(
    lo: f64,
    hi: f64,
    wanted: usize,
    fits: impl Fn(&[(f64, String)]) -> bool,
) -> Vec<(f64, String)> {
    let digits = |digits: &[f64]| -> Vec<(f64, String)> {
        (lo.floor() as i32..=hi.ceil() as i32)
            .flat_map(|decade| digits.iter().map(move |digit| digit * 10f64.powi(decade)))
            .filter(|value| (lo - 1e-9..=hi + 1e-9).contains(&value.log10()))
            .map(|value| (value, plain(value)))
            .collect()
    };
    let step = ((hi - lo) / wanted.max(1) as f64).ceil().max(1.0) as i32;
    let widest = step.max((hi - lo).ceil() as i32);
    // A step of several decades may pass a short range by: closer ones next, then wider ones.
    let decades = (1..=step).rev().chain(step + 1..=widest).map(|step| {
        ((lo - 1e-9).ceil() as i32..=(hi + 1e-9).floor() as i32)
            .filter(|decade| decade.rem_euclid(step) == 0)
            .map(|decade| (10f64.powi(decade), power(decade)))
            .collect()
    });
    let fine = [digits(&[1.0, 2.0, 5.0]), digits(&[1.0, 3.0])];
    // Within two decades, powers of ten alone would leave one or two labels.
    let first = if hi - lo < 2.0 {
        fine
    } else {
        Default::default()
    };
    let within = if hi - lo < 1.0 {
        linear_ticks(10f64.powf(lo), 10f64.powf(hi), wanted.max(4))
    } else {
        Vec::new()
    };
    let choices: Vec<Vec<(f64, String)>> = first
        .into_iter()
        .chain(decades)
        .chain([digits(&[1.0, 2.0, 5.0]), within])
        .collect();
    let several = choices.iter().find(|ticks| ticks.len() > 1 && fits(ticks));
    several.cloned().unwrap_or_else(|| {
        // The one in the middle of the sparsest choice.
        let fewest = choices
            .into_iter()
            .filter(|ticks| !ticks.is_empty())
            .min_by_key(Vec::len)
            .unwrap_or_default();
        let middle = fewest.len() / 2;
        fewest.into_iter().skip(middle).take(1).collect()
    })
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
