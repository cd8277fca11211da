//! Nets, points and parameter vectors that are timed.

use anyhow::{Context, Result};
use basinscope::data::{DEFAULT_DATA_SEED, Dataset, Generator};
use basinscope::embed::pca;
use basinscope::net::{Activation, Architecture, Initialization, MlpSurface};
use basinscope::random::stream;
use basinscope::record::HistoryPoint;
use basinscope::surface::LossSurface;
use basinscope::train::{Decay, Schedule, TrainConfig, TrainState, Whole, descend};

/// Points that t-SNE embeds.
pub const ITERATES: usize = 400;

/// A net on its training points.
pub struct Problem {
    /// The net.
    pub net: Architecture,
    /// Its training points.
    pub points: Dataset,
    /// Its loss surface.
    pub surface: MlpSurface,
}

impl Problem {
    /// Every name [`Problem::named`] knows.
    pub const NAMES: [&'static str; 6] = [
        "swiss-roll",
        "minefield",
        "circles",
        "width-8",
        "width-64",
        "width-256",
    ];

    /// The paper's nets and four hidden layers of a width, on 200 points of the swiss roll where
    /// the paper says nothing else.
    ///
    /// # Errors
    /// A name that is none of [`Problem::NAMES`].
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "swiss-roll" => Self::swiss_roll(200),
            "minefield" => Self::new(Architecture::minefield(), "spirals", 132),
            "circles" => {
                let mut widths = vec![100; 11];
                (widths[0], widths[10]) = (2, 2);
                Self::new(Architecture::new(widths, Activation::Relu)?, "circles", 130)
            }
            _ => {
                let width = name
                    .strip_prefix("width-")
                    .and_then(|width| width.parse().ok());
                let expected =
                    || format!("no net {name}: expected one of {}", Self::NAMES.join(", "));
                Self::of_width(width.with_context(expected)?, 200)
            }
        }
    }

    /// The paper's net of the swiss roll on so many of its points.
    ///
    /// # Errors
    /// A number of points of 0.
    pub fn swiss_roll(points: usize) -> Result<Self> {
        Self::new(Architecture::swiss_roll(), "swiss-roll", points)
    }

    /// Four hidden layers of one width on so many points of the swiss roll.
    ///
    /// # Errors
    /// A width or number of points of 0.
    pub fn of_width(width: usize, points: usize) -> Result<Self> {
        let net = Architecture::new(vec![2, width, width, width, width, 1], Activation::Relu)?;
        Self::new(net, "swiss-roll", points)
    }

    fn new(net: Architecture, data: &str, points: usize) -> Result<Self> {
        let rng = &mut stream(DEFAULT_DATA_SEED, "data", 0);
        let points = Generator::from_name(data)?.dataset(points, rng)?;
        let surface = MlpSurface::new(&net, &points)?;
        Ok(Self {
            net,
            points,
            surface,
        })
    }

    /// One draw of He's initialization.
    pub fn theta(&self, index: usize) -> Vec<f32> {
        let rng = &mut stream(0, "bench", index as u64);
        Initialization::HeNormal.draw(&self.net, rng)
    }

    /// `count` different draws.
    pub fn thetas(&self, count: usize) -> Vec<Vec<f32>> {
        (0..count).map(|index| self.theta(index)).collect()
    }

    /// How many different θ are evaluated in one go: 4,096, fewer where they would not fit in
    /// 64 MB.
    pub fn many(&self) -> usize {
        (16_000_000 / self.net.num_params()).clamp(64, 4_096)
    }

    /// How many evaluations take about a second, at a tenth of a common processor's peak.
    pub fn in_a_second(&self) -> usize {
        ((1e10 / self.flop()) as usize).max(8)
    }

    /// Full-batch Adam at a constant rate of 1e-3, `steps` steps from θ.
    pub fn descend(&self, theta: Vec<f32>, steps: usize) -> Vec<f32> {
        self.descend_at(theta, steps, 1e-3)
    }

    fn descend_at(&self, theta: Vec<f32>, steps: usize, learning_rate: f64) -> Vec<f32> {
        let config = TrainConfig {
            learning_rate,
            schedule: Schedule {
                warmup: 0,
                decay: Decay::Constant,
            },
            steps,
            clip: None,
            ..TrainConfig::default()
        };
        let look = |step, _: &[f32], _: &[f32]| {
            Ok(HistoryPoint {
                step,
                train_loss: 0.0,
                train_accuracy: 0.0,
                test_accuracy: 0.0,
            })
        };
        let mut state = TrainState::new(&config, theta, Vec::new());
        let mut objective = Whole(&self.surface);
        // Nobody watches who could fail.
        let _ = descend(&config, &mut objective, &mut state, look, &mut ());
        state.theta
    }

    /// A minimum of this net: 3,000 steps at .005, far below the cutoff of the volumes.
    pub fn minimum(&self) -> Vec<f32> {
        self.descend_at(self.theta(0), 3_000, 5e-3)
    }

    /// What t-SNE embeds: 400 iterates of the minefield net's training, five steps of a fresh
    /// Adam apart, in their 50 principal components; row-major.
    ///
    /// # Errors
    /// None that data like these give.
    pub fn iterates() -> Result<Vec<f64>> {
        let problem = Self::named("minefield")?;
        let mut theta = problem.theta(0);
        let mut rows = Vec::new();
        for _ in 0..ITERATES {
            theta = problem.descend(theta, 5);
            rows.extend(theta.iter().map(|&value| f64::from(value)));
        }
        Ok(pca(&rows, theta.len(), 50)?.coordinates)
    }

    /// Losses along the first steps of [`Problem::descend`], at 0, 1, …, `steps`.
    pub fn losses_of_descent(&self, steps: usize) -> Vec<f64> {
        let theta = self.theta(0);
        let mut losses = vec![self.surface.loss(&theta)];
        losses.extend(
            (1..=steps).map(|steps| self.surface.loss(&self.descend(theta.clone(), steps))),
        );
        losses
    }

    /// Multiplications and additions of one evaluation of the loss, without those of activations
    /// and cross-entropy.
    pub fn flop(&self) -> f64 {
        let weights: usize = self
            .net
            .widths()
            .windows(2)
            .map(|pair| pair[0] * pair[1])
            .sum();
        2.0 * (weights * self.points.len()) as f64
    }
}
