//! The bars an estimate must pass.

use super::cases::Truth;
use super::check::Finding;
use std::fmt;

/// Share of repetitions whose claimed 95 % interval must hold the truth.
pub const COVERAGE_BAR: f64 = 0.85;

/// What an estimate must satisfy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// The estimate lies within so many nats of the truth.
    Within(f64),
    /// Each independent run of it does.
    EachRunWithin(f64),
    /// The estimate lies within so many standard errors, its own and the truth's together.
    StandardErrors(f64),
    /// So many evaluations a run at most.
    Evaluations(u64),
    /// So many gradients at most.
    Gradients(u64),
    /// The claimed interval holds the truth in at least this share of the repetitions.
    Coverage(f64),
    /// The estimate is called a lower bound.
    Flagged,
    /// It is not.
    Trusted,
}

impl Bar {
    /// Whether a finding passes. What is not a number passes nothing.
    pub fn passes(&self, finding: &Finding, truth: &Truth) -> bool {
        let off = |value: f64| (value - truth.value).abs();
        match *self {
            Self::Within(nats) => off(finding.estimate) <= nats,
            Self::EachRunWithin(nats) => finding.runs.iter().all(|&run| off(run) <= nats),
            Self::StandardErrors(count) => {
                let own = finding.standard_error.unwrap_or(0.0);
                off(finding.estimate) <= count * own.hypot(truth.standard_error)
            }
            Self::Evaluations(most) => finding.evaluations <= most * finding.runs.len() as u64,
            Self::Gradients(most) => finding.gradients <= most,
            Self::Coverage(share) => finding.covered as f64 >= share * finding.repetitions as f64,
            Self::Flagged => finding.flagged,
            Self::Trusted => !finding.flagged,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(nats) => write!(f, "within {nats} nats"),
            Self::EachRunWithin(nats) => write!(f, "each run within {nats} nats"),
            Self::StandardErrors(count) => write!(f, "within {count} standard errors"),
            Self::Evaluations(most) => write!(f, "≤ {:.0e} evaluations a run", *most as f64),
            Self::Gradients(most) => write!(f, "≤ {:.0e} gradients", *most as f64),
            Self::Coverage(share) => write!(f, "interval covers ≥ {:.0} %", 100.0 * share),
            Self::Flagged => f.write_str("flagged as a lower bound"),
            Self::Trusted => f.write_str("not flagged"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(value: f64) -> Truth {
        Truth {
            sigma: Some(1.0),
            value,
            standard_error: 0.3,
            source: "formula",
        }
    }

    fn finding() -> Finding {
        Finding {
            estimate: -10.0,
            runs: vec![-9.0, -11.0],
            standard_error: Some(0.4),
            half_width: Some(1.0),
            covered: 34,
            repetitions: 40,
            evaluations: 400,
            gradients: 7,
            flagged: true,
            note: String::new(),
        }
    }

    #[test]
    fn a_bar_is_passed_or_missed() {
        // Either side of each bar: 34 of 40 is 85 %; √(.3² + .4²) = .5.
        for (bar, value, passes) in [
            (Bar::Within(1.0), -10.9, true),
            (Bar::Within(1.0), -11.1, false),
            (Bar::EachRunWithin(1.5), -10.4, true),
            (Bar::EachRunWithin(1.5), -9.4, false),
            (Bar::StandardErrors(3.0), -11.4, true),
            (Bar::StandardErrors(3.0), -11.6, false),
            (Bar::Evaluations(200), 0.0, true),
            (Bar::Evaluations(199), 0.0, false),
            (Bar::Gradients(7), 0.0, true),
            (Bar::Gradients(6), 0.0, false),
            (Bar::Coverage(0.85), 0.0, true),
            (Bar::Coverage(0.86), 0.0, false),
            (Bar::Flagged, 0.0, true),
            (Bar::Trusted, 0.0, false),
        ] {
            assert_eq!(
                bar.passes(&finding(), &truth(value)),
                passes,
                "{bar} {value}"
            );
        }
        assert!(!Bar::Within(1.0).passes(&finding(), &truth(f64::NAN)));
        let lost = Finding {
            estimate: f64::NEG_INFINITY,
            ..finding()
        };
        assert!(!Bar::Within(1e9).passes(&lost, &truth(-10.0)));
    }
}
