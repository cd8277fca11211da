//! Loss and accuracy along straight lines: through one minimum, or from one to another.

use super::point::{check_dim, check_steps, evaluate, step};
use crate::Result;
use crate::surface::Evaluate;
use crate::watch::{Ticks, Watch};
use rayon::prelude::*;

/// Loss and accuracy at each step along one line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// Mean train loss in nats, at most [`LOSS_CEILING`](super::LOSS_CEILING).
    pub train_loss: Vec<f64>,
    /// Train accuracy in [0, 1].
    pub train_accuracy: Vec<f64>,
    /// Test accuracy in [0, 1]; empty without a test surface.
    pub test_accuracy: Vec<f64>,
}

impl Line {
    fn collect(nodes: &[Node]) -> Self {
        Self {
            train_loss: nodes.iter().map(|node| node.train_loss).collect(),
            train_accuracy: nodes.iter().map(|node| node.train_accuracy).collect(),
            test_accuracy: nodes.iter().filter_map(|node| node.test_accuracy).collect(),
        }
    }
}

struct Node {
    train_loss: f64,
    train_accuracy: f64,
    test_accuracy: Option<f64>,
}

fn node(train: &impl Evaluate, test: Option<&dyn Evaluate>, theta: &[f32]) -> Node {
    let found = evaluate(train, theta);
    Node {
        train_loss: found.loss,
        train_accuracy: found.accuracy,
        test_accuracy: test.map(|test| test.evaluate(theta).accuracy),
    }
}

/// Loss and accuracy along one line through θ; `watch` is called after each step.
///
/// ```text
/// L(θ + c·d)  for each c
/// ```
///
/// # Shapes
/// `theta` and `direction` hold one value for each parameter; each field of the result one for
/// each entry of `c`, in its order.
///
/// # Units
/// Mean loss over the train examples in nats, weight decay out. `c` is in units of the direction.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) for a θ or direction of the wrong length,
/// [`Error::Setting`](crate::Error::Setting) for a step that is not finite,
/// [`Error::Cancelled`](crate::Error::Cancelled) by the watch.
///
/// # Cost
/// One evaluation of each surface for each step, spread over the threads; the bits do not depend
/// on how many there are.
///
/// # Reference
/// Huang et al. (2020), Figure 3; the one-dimensional plots of Li et al. (2018), Section 4.
pub fn line(
    train: &impl Evaluate,
    test: Option<&dyn Evaluate>,
    theta: &[f32],
    direction: &[f32],
    c: &[f64],
    watch: &dyn Watch,
) -> Result<Line> {
    let mut lines = lines(train, test, theta, &[direction], c, watch)?;
    Ok(lines.pop().unwrap_or_default())
}

/// Loss and accuracy along several lines through θ, one for each direction and in their order.
///
/// # Errors
/// As [`line()`].
///
/// # Cost
/// `directions.len() · c.len()` evaluations of each surface.
pub fn lines<D: AsRef<[f32]> + Sync>(
    train: &impl Evaluate,
    test: Option<&dyn Evaluate>,
    theta: &[f32],
    directions: &[D],
    c: &[f64],
    watch: &dyn Watch,
) -> Result<Vec<Line>> {
    let dim = train.dim();
    check_dim("theta", theta, dim)?;
    for (index, direction) in directions.iter().enumerate() {
        check_dim(&format!("direction {index}"), direction.as_ref(), dim)?;
    }
    check_steps(c)?;
    if c.is_empty() {
        return Ok(vec![Line::default(); directions.len()]);
    }
    let ticks = Ticks::new(watch, Some((directions.len() * c.len()) as u64));
    let nodes: Vec<Node> = (0..directions.len() * c.len())
        .into_par_iter()
        .map_init(
            || vec![0.0; dim],
            |at, index| {
                let direction = directions[index / c.len()].as_ref();
                step(theta, direction, c[index % c.len()], at);
                let node = node(train, test, at);
                ticks.tick()?;
                Ok(node)
            },
        )
        .collect::<Result<_>>()?;
    Ok(nodes.chunks_exact(c.len()).map(Line::collect).collect())
}

