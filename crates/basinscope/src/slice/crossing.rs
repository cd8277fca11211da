//! Where lines through a minimum leave its basin: the first crossing on each side, by root search.

use super::point::{check_dim, evaluate, step};
use crate::basin::{DEFAULT_CUTOFF, close_in, grouped_median_interval};
use crate::record::{CrossingRecord, Edge};
use crate::surface::{Evaluate, Evaluation};
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;

/// Share of the training points at which accuracy counts as lost, by default.
pub const DEFAULT_ACCURACY_EDGE: f64 = 0.99;
/// Largest step looked at, by default.
pub const DEFAULT_CROSSING_CAP: f64 = 10.0;
/// Precision of ln c.
const TOLERANCE: f64 = 1e-3;
/// Factor between two steps of the scan.
const GROWTH: f64 = 1.1;
/// Where the first line is looked at first.
const FIRST_STEP: f64 = 1e-4;
/// Where the others are, as a share of the median of the nearest edge so far.
const START: f64 = 0.25;
/// Most lines measured side by side; each block starts from all before it, so that the result does
/// not depend on the number of threads.
const BLOCK: usize = 8;
/// |ln(L/level)| is cut here, so that an overflow does not bend the secant.
const LARGEST_LOG: f64 = 25.0;

/// Which crossings are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossingSettings {
    /// Edges with their levels.
    pub edges: Vec<(Edge, f64)>,
    /// Largest |c| looked at.
    pub cap: f64,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for CrossingSettings {
    /// The paper's cutoff of .1 nats, .1 nats above the minimum's own loss, and 99 % of the training
    /// points; steps up to 10.
    fn default() -> Self {
        Self {
            edges: vec![
                (Edge::Loss, DEFAULT_CUTOFF),
                (Edge::Excess, DEFAULT_CUTOFF),
                (Edge::Accuracy, DEFAULT_ACCURACY_EDGE),
            ],
            cap: DEFAULT_CROSSING_CAP,
            seed: 0,
        }
    }
}

impl CrossingSettings {
    /// Finds the first crossing of every edge on both sides of every line θ + c·d.
    ///
    /// ```text
    /// c_e(d) = min{c > 0 : θ + c·d lies beyond edge e},   and the same of −d
    /// ```
    ///
    /// by a scan outwards in steps of 10 %, which all edges share, from a quarter of the median so
    /// far, and Illinois steps within the step that crosses, to a thousandth. An excursion shorter
    /// than a step, or nearer than a quarter of the median, is not seen. An edge that θ itself lies
    /// beyond is left out.
    ///
    /// # Errors
    /// [`Error::Setting`] for a level or cap that is not above 0, or no directions;
    /// [`Error::Shape`] for a θ or direction of the wrong length; [`Error::Cancelled`] by the watch,
    /// which is called after each line.
    ///
    /// # Cost
    /// About 40 evaluations for each side of each direction.
    pub fn run<D: AsRef<[f32]> + Sync>(
        &self,
        train: &impl Evaluate,
        theta: &[f32],
        directions: &[D],
        watch: &dyn Watch,
    ) -> Result<Vec<CrossingRecord>> {
        self.check()?;
        check_dim("theta", theta, train.dim())?;
        for (index, direction) in directions.iter().enumerate() {
            check_dim(
                &format!("direction {index}"),
                direction.as_ref(),
                theta.len(),
            )?;
        }
        if directions.is_empty() {
            return Err(Error::setting("directions", "at least 1", 0));
        }
        let start = evaluate(train, theta);
        let edges: Vec<Level> = (self.edges.iter())
            .map(|&(edge, level)| Level::new(edge, level, start, train.examples()))
            .filter(|level| level.beyond(start) <= 0.0)
            .collect();
        let ticks = Ticks::new(watch, Some(directions.len() as u64));
        let line = |index: usize, first: f64| -> Result<([Vec<f64>; 2], u64)> {
            let mut evaluations = 0;
            let sides = [-1.0, 1.0].map(|side| {
                let mut at = vec![0.0; theta.len()];
                let mut look = |u: f64| {
                    evaluations += 1;
                    step(theta, directions[index].as_ref(), side * u.exp(), &mut at);
                    evaluate(train, &at)
                };
                self.walk(&edges, first, &mut look)
            });
            ticks.tick()?;
            Ok((sides, evaluations))
        };
        let mut lines: Vec<[Vec<f64>; 2]> = Vec::with_capacity(directions.len());
        let (mut first, mut evaluations) = (FIRST_STEP, 0);
        while lines.len() < directions.len() && !edges.is_empty() {
            let done = lines.len();
            let size = done.clamp(1, BLOCK).min(directions.len() - done);
            let block: Vec<_> = (done..done + size)
                .into_par_iter()
                .map(|index| line(index, first))
                .collect::<Result<_>>()?;
            for (sides, cost) in block {
                lines.push(sides);
                evaluations += cost;
            }
            let nearest = (0..edges.len()).map(|edge| {
                let mut all: Vec<f64> = lines.iter().flatten().map(|side| side[edge]).collect();
                all.sort_unstable_by(f64::total_cmp);
                all[all.len() / 2]
            });
            first = START * nearest.fold(self.cap, f64::min);
        }
        let record = |(place, level): (usize, &Level)| {
            let distances: Vec<[f64; 2]> = (lines.iter())
                .map(|[minus, plus]| [minus[place], plus[place]])
                .collect();
            let (median, interval) = grouped_median_interval(&distances, self.seed);
            CrossingRecord {
                edge: level.edge,
                level: level.level,
                start: level.start,
                censored: (distances.iter().flatten())
                    .filter(|&&c| c >= self.cap)
                    .count(),
                distances,
                cap: self.cap,
                median,
                interval,
                tolerance: TOLERANCE,
                evaluations,
            }
        };
        Ok(edges.iter().enumerate().map(record).collect())
    }

