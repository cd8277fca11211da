//! Nets, points and parameter vectors that are timed.

use anyhow::{Context, Result};
use basinscope::data::{DEFAULT_DATA_SEED, Dataset, Generator};
use basinscope::net::{Activation, Architecture, Initialization, MlpSurface};
use basinscope::random::stream;

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
            "swiss-roll" => Self::new(Architecture::swiss_roll(), "swiss-roll", 200),
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

    /// `count` different draws of He's initialization.
    pub fn thetas(&self, count: usize) -> Vec<Vec<f32>> {
        let draw =
            |index| Initialization::HeNormal.draw(&self.net, &mut stream(0, "bench", index as u64));
        (0..count).map(draw).collect()
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
