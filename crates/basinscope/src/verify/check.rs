//! One estimator on one case, once or many times over.

use super::cases::{Case, CaseSurface, Truth};
use super::judge::Bar;
use crate::Result;
use crate::basin::{
    LowLoss, LtaSettings, RadialSettings, StiffDirections, SubsimSettings, student_half_width,
};
use crate::record::VerifyRow;
use crate::surface::ParameterLayout;
use crate::surface::{Differentiable, LossSurface, TwiceDifferentiable};
use crate::watch::Watch;
use rayon::prelude::*;

/// Seed of the search for stiff directions, which belong to the case.
const STIFF_SEED: u64 = 0;

/// An estimator under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    /// Subset simulation with its defaults, but with moves doubled so many times at most.
    Subsim {
        /// The doublings; the first pass alone is 0.
        doublings: usize,
    },
    /// Local tempered annealing with its defaults.
    Lta,
    /// The paper's integrator with its defaults.
    Radial,
}

impl Estimator {
    /// Its name as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Subsim { .. } => "subsim",
            Self::Lta => "lta",
            Self::Radial => "radial",
        }
    }
}

/// What an estimator makes of a case at one width, in nats.
///
/// Of several repetitions: the estimate and everything claimed are means, `evaluations` and
/// `gradients` those of one repetition.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// ln P_σ or ln V.
    pub estimate: f64,
    /// The independent runs the estimate is the mean of.
    pub runs: Vec<f64>,
    /// The standard error claimed.
    pub standard_error: Option<f64>,
    /// Half the width of the 95 % interval claimed.
    pub half_width: Option<f64>,
    /// Repetitions whose interval holds the truth.
    pub covered: usize,
    /// Repetitions.
    pub repetitions: usize,
    /// Loss evaluations.
    pub evaluations: u64,
    /// Gradients.
    pub gradients: u64,
    /// Whether the estimator itself calls the estimate a lower bound.
    pub flagged: bool,
    /// What a reader should know.
    pub note: String,
}

/// One estimator on one case, with the bars it must pass.
#[derive(Clone)]
pub struct Check {
    /// The case.
    pub case: Case,
    /// The estimator.
    pub estimator: Estimator,
    /// How often, with seeds of their own.
    pub repetitions: usize,
    /// Bars at each of the case's truths.
    pub bars: Vec<Vec<Bar>>,
}

impl Check {
    /// Runs the estimator and judges it: a row for each truth of the case.
    ///
    /// # Errors
    /// As the estimator's own; of the built-in cases none but [`Error::Cancelled`](crate::Error::Cancelled)
    /// by the watch.
    pub fn run(&self, seed: u64, watch: &dyn Watch) -> Result<Vec<VerifyRow>> {
        let all: Vec<Vec<Finding>> = (0..self.repetitions as u64)
            .into_par_iter()
            .map(|index| self.once(seed.wrapping_add(index), watch))
            .collect::<Result<_>>()?;
        let rows = self.case.truths.iter().zip(&self.bars).enumerate();
        Ok(rows
            .map(|(place, (truth, bars))| {
                let found: Vec<&Finding> = all.iter().map(|found| &found[place]).collect();
                self.row(truth, bars, &together(&found))
            })
            .collect())
    }

    /// Whether a row answers this check.
    pub fn is_answered_by(&self, row: &VerifyRow) -> bool {
        let truths = self.case.truths.iter().zip(&self.bars);
        row.case == self.case.name
            && row.method == self.estimator.name()
            && row.repetitions == self.repetitions
            && truths.into_iter().any(|(truth, bars)| {
                row.truth.total_cmp(&truth.value).is_eq() && row.bar == words(bars)
            })
    }

    fn row(&self, truth: &Truth, bars: &[Bar], finding: &Finding) -> VerifyRow {
        VerifyRow {
            case: self.case.name.clone(),
            dimension: self.case.dim(),
            sigma: truth.sigma,
            cutoff: self.case.cutoff,
            method: self.estimator.name().to_owned(),
            truth: truth.value,
            truth_standard_error: truth.standard_error,
            truth_source: truth.source.to_owned(),
            estimate: finding.estimate,
            error: finding.estimate - truth.value,
            standard_error: finding.standard_error,
            half_width: finding.half_width,
            covered: finding.half_width.map(|_| finding.covered),
            repetitions: finding.repetitions,
            flagged: finding.flagged,
            evaluations: finding.evaluations,
            gradients: finding.gradients,
            bar: words(bars),
            pass: bars.iter().all(|bar| bar.passes(finding, truth)),
            note: finding.note.clone(),
        }
    }

