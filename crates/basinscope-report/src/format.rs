//! Numbers as a reader wants them, for figures and page alike: percent, thousands, a few significant
//! digits, and no more of them than an error carries.

/// No-break thin space, between a number and its unit.
const THIN: char = '\u{202f}';
const MINUS: char = '−';

/// A share as percent: `11.0 %`, and `100 %` only where it is exactly that.
pub(crate) fn percent(share: f64) -> String {
    if share == 1.0 || share == 0.0 || !share.is_finite() {
        return format!("{}{THIN}%", plain(100.0 * share, 0));
    }
    let mut text = plain(100.0 * share, 1);
    for decimals in 2..6 {
        if text.trim_start_matches("100.").chars().any(|c| c != '0') {
            break;
        }
        text = plain(100.0 * share, decimals);
    }
    format!("{text}{THIN}%")
}

/// A difference of shares in percentage points: `88.5`.
pub(crate) fn points(share: f64) -> String {
    plain(100.0 * share, 1)
}

/// A whole number with thousands separated: `3,614`.
pub(crate) fn count(value: usize) -> String {
    separated(&value.to_string())
}

/// A number of order-of-magnitude interest, rounded to whole with thousands: `−7,442`.
pub(crate) fn whole(value: f64) -> String {
    let text = plain(value, 0);
    match text.strip_prefix(MINUS) {
        Some(digits) => format!("{MINUS}{}", separated(digits)),
        None => separated(&text),
    }
}

/// A number with `digits` significant digits; powers of ten outside 0.001 … 999,999.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return plain(value, 0);
    }
    // Rounded first, so that 9.96 with two digits is 10 rather than 10.0.
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if (-3..6).contains(&power) {
        let decimals = (digits as i32 - 1 - power).max(0) as usize;
        let text = plain(value, decimals);
        if decimals == 0 { whole(value) } else { text }
    } else {
        let sign = if value < 0.0 { "−" } else { "" };
        format!("{sign}{mantissa}{THIN}×{THIN}10{}", superscript(power))
    }
}

/// A measured number with its interval, to the digits that the interval carries: `57 (50 to 66)`.
pub(crate) fn within(value: f64, interval: [f64; 2]) -> String {
    let [low, high] = interval;
    let carried = |number: f64| carried(number, 0.5 * (high - low));
    format!("{} ({} to {})", carried(value), carried(low), carried(high))
}

/// A number to the digits that an error of this size leaves it: one digit of the error, two where
/// the first is a 1; three significant ones without an error.
pub(crate) fn carried(value: f64, error: f64) -> String {
    let error = error.abs();
    if !(error > 0.0 && error.is_finite() && value.is_finite()) {
        return significant(value, 3);
    }
    let scientific = format!("{error:.1e}");
    let power: i32 = (scientific
        .split_once('e')
        .and_then(|(_, power)| power.parse().ok()))
    .unwrap_or(0);
    let decimals = i32::from(scientific.starts_with('1')) - power;
    if decimals > 6 {
        // So small that a power of ten reads better.
        let digits = (value.abs().log10().floor() as i32 + decimals + 1).max(1);
        return significant(value, digits as usize);
    }
    if decimals > 0 {
        return plain(value, decimals as usize);
    }
    let unit = 10_f64.powi(-decimals);
    whole((value / unit).round() * unit)
}

/// A number of which only the size is meant: two significant digits, `5,400`.
pub(crate) fn about(value: f64) -> String {
    if value.abs() < 10.0 {
        return significant(value, 2);
    }
    let unit = 10_f64.powi(value.abs().log10().floor() as i32 - 1);
    whole((value / unit).round() * unit)
}

/// A fixed number of decimals with a true minus sign.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "undefined".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.into();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.into(),
        Some(digits) => format!("{MINUS}{digits}"),
        None => text,
    }
}

/// `one`, `two`, … up to ten; digits beyond.
pub(crate) fn words(value: usize) -> String {
    const WORDS: [&str; 11] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    WORDS
        .get(value)
        .map_or_else(|| count(value), |&word| word.into())
}

fn separated(digits: &str) -> String {
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        return digits.into();
    }
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An integer in superscript digits.
pub(crate) fn superscript(value: i32) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_share_reads_as_100_percent() {
        assert_eq!(percent(1.0), "100\u{202f}%");
        assert_eq!(percent(0.9996), "99.96\u{202f}%");
        assert_eq!(percent(0.11), "11.0\u{202f}%");
        assert_eq!(percent(0.0), "0\u{202f}%");
        assert_eq!(percent(0.1), "10.0\u{202f}%");
        assert_eq!(points(0.885), "88.5");
    }

    #[test]
    fn numbers_keep_their_digits_and_their_sign() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(whole(-7442.4), "−7,442");
        assert_eq!(whole(-0.2), "0");
        assert_eq!(significant(6.2543, 2), "6.3");
        assert_eq!(significant(9.96, 2), "10");
        assert_eq!(significant(0.001234, 3), "0.00123");
        assert_eq!(significant(-0.000012, 2), "−1.2\u{202f}×\u{202f}10⁻⁵");
        assert_eq!(significant(12_345.0, 2), "12,345");
        assert_eq!(significant(f64::INFINITY, 2), "∞");
        assert_eq!(within(57.31, [50.2, 66.4]), "57 (50 to 66)");
        assert_eq!(within(0.21542, [0.2101, 0.2203]), "0.215 (0.210 to 0.220)");
        assert_eq!(within(-92.97, [-94.4, -91.5]), "−93.0 (−94.4 to −91.5)");
        assert_eq!(carried(5_363.0, 240.0), "5,400");
        assert_eq!(carried(2.0e-8, 3.0e-9), "2.0\u{202f}×\u{202f}10⁻⁸");
        assert_eq!(carried(0.5, 0.0), "0.500");
        assert_eq!(about(5_306.0), "5,300");
        assert_eq!(about(-36.4), "−36");
        assert_eq!(about(0.123), "0.12");
        assert_eq!(words(2), "two");
        assert_eq!(words(12), "12");
    }
}
