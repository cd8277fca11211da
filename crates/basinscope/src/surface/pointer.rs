//! A surface behind a pointer is a surface: each question goes to the one that is pointed at.

use super::{
    Differentiable, Evaluate, Evaluation, LossSurface, Predict, SymmetricOperator,
    TwiceDifferentiable,
};

macro_rules! behind {
    ($($pointer:ty),*) => {$(
        impl<T: LossSurface + ?Sized> LossSurface for $pointer {
            fn dim(&self) -> usize {
                (**self).dim()
            }
            fn examples(&self) -> usize {
                (**self).examples()
            }
            fn loss(&self, theta: &[f32]) -> f64 {
                (**self).loss(theta)
            }
            fn losses(&self, thetas: &[f32], out: &mut [f64]) {
                (**self).losses(thetas, out);
            }
            fn sum_at_most(&self, theta: &[f32], bound: f64) -> bool {
                (**self).sum_at_most(theta, bound)
            }
        }

        impl<T: Evaluate + ?Sized> Evaluate for $pointer {
            fn evaluate(&self, theta: &[f32]) -> Evaluation {
                (**self).evaluate(theta)
            }
        }

        impl<T: Predict + ?Sized> Predict for $pointer {
            fn num_classes(&self) -> usize {
                (**self).num_classes()
            }
            fn probabilities(&self, theta: &[f32], out: &mut [f32]) {
                (**self).probabilities(theta, out);
            }
        }

        impl<T: Differentiable + ?Sized> Differentiable for $pointer {
            fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
                (**self).loss_and_grad(theta, grad)
            }
        }

        impl<T: TwiceDifferentiable + ?Sized> TwiceDifferentiable for $pointer {
            fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
                (**self).hvp(theta, v, out);
            }
            fn hessian_at<'a>(&'a self, theta: &'a [f32]) -> Box<dyn SymmetricOperator + 'a> {
                (**self).hessian_at(theta)
            }
        }
    )*};
}

behind!(&T, Box<T>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::Evaluate;

    /// Answers each question in a way of its own, so that a default would be noticed.
    struct Odd;

    impl LossSurface for Odd {
        fn dim(&self) -> usize {
            1
        }
        fn examples(&self) -> usize {
            2
        }
        fn loss(&self, _theta: &[f32]) -> f64 {
            3.0
        }
        fn losses(&self, _thetas: &[f32], out: &mut [f64]) {
            out.fill(4.0);
        }
        fn sum_at_most(&self, _theta: &[f32], _bound: f64) -> bool {
            true
        }
    }

    impl Evaluate for Odd {
        fn evaluate(&self, _theta: &[f32]) -> Evaluation {
            Evaluation {
                loss: 5.0,
                accuracy: 0.5,
            }
        }
    }

    fn answers(surface: &impl Evaluate) -> (usize, usize, f64, f64, bool, f64) {
        let mut losses = [0.0];
        surface.losses(&[0.0], &mut losses);
        let at_most = surface.sum_at_most(&[0.0], 0.0);
        let loss = surface.loss(&[0.0]);
        let evaluated = surface.evaluate(&[0.0]).loss;
        let (dim, examples) = (surface.dim(), surface.examples());
        (dim, examples, loss, losses[0], at_most, evaluated)
    }

    #[test]
    fn nothing_falls_back_to_the_traits_defaults() {
        let expected = (1, 2, 3.0, 4.0, true, 5.0);
        assert_eq!(answers(&Odd), expected);
        assert_eq!(answers(&&Odd), expected);
        let boxed: Box<dyn Evaluate> = Box::new(Odd);
        assert_eq!(answers(&boxed), expected);
    }
}
