//! Basins whose local volumes are known: bowls, a valley, a cube, and a net small enough for brute
//! force.

use crate::Result;
use crate::data::Generator;
use crate::net::{Activation, Architecture, Initialization, MlpSurface};
use crate::random::stream;
use crate::surface::LossSurface;
use crate::surface::analytic::{Cube, Ellipsoid, Valley};
use crate::train::LbfgsSettings;
use rand::RngExt;
use rand_distr::StandardNormal;
use rayon::prelude::*;

/// Cutoff of the P_σ cases on bowls.
const BOWL_CUTOFF: f64 = 20.0;
/// Cutoff of the volumes, the valley and the net.
const PAPER_CUTOFF: f64 = 0.1;
/// Draws that tell the net's truth.
const NET_DRAWS: u64 = 1_000_000;
/// Draws of one random stream.
const DRAWS_A_STREAM: u64 = 10_000;
/// Points the net fits.
const NET_POINTS: usize = 24;
/// Iterations of its descent; longer ones only carry θ outwards, as the points can be parted.
const NET_ITERATIONS: usize = 40;
/// Seed of the net's points, start and truth, whatever that of the check is.
const NET_SEED: u64 = 0;

/// A loss surface of a case.
#[derive(Clone)]
pub enum CaseSurface {
    /// A quadratic bowl: value, gradient and Hessian.
    Ellipsoid(Ellipsoid),
    /// |w1·w2 − 1|: value and a gradient with a kink.
    Valley(Valley),
    /// max |x_i|: value alone.
    Cube(Cube),
    /// A perceptron on points: value, gradient and Hessian.
    Net(Box<MlpSurface>),
}

/// What is known of a case at one width.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Width σ of the Gaussian; `None`: the whole volume V is asked for.
    pub sigma: Option<f64>,
    /// ln P_σ or ln V, in nats.
    pub value: f64,
    /// Standard error of the truth: 0 but for brute force.
    pub standard_error: f64,
    /// Where it comes from.
    pub source: &'static str,
}

/// A basin with known volumes.
#[derive(Clone)]
pub struct Case {
    /// What it is, in words.
    pub name: String,
    /// The loss.
    pub surface: CaseSurface,
    /// The minimum θ*.
    pub theta: Vec<f32>,
    /// Cutoff on the mean loss.
    pub cutoff: f64,
    /// Stiff directions a sampler is given where the surface has a Hessian.
    pub stiff: usize,
    /// What is known, σ ascending.
    pub truths: Vec<Truth>,
}

impl Case {
    /// P_σ of a bowl at the cutoff 20, by the contour integral of
    /// [`Ellipsoid::ln_probability`].
    pub fn bowl(name: &str, surface: Ellipsoid, stiff: usize, sigmas: &[f64]) -> Self {
        let truth = |&sigma: &f64| Truth {
            sigma: Some(sigma),
            value: surface.ln_probability(BOWL_CUTOFF, sigma),
            standard_error: 0.0,
            source: "contour integral",
        };
        Self {
            name: name.to_owned(),
            theta: vec![0.0; surface.dim()],
            cutoff: BOWL_CUTOFF,
            stiff,
            truths: sigmas.iter().map(truth).collect(),
            surface: CaseSurface::Ellipsoid(surface),
        }
    }

    /// The whole volume of a bowl at the cutoff .1.
    pub fn volume(name: &str, surface: Ellipsoid) -> Self {
        Self {
            name: name.to_owned(),
            theta: vec![0.0; surface.dim()],
            cutoff: PAPER_CUTOFF,
            stiff: 0,
            truths: vec![Truth {
                sigma: None,
                value: surface.ln_volume(PAPER_CUTOFF),
                standard_error: 0.0,
                source: "formula",
            }],
            surface: CaseSurface::Ellipsoid(surface),
        }
    }

    /// |w1·w2 − 1| ≤ .1 around (1, 1), by quadrature.
    pub fn valley(sigmas: &[f64]) -> Self {
        let truth = |&sigma: &f64| Truth {
            sigma: Some(sigma),
            value: Valley.ln_probability(PAPER_CUTOFF, sigma),
            standard_error: 0.0,
            source: "quadrature",
        };
        Self {
            name: "valley |w1·w2 − 1|".to_owned(),
            surface: CaseSurface::Valley(Valley),
            theta: vec![1.0; 2],
            cutoff: PAPER_CUTOFF,
            stiff: 0,
            truths: sigmas.iter().map(truth).collect(),
        }
    }

