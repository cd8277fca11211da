//! A walk away from a minimum and back: loss, curvature and boundary at each step, for animation.

use super::boundary::{Boundary, boundary, check_net};
use super::point::{check_dim, check_steps, evaluate, finite, step};
use crate::record::Axis;
use crate::surface::{Classifier, Evaluate, TwiceDifferentiable};
use crate::watch::{Ticks, Watch};
use crate::{Error, Result};
use rayon::prelude::*;

/// The largest step |c| of the paper's animation.
pub const WALK_REACH: f64 = 0.25;
/// Distinct positions of the paper's animation.
pub const WALK_POSITIONS: usize = 101;
/// The odd power that crowds the positions around the minimum.
pub const WALK_POWER: i32 = 5;

/// One position of a walk: where it is and what the net does there.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Step size c in θ + c·d.
    pub c: f64,
    /// Mean train loss in nats, at most [`LOSS_CEILING`](super::LOSS_CEILING).
    pub loss: f64,
    /// Train accuracy in [0, 1].
    pub accuracy: f64,
    /// Curvature along the direction, see [`curvature_along`].
    pub curvature: f64,
    /// The decision boundary there.
    pub boundary: Boundary,
}

/// Positions and playing order of the paper's animation: 0 → + → − → 0.
///
/// ```text
/// c = ¼·t⁵, t = linspace(−1, 1, 101)
/// ```
///
/// Returns the 101 distinct c, ascending, and the 203 indices into them in playing order: 51 from
/// the minimum to the far end, 101 back through it to the other, 51 home; a turning point shows
/// twice.
///
/// # Reference
/// The animation on the project page of Huang et al. (2020).
///
/// ```
/// let (c, order) = basinscope::slice::schedule();
/// assert_eq!((c.len(), order.len(), c[order[0]]), (101, 203, 0.0));
/// ```
pub fn schedule() -> (Vec<f64>, Vec<usize>) {
    positions(WALK_REACH, WALK_POSITIONS)
}

/// The same walk with another reach and number of distinct positions.
///
/// # Errors
/// [`Error::Setting`] for a reach that is not positive and finite, or a number of positions that
/// is even or below 3 (the minimum itself would be missing).
pub fn schedule_with(reach: f64, num_positions: usize) -> Result<(Vec<f64>, Vec<usize>)> {
    if !(reach.is_finite() && reach > 0.0) {
        return Err(Error::setting("reach", "a positive step size", reach));
    }
    if num_positions < 3 || num_positions.is_multiple_of(2) {
        return Err(Error::setting(
            "positions",
            "an odd number of at least 3",
            num_positions,
        ));
    }
    Ok(positions(reach, num_positions))
}

fn positions(reach: f64, count: usize) -> (Vec<f64>, Vec<usize>) {
    let middle = count / 2;
    let c = (0..count)
        .map(|index| {
            let t = (index as f64 - middle as f64) / middle as f64;
            reach * t.powi(WALK_POWER)
        })
        .collect();
    let order = (middle..count)
        .chain((0..count).rev())
        .chain(0..=middle)
        .collect();
    (c, order)
}

/// Curvature of the loss along a direction: `dᵀ·∇²L(θ)·d / |d|²`.
///
/// For a ReLU net it is that of the piece θ lies in; a kink counts as flat. The result is finite:
/// an overflow reads as ±[`LOSS_CEILING`](super::LOSS_CEILING), and a zero direction has curvature
/// 0.
///
/// # Units
/// Nats per squared unit of parameter length; independent of the length of `direction`.
///
/// # Errors
/// [`Error::Shape`] for a θ or direction of the wrong length.
///
/// # Cost
/// One product with the Hessian.
pub fn curvature_along(
    surface: &impl TwiceDifferentiable,
    theta: &[f32],
    direction: &[f32],
) -> Result<f64> {
    check_dim("theta", theta, surface.dim())?;
    check_dim("direction", direction, surface.dim())?;
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let terms = a.iter().zip(b);
        terms.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let squared = dot(direction, direction);
    if squared == 0.0 {
        return Ok(0.0);
    }
    let mut product = vec![0.0; theta.len()];
    surface.hvp(theta, direction, &mut product);
    Ok(finite(dot(&product, direction) / squared))
}

