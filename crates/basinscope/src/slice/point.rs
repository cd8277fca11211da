//! Points of a slice: θ plus steps along directions, and the loss there as a finite number.

use crate::surface::{Evaluate, Evaluation};
use crate::{Error, Result};

/// The largest loss a slice reports, in nats: records are JSON, which has no infinity.
///
/// Far from a minimum the loss of a deep net overflows; such a loss reads as this ceiling.
pub const LOSS_CEILING: f64 = 1e30;

/// A finite loss: at most the ceiling, which also stands for an overflow.
pub(super) fn finite(loss: f64) -> f64 {
    if loss.is_nan() {
        LOSS_CEILING
    } else {
        loss.clamp(-LOSS_CEILING, LOSS_CEILING)
    }
}

/// Writes θ + c·d into `out`, in f64 and rounded once, so that c = 0 is θ to the bit.
pub(super) fn step(theta: &[f32], direction: &[f32], c: f64, out: &mut [f32]) {
    for ((out, &theta), &direction) in out.iter_mut().zip(theta).zip(direction) {
        *out = (f64::from(theta) + c * f64::from(direction)) as f32;
    }
}

/// Loss and accuracy at θ, the loss finite.
pub(super) fn evaluate(surface: &(impl Evaluate + ?Sized), theta: &[f32]) -> Evaluation {
    let found = surface.evaluate(theta);
    Evaluation {
        loss: finite(found.loss),
        ..found
    }
}

/// Refuses a vector that does not have one value for each parameter.
pub(super) fn check_dim(what: &str, values: &[f32], dim: usize) -> Result<()> {
    if values.len() == dim {
        return Ok(());
    }
    Err(Error::Shape {
        what: what.into(),
        expected: vec![dim],
        found: vec![values.len()],
    })
}

/// Refuses steps that are not finite.
pub(super) fn check_steps(c: &[f64]) -> Result<()> {
    match c.iter().position(|c| !c.is_finite()) {
        None => Ok(()),
        Some(at) => Err(Error::setting(
            format!("c[{at}]"),
            "a finite step size",
            c[at],
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overflow_reads_as_the_ceiling() {
        assert_eq!(LOSS_CEILING, 1e30); // the documented value
        assert_eq!(finite(f64::INFINITY), 1e30);
        assert_eq!(finite(f64::NAN), 1e30);
        assert_eq!(finite(0.25), 0.25);
    }

    #[test]
    fn no_step_changes_nothing() {
        let theta = [0.1, -3.7e-20, 1e30];
        let mut out = [0.0; 3];
        step(&theta, &[1e20, 1.0, -1.0], 0.0, &mut out);
        assert_eq!(out.map(f32::to_bits), theta.map(f32::to_bits));
    }
}