    /// |x_i| ≤ .01 in 50 dimensions at σ = 1.
    pub fn cube() -> Self {
        let (cube, cutoff, sigma) = (Cube::new(50), 0.01, 1.0);
        Self {
            name: "cube".to_owned(),
            theta: vec![0.0; cube.dim()],
            cutoff,
            stiff: 0,
            truths: vec![Truth {
                sigma: Some(sigma),
                value: cube.ln_probability(cutoff, sigma),
                standard_error: 0.0,
                source: "formula",
            }],
            surface: CaseSurface::Cube(cube),
        }
    }

    /// A 2-4-1 net of 17 parameters at a minimum of its own, by a million direct draws.
    ///
    /// # Errors
    /// None for the built-in net and points.
    ///
    /// # Cost
    /// A million evaluations of 24 points, about a second.
    pub fn net(sigma: f64) -> Result<Self> {
        let net = Architecture::new(vec![2, 4, 1], Activation::Relu)?;
        let points = Generator::Xor { noise: 0.3 };
        let points = points.dataset(NET_POINTS, &mut stream(NET_SEED, "verify points", 0))?;
        let surface = MlpSurface::new(&net, &points)?;
        let start = Initialization::default().draw(&net, &mut stream(NET_SEED, "verify init", 0));
        let descent = LbfgsSettings {
            iterations: NET_ITERATIONS,
            ..LbfgsSettings::default()
        };
        let theta = descent.run(&surface, &start, &())?.theta;
        let (value, standard_error) = brute_force(&surface, &theta, PAPER_CUTOFF, sigma);
        Ok(Self {
            name: "2-4-1 net".to_owned(),
            surface: CaseSurface::Net(Box::new(surface)),
            theta,
            cutoff: PAPER_CUTOFF,
            stiff: 17,
            truths: vec![Truth {
                sigma: Some(sigma),
                value,
                standard_error,
                source: "1e6 draws",
            }],
        })
    }

    /// Number of parameters n.
    pub fn dim(&self) -> usize {
        self.theta.len()
    }

    /// Whether the basin is a ball, where rays are exact.
    pub fn is_ball(&self) -> bool {
        match &self.surface {
            CaseSurface::Ellipsoid(bowl) => {
                let spectrum = bowl.spectrum();
                spectrum.iter().all(|h| h.total_cmp(&spectrum[0]).is_eq())
            }
            _ => false,
        }
    }
}

/// ln of the share of direct draws inside, and its standard error.
fn brute_force(surface: &MlpSurface, theta: &[f32], cutoff: f64, sigma: f64) -> (f64, f64) {
    let bound = cutoff * surface.examples() as f64;
    let inside: u64 = (0..NET_DRAWS / DRAWS_A_STREAM)
        .into_par_iter()
        .map(|index| {
            let rng = &mut stream(NET_SEED, "verify draws", index);
            let mut point = vec![0.0; theta.len()];
            let draws = (0..DRAWS_A_STREAM).filter(|_| {
                for (point, &from) in point.iter_mut().zip(theta) {
                    *point = from + sigma as f32 * rng.sample::<f32, _>(StandardNormal);
                }
                surface.sum_at_most(&point, bound)
            });
            draws.count() as u64
        })
        .sum();
    let share = inside as f64 / NET_DRAWS as f64;
    (share.ln(), ((1.0 - share) / inside as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nets_minimum_lies_deep_in_a_basin_that_draws_find() {
        let case = Case::net(6.0).unwrap();
        let CaseSurface::Net(surface) = &case.surface else {
            panic!("not a net")
        };
        assert_eq!(case.dim(), 17);
        assert!(surface.loss(&case.theta) < 0.5 * case.cutoff);
        let truth = &case.truths[0];
        // A million draws of P = 5.8e-3 hit 5,800 times: a standard error of 1/√5800 = .013.
        assert!((-5.3..-5.0).contains(&truth.value), "{truth:?}");
        assert!(truth.standard_error < 0.02, "{truth:?}");
    }
}
