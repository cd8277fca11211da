//! Single cells: numbers with a point or a comma.

/// A finite number in the range of f32, written with a point, or with a comma in its place.
pub(super) fn number(cell: &str, decimal_comma: bool) -> Option<f32> {
    let value = if decimal_comma && cell.contains(',') {
        if cell.contains('.') || cell.matches(',').count() > 1 {
            return None;
        }
        cell.replace(',', ".").parse()
    } else {
        cell.parse()
    };
    value.ok().filter(|value: &f32| value.is_finite())
}

/// Whether a cell is a whole number written without decimals, as places and numbers of rows are.
pub(super) fn whole(cell: &str) -> Option<i64> {
    cell.parse().ok()
}

/// A whole number, also written with decimals that are 0, as pandas writes columns that once had
/// holes.
pub(super) fn integral(cell: &str) -> Option<i64> {
    whole(cell).or_else(|| {
        let value: f64 = cell.parse().ok()?;
        (value.fract() == 0.0 && value.abs() < 2f64.powi(53)).then_some(value as i64)
    })
}

/// What a cell of `True` or `False` in any case says.
pub(super) fn truth(cell: &str) -> Option<bool> {
    [(true, "true"), (false, "false")]
        .into_iter()
        .find_map(|(truth, word)| cell.eq_ignore_ascii_case(word).then_some(truth))
}

/// Whether a cell looks like a number with this mark between thousands, `1,234`.
pub(super) fn has_thousands(cell: &str, mark: char) -> bool {
    let plain = cell.trim_start_matches(['-', '+']);
    let mut groups = plain.split(mark);
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    (1..=3).contains(&first.len())
        && digits(first)
        && !first.starts_with('0')
        && rest.peek().is_some()
        && rest.all(|group| group.len() == 3 && digits(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_by_hand() {
        assert_eq!(number("-1.5e3", false), Some(-1500.0));
        assert_eq!(number("5,1", true), Some(5.1));
        for (cell, comma) in [
            ("5,1", false),
            ("1.234,5", true),
            ("1,2,3", true),
            ("inf", false),
            ("1e39", false),
            ("12 %", true),
        ] {
            assert_eq!(number(cell, comma), None, "{cell}");
        }
        let thousands = |cell| has_thousands(cell, ',');
        assert!(thousands("1,234") && thousands("-12,345,678") && has_thousands("1.234", '.'));
        assert!(!thousands("0,123") && !thousands("1,23") && !thousands("1234"));
        assert_eq!(
            ["7", "7.0", "7.5", "x"].map(integral),
            [Some(7), Some(7), None, None]
        );
        assert_eq!(
            ["TRUE", "False", "t"].map(truth),
            [Some(true), Some(false), None]
        );
    }
}
