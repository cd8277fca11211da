//! Loss and accuracy over a plane through one minimum.

use super::point::{check_dim, evaluate};
use crate::Result;
use crate::record::Axis;
use crate::surface::Evaluate;
use crate::watch::{Ticks, Watch};
use rayon::prelude::*;

/// Loss and accuracy on a grid, row-major `[y.count, x.count]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Mean train loss in nats, at most [`LOSS_CEILING`](super::LOSS_CEILING).
    pub loss: Vec<f64>,
    /// Train accuracy in [0, 1].
    pub accuracy: Vec<f64>,
}

/// Loss and accuracy over the plane spanned by two directions.
///
/// ```text
/// L(θ + a·d₁ + b·d₂)  for each b of y (rows), each a of x (columns)
/// ```
///
/// `watch` is called after each node.
///
/// # Shapes
/// `theta`, `d1` and `d2` hold one value for each parameter; the result is row-major
/// `[y.count, x.count]`, rows by ascending b.
///
/// # Units
/// Mean loss over the train examples in nats, weight decay out; a and b in units of their
/// direction.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) for a vector of the wrong length,
/// [`Error::Setting`](crate::Error::Setting) for an axis that makes no sense;
/// [`Error::Cancelled`](crate::Error::Cancelled) by the watch.
///
/// # Cost
/// `x.count · y.count` evaluations, spread over the threads; the bits do not depend on how many
/// there are.
///
/// # Reference
/// Li et al. (2018), Section 4.
pub fn plane(
    train: &impl Evaluate,
    theta: &[f32],
    d1: &[f32],
    d2: &[f32],
    x: Axis,
    y: Axis,
    watch: &dyn Watch,
) -> Result<Plane> {
    let dim = train.dim();
    check_dim("theta", theta, dim)?;
    check_dim("direction 0", d1, dim)?;
    check_dim("direction 1", d2, dim)?;
    let (x, y) = (x.checked("x")?, y.checked("y")?);
    let ticks = Ticks::new(watch, Some((x.count * y.count) as u64));
    let nodes: Vec<(f64, f64)> = (0..x.count * y.count)
        .into_par_iter()
        .map_init(
            || vec![0.0_f32; dim],
            |at, node| {
                let (a, b) = (x.value(node % x.count), y.value(node / x.count));
                for (i, at) in at.iter_mut().enumerate() {
                    *at =
                        (f64::from(theta[i]) + a * f64::from(d1[i]) + b * f64::from(d2[i])) as f32;
                }
                let found = evaluate(train, at);
                ticks.tick()?;
                Ok((found.loss, found.accuracy))
            },
        )
        .collect::<Result<_>>()?;
    let (loss, accuracy) = nodes.into_iter().unzip();
    Ok(Plane { loss, accuracy })
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Bowl, in_threads};
    use super::*;
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn rows_run_along_the_second_direction() {
        // L = ½(a² + (2b)²) with d₁ = e₁ and d₂ = 2e₂, on a, b ∈ {−1, 0, 1} × {0, 1}.
        let bowl = Bowl { dim: 2 };
        let (x, y) = ("-1:1:3".parse().unwrap(), "0:1:2".parse().unwrap());
        let found = plane(&bowl, &[0.0; 2], &[1.0, 0.0], &[0.0, 2.0], x, y, &()).unwrap();
        assert_eq!(found.loss, [0.5, 0.0, 0.5, 2.5, 2.0, 2.5]);
        assert_eq!(found.accuracy, [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    }

    /// The largest number done, of how many.
    struct Most(AtomicU64);

    impl Watch for Most {
        fn tick(&self, done: u64, of: Option<u64>) -> ControlFlow<()> {
            assert_eq!(of, Some(25));
            self.0.fetch_max(done, Ordering::Relaxed);
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn progress_ends_at_the_number_of_nodes() {
        let bowl = Bowl { dim: 1 };
        let axis: Axis = "-1:1:5".parse().unwrap();
        let most = Most(AtomicU64::new(0));
        plane(&bowl, &[0.0], &[1.0], &[1.0], axis, axis, &most).unwrap();
        assert_eq!(most.0.into_inner(), 25);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let bowl = Bowl { dim: 1 };
        let axis: Axis = "-1:1:5".parse().unwrap();
        let error = plane(&bowl, &[0.0], &[1.0], &[], axis, axis, &()).unwrap_err();
        assert!(error.to_string().contains("direction 1"), "{error}");
        let empty = Axis { count: 0, ..axis };
        let error = plane(&bowl, &[0.0], &[1.0], &[1.0], axis, empty, &()).unwrap_err();
        assert!(error.to_string().contains("y: count"), "{error}");
    }

    #[test]
    fn thread_counts_agree_bit_for_bit() {
        let bowl = Bowl { dim: 3 };
        let axis: Axis = "-0.7:0.9:17".parse().unwrap();
        let (theta, d1, d2) = ([0.3, 0.1, -0.2], [1.1, 0.2, 0.3], [-0.4, 0.9, 0.7]);
        let draw = || plane(&bowl, &theta, &d1, &d2, axis, axis, &()).unwrap();
        assert_eq!(in_threads(1, draw), in_threads(3, draw));
    }
}
