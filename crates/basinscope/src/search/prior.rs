//! The distribution from which parameters are guessed: an initialisation with a cheap draw.

use crate::net::{Architecture, Initialization};
use crate::random::Stream;
use crate::surface::BlockKind;
use crate::{Error, Result};
use rand::Rng;

/// Independent uniform parameters, `θ_i ~ U(−a_i, a_i)`.
///
/// Weights as a uniform initialisation has them; biases between plus and minus a bound of their
/// own (PyTorch starts them in `1/√in`; at 0, the initialisation's own choice, a net cannot put a
/// boundary anywhere but through the origin).
///
/// A draw takes exactly n words of its stream, so that any of many draws can be had again without
/// those before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    bounds: Vec<f32>,
}

impl Prior {
    /// The prior of a net.
    ///
    /// # Errors
    /// [`Error::Setting`] for a normal initialisation, or a bound of the biases below 0 or not
    /// finite.
    pub fn new(net: &Architecture, initialization: Initialization, bias: f64) -> Result<Self> {
        if !(bias >= 0.0 && bias.is_finite()) {
            return Err(Error::setting(
                "bias",
                "a finite number of at least 0",
                bias,
            ));
        }
        let mut bounds = vec![bias as f32; net.num_params()];
        for block in net.layout().blocks() {
            if block.kind != BlockKind::Weight {
                continue;
            }
            let (fan_out, fan_in) = (block.shape[0] as f64, block.shape[1] as f64);
            let variance = match initialization {
                Initialization::GlorotUniform => 2.0 / (fan_in + fan_out),
                Initialization::HeUniform => 2.0 / fan_in,
                Initialization::GlorotNormal | Initialization::HeNormal => {
                    let expected = "glorot-uniform or he-uniform";
                    return Err(Error::setting("initialization", expected, "a normal one"));
                }
            };
            bounds[block.range()].fill((3.0 * variance).sqrt() as f32);
        }
        Ok(Self { bounds })
    }

    /// Number of parameters n.
    pub fn num_params(&self) -> usize {
        self.bounds.len()
    }

    /// Half-widths a of the uniform distributions (`num_params()` values).
    pub fn bounds(&self) -> &[f32] {
        &self.bounds
    }

    /// Draws θ from the next n words of a stream.
    pub fn draw(&self, rng: &mut Stream, theta: &mut [f32]) {
        /// Words fetched at a time.
        const WORDS: usize = 64;
        assert_eq!(theta.len(), self.bounds.len(), "one value per parameter");
        let mut bytes = [0_u8; 4 * WORDS];
        for (theta, bounds) in theta.chunks_mut(WORDS).zip(self.bounds.chunks(WORDS)) {
            let bytes = &mut bytes[..4 * theta.len()];
            rng.fill_bytes(bytes);
            for ((value, bound), word) in theta.iter_mut().zip(bounds).zip(bytes.chunks_exact(4)) {
                let word = i32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                // The upper 24 bits, middle of their cell: (k + ½)/2²³ in (−1, 1), exact in f32.
                *value = bound * ((word >> 8) as f32 + 0.5) * (1.0 / 8_388_608.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Activation;
    use crate::random::stream;

    #[test]
    fn parameters_are_uniform_within_the_bounds_of_glorot() {
        let net = Architecture::new(vec![2, 10, 1], Activation::Relu).unwrap();
        let prior = Prior::new(&net, Initialization::GlorotUniform, 0.5).unwrap();
        let bound = |inputs: f64, outputs: f64| (6.0 / (inputs + outputs)).sqrt() as f32;
        assert_eq!(prior.bounds()[0], bound(2.0, 10.0));
        assert_eq!(prior.bounds()[20], 0.5);
        assert_eq!(prior.bounds()[30], bound(10.0, 1.0));
        let (mut theta, rng) = (vec![0.0; 41], &mut stream(0, "prior", 0));
        let (mut below, mut squares) = (0, 0.0);
        for _ in 0..10_000 {
            prior.draw(rng, &mut theta);
            for (&value, &bound) in theta.iter().zip(prior.bounds()) {
                assert!(value.abs() <= bound);
                let share = f64::from(value / bound);
                below += u32::from(share < 0.0);
                squares += share * share;
            }
        }
        // 410,000 draws: half below 0 (sd .00078), mean square 1/3 (sd .00047); 6 sd.
        assert!((f64::from(below) / 410_000.0 - 0.5).abs() < 0.0047);
        assert!((squares / 410_000.0 - 1.0 / 3.0).abs() < 0.0028);
    }

    #[test]
    fn what_has_no_cheap_draw_is_refused() {
        let net = Architecture::minefield();
        for (initialization, bias, named) in [
            (Initialization::HeNormal, 0.0, "initialization"),
            (Initialization::HeUniform, -1.0, "bias"),
            (Initialization::HeUniform, f64::NAN, "bias"),
        ] {
            let error = Prior::new(&net, initialization, bias).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
