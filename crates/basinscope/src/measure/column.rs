//! The measures by name: what each is called, its unit, and which way flat minima should lie.

use super::MeasureSettings;
use crate::record::MeasureColumn;
use crate::{Error, Result};

/// What is computed in one go, for the columns that come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Radii along isotropic rays.
    Radii,
    /// Radii along filter-normalised rays.
    FilterRadii,
    /// Local volumes by subset simulation.
    Volume,
    /// The Hessian's largest eigenvalue.
    Eigenvalue,
    /// The Hessian's trace.
    Trace,
    /// SAM sharpness, both balls.
    Sam,
    /// Expected loss under noise, both units.
    Noise,
    /// The local learning coefficient.
    LearningCoefficient,
    /// Norms of the weights.
    Norms,
    /// Margins in the plane of the data.
    Margins,
    /// What the record of the minimum tells already.
    Known,
}

impl Part {
    /// Every part, the cheap ones first.
    pub const ALL: [Self; 11] = [
        Self::Known,
        Self::Norms,
        Self::Margins,
        Self::Radii,
        Self::FilterRadii,
        Self::Eigenvalue,
        Self::Trace,
        Self::Sam,
        Self::Noise,
        Self::LearningCoefficient,
        Self::Volume,
    ];
}

/// One measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in files and on the command line.
    pub key: &'static str,
    /// The part that computes it.
    pub part: Part,
    title: &'static str,
    unit: &'static str,
    tex: &'static str,
    expected_sign: i8,
}

const fn column(
    part: Part,
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    tex: &'static str,
    expected_sign: i8,
) -> Column {
    Column {
        key,
        part,
        title,
        unit,
        tex,
        expected_sign,
    }
}

/// Every measure, in the order of the table.
pub const COLUMNS: [Column; 22] = [
    column(
        Part::Radii,
        "radius",
        "median radius",
        "parameters",
        r"$r_{50}$",
        -1,
    ),
    column(
        Part::Radii,
        "radius_relative",
        "median radius over |θ|",
        "",
        r"$r_{50}/|\theta|$",
        -1,
    ),
    column(
        Part::FilterRadii,
        "radius_filter",
        "median radius, filter-normalised",
        "filter norms",
        r"$r_{50}^{\mathrm{filter}}$",
        -1,
    ),
    column(
        Part::Volume,
        "ln_p",
        "ln P_σ",
        "nats",
        r"$\ln P_\sigma$",
        -1,
    ),
    column(Part::Volume, "k", "constrained dimensions k", "", r"$k$", 1),
    column(
        Part::Volume,
        "ln_p_relative",
        "ln P_σ, relative σ",
        "nats",
        r"$\ln P_{\sigma/\mathrm{rms}}$",
        -1,
    ),
    column(
        Part::Volume,
        "k_relative",
        "dimensions k, relative σ",
        "",
        r"$k_{\sigma/\mathrm{rms}}$",
        1,
    ),
    column(
        Part::Eigenvalue,
        "top_eigenvalue",
        "top Hessian eigenvalue",
        "nats/parameter²",
        r"$\lambda_{\max}$",
        1,
    ),
    column(
        Part::Trace,
        "trace",
        "Hessian trace",
        "nats/parameter²",
        r"$\mathrm{tr}\,H$",
        1,
    ),
    column(
        Part::Sam,
        "sam_step",
        "SAM sharpness, first order",
        "nats",
        r"$S_\rho^{(1)}$",
        1,
    ),
    column(
        Part::Sam,
        "sam",
        "SAM sharpness, ascended",
        "nats",
        r"$S_\rho$",
        1,
    ),
    column(
        Part::Sam,
        "sam_adaptive",
        "adaptive SAM sharpness",
        "nats",
        r"$S_\rho^{\mathrm{ada}}$",
        1,
    ),
    column(
        Part::Noise,
        "noise",
        "loss under noise",
        "nats",
        r"$\Delta L_\sigma$",
        1,
    ),
    column(
        Part::Noise,
        "noise_relative",
        "loss under relative noise",
        "nats",
        r"$\Delta L_{\sigma|w|}$",
        1,
    ),
    column(
        Part::LearningCoefficient,
        "learning_coefficient",
        "local learning coefficient",
        "",
        r"$\hat\lambda$",
        1,
    ),
    column(
        Part::Norms,
        "norm",
        "norm |θ|",
        "parameters",
        r"$|\theta|$",
        1,
    ),
    column(
        Part::Norms,
        "rms",
        "rms parameter",
        "parameters",
        r"$|\theta|/\sqrt{n}$",
        1,
    ),
    column(
        Part::Norms,
        "spectral_product",
        "product of spectral norms",
        "",
        r"$\prod\|W\|_2$",
        1,
    ),
    column(
        Part::Norms,
        "path_norm",
        "path norm",
        "",
        r"$\|\cdot\|_{\mathrm{path}}$",
        1,
    ),
    column(
        Part::Margins,
        "margin",
        "median input margin",
        "input units",
        r"$m_{50}$",
        -1,
    ),
    column(
        Part::Margins,
        "margin_smallest",
        "smallest input margin",
        "input units",
        r"$m_{\min}$",
        -1,
    ),
    column(
        Part::Known,
        "train_loss",
        "train loss (a control)",
        "nats",
        r"$L$",
        1,
    ),
];