    /// The findings at each truth, for one seed.
    fn once(&self, seed: u64, watch: &dyn Watch) -> Result<Vec<Finding>> {
        let case = &self.case;
        let none = || StiffDirections::none(case.dim());
        match (&case.surface, self.estimator) {
            (CaseSurface::Ellipsoid(surface), Estimator::Radial) => {
                self.radial(surface, seed, watch)
            }
            (CaseSurface::Valley(surface), Estimator::Radial) => self.radial(surface, seed, watch),
            (CaseSurface::Cube(surface), Estimator::Radial) => self.radial(surface, seed, watch),
            (CaseSurface::Net(surface), Estimator::Radial) => {
                self.radial(surface.as_ref(), seed, watch)
            }
            (CaseSurface::Ellipsoid(surface), Estimator::Subsim { doublings }) => self.subsim(
                surface,
                &self.stiff(surface, watch)?,
                doublings,
                seed,
                watch,
            ),
            (CaseSurface::Net(surface), Estimator::Subsim { doublings }) => {
                let surface = surface.as_ref();
                self.subsim(
                    surface,
                    &self.stiff(surface, watch)?,
                    doublings,
                    seed,
                    watch,
                )
            }
            (CaseSurface::Valley(surface), Estimator::Subsim { doublings }) => {
                self.subsim(surface, &none(), doublings, seed, watch)
            }
            (CaseSurface::Cube(surface), Estimator::Subsim { doublings }) => {
                self.subsim(surface, &none(), doublings, seed, watch)
            }
            (CaseSurface::Ellipsoid(surface), Estimator::Lta) => {
                self.lta(surface, &self.stiff(surface, watch)?, seed, watch)
            }
            (CaseSurface::Net(surface), Estimator::Lta) => {
                let surface = surface.as_ref();
                self.lta(surface, &self.stiff(surface, watch)?, seed, watch)
            }
            (CaseSurface::Valley(surface), Estimator::Lta) => {
                self.lta(surface, &none(), seed, watch)
            }
            (CaseSurface::Cube(_), Estimator::Lta) => {
                let expected = "a surface with gradients";
                Err(crate::Error::setting("surface", expected, "a cube"))
            }
        }
    }

    fn stiff(
        &self,
        surface: &impl TwiceDifferentiable,
        watch: &dyn Watch,
    ) -> Result<StiffDirections> {
        let (theta, count) = (&self.case.theta, self.case.stiff);
        match count {
            0 => Ok(StiffDirections::none(theta.len())),
            _ => StiffDirections::of(surface, theta, count, STIFF_SEED, watch),
        }
    }

    fn sigmas(&self) -> Vec<f64> {
        let truths = self.case.truths.iter();
        truths.filter_map(|truth| truth.sigma).collect()
    }

