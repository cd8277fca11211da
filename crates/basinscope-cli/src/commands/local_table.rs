//! Local volumes of minima as a table for people.

use crate::console::table;
use basinscope::record::{LocalVolumePoint, LocalVolumeRecord};
use basinscope_report::figure;

/// Local volumes as a table: each minimum at its largest trusted σ, and at the largest one that all
/// share.
pub fn local_table(records: &[LocalVolumeRecord]) -> String {
    let common = figure::equal_sigma(records);
    let at = |record: &LocalVolumeRecord, sigma: Option<f64>| {
        let sigma = sigma?;
        record.curve.iter().find(|p| p.sigma == sigma).cloned()
    };
    let ln_p = |point: &LocalVolumePoint| match (point.ln_p, point.standard_error) {
        (Some(ln_p), Some(error)) => format!("{ln_p:.1} ± {error:.1}"),
        (Some(ln_p), None) => format!("{ln_p:.1}"),
        _ => "refused".into(),
    };
    let number = |value: Option<f64>, digits: usize| match value {
        Some(value) => format!("{value:.digits$}"),
        None => "–".into(),
    };
    let rows: Vec<Vec<String>> = (records.iter())
        .map(|record| {
            let shared = at(record, common);
            let own = at(record, record.largest_local_sigma);
            vec![
                record.minimum.clone(),
                format!("{:.1} %", 100.0 * record.generalization_gap),
                shared.as_ref().map_or_else(|| "–".into(), ln_p),
                number(record.largest_local_sigma, 4),
                own.as_ref().map_or_else(|| "–".into(), ln_p),
                number(own.as_ref().and_then(|p| p.constrained_dimensions), 0),
                number(own.as_ref().and_then(|p| p.star_share), 2),
                number(own.as_ref().and_then(|p| p.r_hat), 2),
                match record.gradients {
                    0 => format!("{:.1e}", record.evaluations as f64),
                    gradients => format!("{:.1e} ∇", gradients as f64),
                },
            ]
        })
        .collect();
    let above = match records.first() {
        Some(record) if record.region == "excess" => {
            format!(" (own loss + {})", record.cutoff)
        }
        _ => String::new(),
    };
    let shared = match common {
        Some(sigma) => format!("ln P{above} at σ {}", width(sigma)),
        None => format!("ln P{above}, common σ"),
    };
    let heading = [
        "minimum",
        "gap",
        shared.as_str(),
        "largest local σ",
        "ln P there",
        "k",
        "f*",
        "R-hat",
        "cost",
    ];
    let mut text = table(&heading, &rows);
    for record in records {
        for (warning, sigmas) in record.warnings() {
            let sigmas: Vec<String> = sigmas.iter().map(|&sigma| width(sigma)).collect();
            let (name, sigmas) = (&record.minimum, sigmas.join(", "));
            text += &format!("\n· {name} at σ {sigmas}: {warning}");
        }
    }
    text
}

/// A width to three digits, without zeros at the end.
fn width(sigma: f64) -> String {
    let rounded = format!("{sigma:.2e}").parse();
    rounded.unwrap_or(sigma).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_have_three_digits() {
        assert_eq!(
            [0.21426111933984496, 0.00562, 1.0, 17.783].map(width),
            ["0.214", "0.00562", "1", "17.8"]
        );
    }
}