/// Loss and accuracy on the straight line from one minimum to another.
///
/// ```text
/// L((1 − c)·θ_a + c·θ_b)  for each c
/// ```
///
/// c = 0 is `from` and c = 1 is `to`, both to the bit; c may run beyond them (−0.5 to 1.5).
///
/// # Errors
/// As [`line()`].
///
/// # Cost
/// One evaluation of each surface for each c.
///
/// # Reference
/// Goodfellow, Vinyals and Saxe (2015), Section 3.
pub fn between(
    train: &impl Evaluate,
    test: Option<&dyn Evaluate>,
    from: &[f32],
    to: &[f32],
    c: &[f64],
    watch: &dyn Watch,
) -> Result<Line> {
    let dim = train.dim();
    check_dim("theta at c = 0", from, dim)?;
    check_dim("theta at c = 1", to, dim)?;
    check_steps(c)?;
    let ticks = Ticks::new(watch, Some(c.len() as u64));
    let nodes: Vec<Node> = c
        .par_iter()
        .map_init(
            || vec![0.0; dim],
            |at, &c| {
                for ((at, &from), &to) in at.iter_mut().zip(from).zip(to) {
                    *at = ((1.0 - c) * f64::from(from) + c * f64::from(to)) as f32;
                }
                let node = node(train, test, at);
                ticks.tick()?;
                Ok(node)
            },
        )
        .collect::<Result<_>>()?;
    Ok(Line::collect(&nodes))
}

#[cfg(test)]
mod tests {
    use super::super::LOSS_CEILING;
    use super::super::toy::{Bowl, in_threads};
    use super::*;

    #[test]
    fn a_bowl_is_a_parabola_along_any_line() {
        // L(θ) = ½|θ|² at θ = 0: L(c·d) = ½c²|d|². With d = (3, 4): 12.5·c², exact in binary.
        let bowl = Bowl { dim: 2 };
        let c = [-1.0, -0.5, 0.0, 0.25, 2.0];
        let found = line(&bowl, Some(&bowl), &[0.0; 2], &[3.0, 4.0], &c, &()).unwrap();
        assert_eq!(found.train_loss, [12.5, 3.125, 0.0, 0.78125, 50.0]);
        // The bowl calls itself right while L ≤ 1.
        assert_eq!(found.train_accuracy, [0.0, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!(found.test_accuracy, found.train_accuracy);
    }

    #[test]
    fn lines_keep_the_order_of_their_directions() {
        let bowl = Bowl { dim: 2 };
        let found = lines(
            &bowl,
            None,
            &[0.0; 2],
            &[vec![1.0, 0.0], vec![0.0, 2.0]],
            &[1.0, 2.0],
            &(),
        )
        .unwrap();
        assert_eq!(found[0].train_loss, [0.5, 2.0]);
        assert_eq!(found[1].train_loss, [2.0, 8.0]);
        assert!(found[0].test_accuracy.is_empty());
    }

    #[test]
    fn a_line_between_two_meets_both_to_the_bit() {
        let bowl = Bowl { dim: 3 };
        let (a, b) = ([0.1, 1e8, -0.3], [0.7, 1e-8, 0.123]);
        let found = between(&bowl, None, &a, &b, &[0.0, 1.0], &()).unwrap();
        use crate::surface::LossSurface;
        assert_eq!(found.train_loss, [bowl.loss(&a), bowl.loss(&b)]);
    }

    #[test]
    fn an_overflow_is_recorded_as_a_finite_loss() {
        let bowl = Bowl { dim: 1 };
        let found = line(&bowl, None, &[0.0], &[1.0], &[1e38, 1e60], &()).unwrap();
        assert_eq!(found.train_loss, [LOSS_CEILING; 2]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let bowl = Bowl { dim: 2 };
        let refused = |theta: &[f32], direction: &[f32], c: f64| {
            line(&bowl, None, theta, direction, &[0.0, c], &())
                .unwrap_err()
                .to_string()
        };
        assert!(refused(&[0.0], &[0.0; 2], 0.0).contains("theta"));
        assert!(refused(&[0.0; 2], &[0.0; 3], 0.0).contains("direction 0"));
        assert!(refused(&[0.0; 2], &[0.0; 2], f64::NAN).contains("c[1]"));
        let none = line(&bowl, None, &[0.0; 2], &[0.0; 2], &[], &()).unwrap();
        assert_eq!(none, Line::default());
    }

    #[test]
    fn thread_counts_agree_bit_for_bit() {
        let bowl = Bowl { dim: 7 };
        let theta: Vec<f32> = (0..7).map(|i| (i as f32).sin()).collect();
        let direction: Vec<f32> = (0..7).map(|i| (i as f32).cos()).collect();
        let c: Vec<f64> = (0..101).map(|i| f64::from(i) / 33.0 - 1.0).collect();
        let draw = || lines(&bowl, None, &theta, &[&direction, &theta], &c, &()).unwrap();
        assert_eq!(in_threads(1, draw), in_threads(3, draw));
    }
}