    fn subsim(
        &self,
        surface: &impl LossSurface,
        stiff: &StiffDirections,
        doublings: usize,
        seed: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<Finding>> {
        let case = &self.case;
        let settings = SubsimSettings {
            doublings,
            seed,
            ..SubsimSettings::default()
        };
        let region = LowLoss::new(surface, case.cutoff)?;
        let sigmas = self.sigmas();
        let found = settings.run(&region, &case.theta, stiff, &sigmas, watch)?;
        let finding = |(place, truth): (usize, &Truth)| {
            let error = found.standard_error[place];
            let half = student_half_width(error, settings.replicates - 1);
            let runs = found.walks.iter().map(|walk| walk.at(sigmas[place]));
            let mut note = format!("{} moves, {}", found.moves, metric(stiff));
            let unsettled = doublings > 0 && !found.converged[place];
            if unsettled {
                note += ", unconverged";
            }
            Finding {
                estimate: found.ln_p[place],
                runs: runs.map(|ln_p| ln_p.unwrap_or(f64::NEG_INFINITY)).collect(),
                standard_error: Some(error),
                half_width: Some(half),
                covered: usize::from((found.ln_p[place] - truth.value).abs() <= half),
                repetitions: 1,
                evaluations: found.evaluations,
                gradients: 0,
                flagged: unsettled,
                note,
            }
        };
        Ok(case.truths.iter().enumerate().map(finding).collect())
    }

    fn lta(
        &self,
        surface: &impl Differentiable,
        stiff: &StiffDirections,
        seed: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<Finding>> {
        let case = &self.case;
        let settings = LtaSettings {
            cutoff: case.cutoff,
            seed,
            ..LtaSettings::default()
        };
        let found = settings.run(surface, &case.theta, stiff, &self.sigmas(), watch)?;
        let points = found.points.iter().zip(&case.truths);
        Ok(points
            .map(|(point, truth)| {
                let [low, high] = point.interval;
                Finding {
                    estimate: point.ln_p,
                    runs: vec![point.ln_p],
                    standard_error: Some(point.standard_error),
                    half_width: Some(0.5 * (high - low)),
                    covered: usize::from((low..=high).contains(&truth.value)),
                    repetitions: 1,
                    evaluations: found.evaluations,
                    gradients: found.gradients,
                    flagged: false,
                    note: format!("{}, R-hat {:.2}", metric(stiff), point.r_hat),
                }
            })
            .collect())
    }

    fn radial(
        &self,
        surface: &impl LossSurface,
        seed: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<Finding>> {
        let case = &self.case;
        let settings = RadialSettings {
            cutoff: case.cutoff,
            seed,
            ..RadialSettings::default()
        };
        let layout = ParameterLayout::flat(case.dim());
        let found = (settings.check()?).run(surface, &layout, &case.theta, watch)?;
        let finding = |truth: &Truth| {
            let estimate = match truth.sigma {
                Some(sigma) => found.ln_localised(sigma),
                None => found.ln_volume,
            };
            Finding {
                estimate,
                runs: vec![estimate],
                standard_error: None,
                half_width: None,
                covered: 0,
                repetitions: 1,
                evaluations: found.evaluations,
                gradients: 0,
                flagged: !found.warning().is_empty(),
                note: format!("ESS {:.1} of {} rays", found.ess, found.radii.len()),
            }
        };
        Ok(case.truths.iter().map(finding).collect())
    }
}

/// Bars in words.
fn words(bars: &[Bar]) -> String {
    let words: Vec<String> = bars.iter().map(Bar::to_string).collect();
    words.join(", ")
}

/// What makes a sampler mix, in words.
fn metric(stiff: &StiffDirections) -> String {
    match stiff.len() {
        0 => "plain".to_owned(),
        count => format!("{count} stiff directions"),
    }
}

/// Repetitions in one.
fn together(all: &[&Finding]) -> Finding {
    if let [one] = all {
        return (*one).clone();
    }
    let count = all.len();
    let mean = |value: &dyn Fn(&Finding) -> f64| {
        all.iter().map(|finding| value(finding)).sum::<f64>() / count as f64
    };
    let claimed = |value: &dyn Fn(&Finding) -> Option<f64>| {
        let known = all.iter().all(|finding| value(finding).is_some());
        known.then(|| mean(&|finding| value(finding).unwrap_or(0.0)))
    };
    let estimate = mean(&|finding| finding.estimate);
    let squares = mean(&|finding| (finding.estimate - estimate).powi(2));
    let spread = (squares * count as f64 / (count as f64 - 1.0)).sqrt();
    Finding {
        estimate,
        runs: all
            .iter()
            .flat_map(|finding| &finding.runs)
            .copied()
            .collect(),
        standard_error: claimed(&|finding| finding.standard_error),
        half_width: claimed(&|finding| finding.half_width),
        covered: all.iter().map(|finding| finding.covered).sum(),
        repetitions: count,
        evaluations: all.iter().map(|finding| finding.evaluations).sum::<u64>() / count as u64,
        gradients: all.iter().map(|finding| finding.gradients).sum::<u64>() / count as u64,
        flagged: all.iter().any(|finding| finding.flagged),
        note: format!("means; the estimates' standard deviation is {spread:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    fn check(estimator: Estimator, repetitions: usize, bar: Bar) -> Check {
        let bowl = Ellipsoid::power_law(6, 1_000.0, 1.0);
        Check {
            case: Case::bowl("small", bowl, 6, &[0.3]),
            estimator,
            repetitions,
            bars: vec![vec![bar]],
        }
    }

    #[test]
    fn a_wrong_truth_is_a_miss() {
        // The estimators are right to .3 nats here, so that a truth off by 3 cannot pass.
        for estimator in [Estimator::Subsim { doublings: 0 }, Estimator::Lta] {
            let mut check = check(estimator, 1, Bar::Within(1.0));
            let right = &check.run(0, &()).unwrap()[0];
            assert!(right.pass && right.error.abs() < 1.0, "{right:?}");
            check.case.truths[0].value += 3.0;
            let wrong = &check.run(0, &()).unwrap()[0];
            assert!(!wrong.pass && wrong.covered == Some(0), "{wrong:?}");
        }
    }

    #[test]
    fn repetitions_differ_and_are_counted() {
        let row = &check(Estimator::Lta, 3, Bar::Coverage(0.3))
            .run(5, &())
            .unwrap()[0];
        assert_eq!(row.repetitions, 3);
        // Three 95 % intervals all miss once in 8,000 times.
        assert!(
            row.covered
                .is_some_and(|covered| (1..=3).contains(&covered))
        );
        assert!(row.pass && row.gradients > 0);
        let single = &check(Estimator::Lta, 1, Bar::Coverage(0.3))
            .run(5, &())
            .unwrap()[0];
        assert!((row.estimate - single.estimate).abs() > 0.0, "{row:?}");
    }

    #[test]
    fn rays_claim_no_interval_and_a_cube_has_no_gradient() {
        let row = &check(Estimator::Radial, 1, Bar::Trusted)
            .run(0, &())
            .unwrap()[0];
        assert_eq!((row.half_width, row.covered), (None, None));
        let cube = Check {
            case: Case::cube(),
            ..check(Estimator::Lta, 1, Bar::Trusted)
        };
        let error = cube.run(0, &()).unwrap_err().to_string();
        assert!(error.contains("gradients"), "{error}");
    }
}