/// Loss, accuracy, curvature and decision boundary at each step of a walk along one direction.
///
/// `train` is the surface the loss is read from and `net` the classifier behind it, sharing θ;
/// `grid` holds the axes of the boundary (see [`enclosing_axes`](super::enclosing_axes)).
/// `watch` is called after each position.
///
/// # Shapes
/// `theta` and `direction` hold one value for each parameter; the result one frame for each entry
/// of `c`, in its order.
///
/// # Errors
/// As [`line`](super::line) and [`boundary`](super::boundary); [`Error::Cancelled`] by the watch.
///
/// # Cost
/// For each c one evaluation, one product with the Hessian and two forward passes over the grid, spread over the
/// threads; the bits do not depend on how many there are.
///
/// # Reference
/// Huang et al. (2020), Figure 3 and the animation on its project page.
pub fn walk(
    train: &(impl Evaluate + TwiceDifferentiable),
    net: &impl Classifier,
    theta: &[f32],
    direction: &[f32],
    c: &[f64],
    grid: (Axis, Axis),
    watch: &dyn Watch,
) -> Result<Vec<Frame>> {
    check_dim("theta", theta, train.dim())?;
    check_dim("direction", direction, train.dim())?;
    check_net(net, theta)?;
    check_steps(c)?;
    let ticks = Ticks::new(watch, Some(c.len() as u64));
    c.par_iter()
        .map(|&c| {
            let mut at = vec![0.0; theta.len()];
            step(theta, direction, c, &mut at);
            let found = evaluate(train, &at);
            let frame = Frame {
                c,
                loss: found.loss,
                accuracy: found.accuracy,
                curvature: curvature_along(train, &at, direction)?,
                boundary: boundary(net, &at, grid.0, grid.1)?,
            };
            ticks.tick()?;
            Ok(frame)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Bowl, Linear, in_threads};
    use super::*;
    use crate::surface::{Differentiable, LossSurface};

    #[test]
    fn the_papers_walk_has_203_frames_from_home_to_home() {
        assert_eq!((WALK_REACH, WALK_POSITIONS, WALK_POWER), (0.25, 101, 5));
        let (c, order) = schedule();
        assert_eq!((c.len(), order.len()), (101, 203));
        assert!(c.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((c[0], c[50], c[100]), (-0.25, 0.0, 0.25));
        // t = ½ lies at index 75: ¼/32.
        assert_eq!(c[75], 0.0078125);
        let played: Vec<f64> = order.iter().map(|&index| c[index]).collect();
        assert_eq!((played[0], played[202]), (0.0, 0.0));
        assert_eq!((played[50], played[51]), (0.25, 0.25));
        assert_eq!((played[151], played[152]), (-0.25, -0.25));
        assert!(order.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1));
    }

    #[test]
    fn a_shorter_walk_keeps_the_minimum() {
        let (c, order) = schedule_with(1.0, 3).unwrap();
        assert_eq!(c, [-1.0, 0.0, 1.0]);
        assert_eq!(order, [1, 2, 2, 1, 0, 0, 1]);
        assert!(schedule_with(1.0, 4).is_err());
        assert!(schedule_with(1.0, 1).is_err());
        assert!(schedule_with(0.0, 3).is_err());
    }

    #[test]
    fn a_bowl_has_curvature_one_everywhere() {
        // ∇²(½|θ|²) = I.
        let bowl = Bowl { dim: 3 };
        for direction in [[1.0, 0.0, 0.0], [3e-4, -4e-4, 0.1], [50.0, 20.0, 7.0]] {
            for theta in [[0.0; 3], [0.3, 70.0, -0.01]] {
                let found = curvature_along(&bowl, &theta, &direction).unwrap();
                assert!((found - 1.0).abs() < 1e-12, "{found}");
            }
        }
        assert_eq!(curvature_along(&bowl, &[1.0; 3], &[0.0; 3]).unwrap(), 0.0);
    }

    /// L(θ) = ½·(4θ₀² + θ₁²) + θ₀θ₁.
    struct Saddle;
    impl LossSurface for Saddle {
        fn dim(&self) -> usize {
            2
        }
        fn examples(&self) -> usize {
            1
        }
        fn loss(&self, t: &[f32]) -> f64 {
            f64::from(2.0 * t[0] * t[0] + 0.5 * t[1] * t[1] + t[0] * t[1])
        }
    }
    impl Differentiable for Saddle {
        fn loss_and_grad(&self, t: &[f32], grad: &mut [f32]) -> f64 {
            grad.copy_from_slice(&[4.0 * t[0] + t[1], t[1] + t[0]]);
            self.loss(t)
        }
    }
    impl TwiceDifferentiable for Saddle {
        fn hvp(&self, _theta: &[f32], v: &[f32], out: &mut [f32]) {
            out.copy_from_slice(&[4.0 * v[0] + v[1], v[1] + v[0]]);
        }
    }

    #[test]
    fn curvature_is_the_rayleigh_quotient_of_the_hessian() {
        // H = [[4, 1], [1, 1]], d = (1, 2): (4 + 4 + 4)/5 = 2.4, whatever the length of d.
        for scale in [1.0, 1e-3, 30.0] {
            let direction = [scale, 2.0 * scale];
            let found = curvature_along(&Saddle, &[0.1, -0.2], &direction).unwrap();
            assert!((found - 2.4).abs() < 1e-3, "{found}");
        }
    }

    #[test]
    fn a_walk_carries_loss_curvature_and_boundary() {
        let bowl = Bowl { dim: 3 };
        let grid = ("-1:1:3".parse().unwrap(), "-1:1:5".parse().unwrap());
        let (theta, direction) = ([0.0; 3], [2.0, 0.0, 0.0]);
        let c = [-1.0, 0.0, 1.0];
        let draw = || walk(&bowl, &Linear, &theta, &direction, &c, grid, &()).unwrap();
        let frames = draw();
        assert_eq!(
            frames.iter().map(|f| f.loss).collect::<Vec<_>>(),
            [2.0, 0.0, 2.0] // ½·(2c)²
        );
        assert!(frames.iter().all(|f| (f.curvature - 1.0).abs() < 1e-12));
        // At c = 1 the logit is 2x: class 1 on the right column only.
        let row = |frame: &Frame| frame.boundary.class[..3].to_vec();
        assert_eq!(row(&frames[2]), [0, 0, 1]);
        assert_eq!(row(&frames[0]), [1, 0, 0]);
        assert_eq!(frames[1].boundary.probability, [0.5; 15]);
        assert_eq!(in_threads(1, draw), in_threads(3, draw));
    }

    #[test]
    fn a_net_that_does_not_share_theta_is_refused() {
        let bowl = Bowl { dim: 2 };
        let axis: Axis = "-1:1:3".parse().unwrap();
        let found = walk(
            &bowl,
            &Linear,
            &[0.0; 2],
            &[1.0; 2],
            &[0.0],
            (axis, axis),
            &(),
        );
        assert!(found.is_err());
    }
}