impl Column {
    /// Its description for a record, with the settings that belong into its title.
    pub fn describe(&self, settings: &MeasureSettings) -> MeasureColumn {
        let with = match self.key {
            "ln_p" | "k" => format!(", σ = {}", settings.sigma),
            "ln_p_relative" | "k_relative" => format!(" = {} rms", settings.relative_sigma),
            "sam_step" | "sam" => format!(", ρ = {}", settings.sam_radius),
            "sam_adaptive" => format!(", ρ = {}", settings.adaptive_radius),
            "noise" => format!(", σ = {}", settings.noise),
            "noise_relative" => format!(", σ = {}·|w|", settings.relative_noise),
            "learning_coefficient" => format!(", γ = {}", settings.gamma),
            _ => String::new(),
        };
        MeasureColumn {
            key: self.key.to_owned(),
            title: format!("{}{with}", self.title),
            unit: self.unit.to_owned(),
            tex: self.tex.to_owned(),
            expected_sign: self.expected_sign,
        }
    }
}

/// The columns of these keys in the order of the table; all where there is none.
///
/// # Errors
/// [`Error::Setting`] naming a key that is none.
pub fn columns(keys: &[String]) -> Result<Vec<&'static Column>> {
    for key in keys {
        if !COLUMNS.iter().any(|column| column.key == key) {
            let known: Vec<&str> = COLUMNS.iter().map(|column| column.key).collect();
            let expected = format!("some of {}", known.join(", "));
            return Err(Error::setting("measures", expected, key));
        }
    }
    let asked = |column: &&Column| keys.is_empty() || keys.iter().any(|key| key == column.key);
    Ok(COLUMNS.iter().filter(asked).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own_and_a_part_that_is_run() {
        for (index, column) in COLUMNS.iter().enumerate() {
            assert!(COLUMNS[..index].iter().all(|other| other.key != column.key));
            assert!(Part::ALL.contains(&column.part), "{}", column.key);
            assert_eq!(column.expected_sign.abs(), 1);
        }
    }

    #[test]
    fn columns_are_found_by_name_in_the_order_of_the_table() {
        let keys = ["trace".to_owned(), "radius".to_owned()];
        let found: Vec<&str> = columns(&keys).unwrap().iter().map(|c| c.key).collect();
        assert_eq!(found, ["radius", "trace"]);
        assert_eq!(columns(&[]).unwrap().len(), COLUMNS.len());
        let error = columns(&["sharpness".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("sharpness") && error.contains("sam"),
            "{error}"
        );
    }
}
