//! Random initialisation of θ.

use super::Architecture;
use crate::surface::{BlockKind, ParameterLayout};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// The distribution of the initial weights; biases start at zero.
///
/// # Reference
/// Glorot and Bengio 2010 (eq. 12 and 16); He et al. 2015 (eq. 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initialization {
    /// U(−a, a), a = √(6/(in + out)).
    #[default]
    GlorotUniform,
    /// N(0, 2/(in + out)).
    GlorotNormal,
    /// U(−a, a), a = √(6/in).
    HeUniform,
    /// N(0, 2/in).
    HeNormal,
}

impl Initialization {
    /// Draws θ for a net: `net.num_params()` values.
    pub fn draw(self, net: &Architecture, rng: &mut impl Rng) -> Vec<f32> {
        self.draw_layout(&net.layout(), rng)
    }

    /// Draws the weights of any layout; everything else is 0. Fans of a kernel are channels times
    /// its area.
    pub fn draw_layout(self, layout: &ParameterLayout, rng: &mut impl Rng) -> Vec<f32> {
        let mut theta = vec![0.0; layout.num_params()];
        for block in layout.blocks() {
            if block.kind != BlockKind::Weight {
                continue;
            }
            let area = block.shape[2..].iter().product::<usize>() as f64;
            let fan_out = block.shape[0] as f64 * area;
            let fan_in = block.shape[1] as f64 * area;
            let variance = match self {
                Self::GlorotUniform | Self::GlorotNormal => 2.0 / (fan_in + fan_out),
                Self::HeUniform | Self::HeNormal => 2.0 / fan_in,
            };
            for value in &mut theta[block.range()] {
                *value = match self {
                    Self::GlorotUniform | Self::HeUniform => {
                        let bound = (3.0 * variance).sqrt();
                        rng.random_range(-bound..bound) as f32
                    }
                    Self::GlorotNormal | Self::HeNormal => {
                        (variance.sqrt() * rng.sample::<f64, _>(StandardNormal)) as f32
                    }
                };
            }
        }
        theta
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Activation;
    use crate::random::stream;

    #[test]
    fn variances_are_those_of_the_papers() {
        // 200·100 weights: the sample variance is within 5 % of the true one but for a chance
        // below 1e-6 (its relative deviation is about √(2/20000) = 1 % for normals, less for
        // uniforms).
        let net = Architecture::new(vec![100, 200], Activation::Relu).unwrap();
        for (init, variance) in [
            (Initialization::GlorotUniform, 2.0 / 300.0),
            (Initialization::GlorotNormal, 2.0 / 300.0),
            (Initialization::HeUniform, 2.0 / 100.0),
            (Initialization::HeNormal, 2.0 / 100.0),
        ] {
            let theta = init.draw(&net, &mut stream(3, "init", 0));
            let (weights, biases) = theta.split_at(20_000);
            let found =
                weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>() / weights.len() as f64;
            assert!((found / variance - 1.0).abs() < 0.05, "{init:?}: {found}");
            assert!(biases.iter().all(|&bias| bias == 0.0));
        }
    }
}