    fn check(&self) -> Result<()> {
        let positive = |field: &str, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(Error::setting(field, "a number above 0", value)),
        };
        positive("cap", self.cap)?;
        (self.edges.iter()).try_for_each(|&(edge, level)| match edge {
            Edge::Loss | Edge::Excess => positive("cutoff", level),
            Edge::Accuracy => positive("accuracy", level),
        })
    }

    /// The first crossing of each edge on one side; the cap where there is none.
    fn walk(
        &self,
        edges: &[Level],
        first: f64,
        look: &mut impl FnMut(f64) -> Evaluation,
    ) -> Vec<f64> {
        let cap = self.cap.ln();
        let values =
            |at: Evaluation| -> Vec<f64> { edges.iter().map(|level| level.beyond(at)).collect() };
        let mut found: Vec<Option<f64>> = vec![None; edges.len()];
        let mut u = first.ln().min(cap);
        let mut before = values(look(u));
        // θ itself is inside: near enough to it, so is the line.
        while before.iter().any(|&value| value > 0.0) && u > FIRST_STEP.ln() - 20.0 {
            u -= std::f64::consts::LN_2;
            before = values(look(u));
        }
        while u < cap && found.iter().any(Option::is_none) {
            let next = (u + GROWTH.ln()).min(cap);
            let now = values(look(next));
            for (place, level) in edges.iter().enumerate() {
                if found[place].is_none() && now[place] > 0.0 {
                    let (low, high) = ((u, before[place].min(0.0)), (next, now[place]));
                    let value = |u: f64| level.beyond(look(u));
                    found[place] = Some(close_in(value, low, high, TOLERANCE).exp());
                }
            }
            (u, before) = (next, now);
        }
        found.into_iter().map(|c| c.unwrap_or(self.cap)).collect()
    }
}

/// An edge as a number that changes sign on it.
#[derive(Debug, Clone, Copy)]
struct Level {
    edge: Edge,
    level: f64,
    start: f64,
    /// What is compared with: a loss, or half a point less than the share.
    threshold: f64,
}

impl Level {
    fn new(edge: Edge, level: f64, start: Evaluation, examples: usize) -> Self {
        let (start, threshold) = match edge {
            Edge::Loss => (start.loss, level),
            Edge::Excess => (start.loss, start.loss + level),
            // Shares are counts over examples: half a count below keeps rounding out.
            Edge::Accuracy => (start.accuracy, level - 0.5 / examples.max(1) as f64),
        };
        Self {
            edge,
            level,
            start,
            threshold,
        }
    }

    /// Above 0 beyond the edge.
    fn beyond(&self, at: Evaluation) -> f64 {
        match self.edge {
            Edge::Accuracy if at.accuracy < self.threshold => 1.0,
            Edge::Accuracy => -1.0,
            Edge::Loss | Edge::Excess => (at.loss / self.threshold)
                .ln()
                .clamp(-LARGEST_LOG, LARGEST_LOG),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Bowl, in_threads};
    use super::*;
    use crate::surface::LossSurface;

    fn settings(edges: &[(Edge, f64)]) -> CrossingSettings {
        CrossingSettings {
            edges: edges.to_vec(),
            ..CrossingSettings::default()
        }
    }

    #[test]
    fn the_documented_defaults() {
        let defaults = CrossingSettings::default();
        assert_eq!(defaults.cap, 10.0);
        assert_eq!(
            defaults.edges,
            [
                (Edge::Loss, 0.1),
                (Edge::Excess, 0.1),
                (Edge::Accuracy, 0.99)
            ]
        );
    }

    #[test]
    fn a_bowl_is_left_where_its_formula_says_however_narrow() {
        // L = ½c²|d|² = .1 at c = √.2/|d|; the bowl calls itself right while L ≤ 1, so accuracy is
        // lost at c = √2/|d|. With |d| = 1 and 1,000 that is .447 and .000447: a grid of .02 would
        // read the second as anything up to .02.
        let bowl = Bowl { dim: 2 };
        for length in [1.0_f32, 1_000.0] {
            let directions = [[length, 0.0], [0.6 * length, 0.8 * length]];
            let found = settings(&[(Edge::Loss, 0.1), (Edge::Accuracy, 0.99)])
                .run(&bowl, &[0.0; 2], &directions, &())
                .unwrap();
            for (record, exact) in found.iter().zip([0.2_f64.sqrt(), 2_f64.sqrt()]) {
                for c in record.distances.iter().flatten() {
                    let ratio = c * f64::from(length) / exact;
                    assert!((ratio - 1.0).abs() < 2e-3, "{record:?}");
                }
                assert!(record.is_crossed() && record.censored == 0);
            }
        }
    }

    #[test]
    fn excess_is_measured_from_the_minimums_own_loss() {
        // θ = (.3, 0), along the second axis: L = .045 + ½c². Above .1 at c = √.11, above its own
        // loss by .1 at c = √.2.
        let bowl = Bowl { dim: 2 };
        let found = settings(&[(Edge::Loss, 0.1), (Edge::Excess, 0.1)])
            .run(&bowl, &[0.3, 0.0], &[[0.0, 1.0]], &())
            .unwrap();
        for (record, exact) in found.iter().zip([0.11_f64.sqrt(), 0.2_f64.sqrt()]) {
            assert!((record.median / exact - 1.0).abs() < 2e-3, "{record:?}");
            assert!((record.start - 0.045).abs() < 1e-8);
        }
        assert!((found[1].loss_at_edge().unwrap() - 0.145).abs() < 1e-8);
    }

    #[test]
    fn an_edge_behind_the_minimum_is_left_out_and_a_far_one_censored() {
        let bowl = Bowl { dim: 2 };
        let found = settings(&[(Edge::Loss, 0.01), (Edge::Loss, 1e6)])
            .run(&bowl, &[1.0, 0.0], &[[0.0, 1.0]], &())
            .unwrap();
        let [far] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((far.median, far.censored, far.level), (10.0, 2, 1e6));
        assert!(!far.is_crossed());
    }

    /// A ridge of loss 1 between c = .05 and .06 in a bowl: the first crossing is the ridge.
    struct Ridge;

    impl LossSurface for Ridge {
        fn dim(&self) -> usize {
            1
        }
        fn examples(&self) -> usize {
            1
        }
        fn loss(&self, theta: &[f32]) -> f64 {
            let c = f64::from(theta[0]);
            if (0.05..0.06).contains(&c) {
                1.0
            } else {
                0.5 * c * c
            }
        }
    }

    impl Evaluate for Ridge {
        fn evaluate(&self, theta: &[f32]) -> Evaluation {
            Evaluation {
                loss: self.loss(theta),
                accuracy: 1.0,
            }
        }
    }

    #[test]
    fn the_first_crossing_counts() {
        let found = settings(&[(Edge::Loss, 0.1)])
            .run(&Ridge, &[0.0], &[[1.0]], &())
            .unwrap();
        let [[minus, plus]] = found[0].distances[..] else {
            panic!("{found:?}")
        };
        assert!((minus / 0.2_f64.sqrt() - 1.0).abs() < 2e-3, "{minus}");
        assert!((plus / 0.05 - 1.0).abs() < 2e-3, "{plus}");
    }

    #[test]
    fn threads_do_not_matter_and_senseless_settings_are_named() {
        let bowl = Bowl { dim: 3 };
        let directions: Vec<[f32; 3]> = (1..=21)
            .map(|i| [(i as f32).sin(), (i as f32).cos(), 0.1 * i as f32])
            .collect();
        let run = || CrossingSettings::default().run(&bowl, &[0.0; 3], &directions, &());
        let one = in_threads(1, run).unwrap();
        assert_eq!(one, in_threads(3, run).unwrap());
        let [low, high] = one[0].interval;
        assert!(low <= one[0].median && one[0].median <= high && low < high);
        let refused = |edges: &[(Edge, f64)], directions: &[[f32; 3]]| {
            let found = settings(edges).run(&bowl, &[0.0; 3], directions, &());
            found.unwrap_err().to_string()
        };
        assert!(refused(&[(Edge::Loss, 0.0)], &directions).contains("cutoff"));
        assert!(refused(&[(Edge::Loss, 0.1)], &[]).contains("directions"));
    }
}
