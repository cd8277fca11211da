//! Hessian–vector products of any differentiable surface, by differences of its gradient.

use crate::slice::CURVATURE_STEP;
use crate::surface::{Differentiable, LossSurface, TwiceDifferentiable};

/// A surface whose Hessian–vector products are central differences of its gradient.
///
/// ```text
/// ∇²L(θ)·v ≈ |v|·(∇L(θ + s) − ∇L(θ − s))/|2s|,   s = 1e-3·max(|θ|, 1)·v/|v|
/// ```
///
/// For a ReLU net, whose gradient jumps, this is the curvature of the stretch from θ − s to θ + s:
/// the jumps within it count, spread over it.
///
/// # Cost
/// Two gradients a product.
#[derive(Debug, Clone, Copy)]
pub struct Differenced<'a, S>(pub &'a S);

impl<S: LossSurface> LossSurface for Differenced<'_, S> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn examples(&self) -> usize {
        self.0.examples()
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        self.0.loss(theta)
    }

    fn sum_at_most(&self, theta: &[f32], bound: f64) -> bool {
        self.0.sum_at_most(theta, bound)
    }
}

impl<S: Differentiable> Differentiable for Differenced<'_, S> {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        self.0.loss_and_grad(theta, grad)
    }
}

impl<S: Differentiable> TwiceDifferentiable for Differenced<'_, S> {
    fn hvp(&self, theta: &[f32], v: &[f32], out: &mut [f32]) {
        let length = norm(v);
        if length == 0.0 {
            out.fill(0.0);
            return;
        }
        let step = CURVATURE_STEP * norm(theta).max(1.0) / length;
        let moved = |sign: f64| -> Vec<f32> {
            (theta.iter().zip(v))
                .map(|(&w, &v)| (f64::from(w) + sign * step * f64::from(v)) as f32)
                .collect()
        };
        let (ahead, behind) = (moved(1.0), moved(-1.0));
        let mut grad_behind = vec![0.0; theta.len()];
        self.0.loss_and_grad(&ahead, out);
        self.0.loss_and_grad(&behind, &mut grad_behind);
        for (out, &behind) in out.iter_mut().zip(&grad_behind) {
            *out = ((f64::from(*out) - f64::from(behind)) / (2.0 * step)) as f32;
        }
    }
}

fn norm(values: &[f32]) -> f64 {
    values
        .iter()
        .map(|&x| f64::from(x).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::analytic::Ellipsoid;

    #[test]
    fn a_quadratic_has_the_products_of_its_hessian() {
        // ½·Σ h_i·x_i², so ∇²L·v = h·v exactly.
        let bowl = Ellipsoid::power_law(6, 3.0, 1.0);
        let theta = [0.5, -0.25, 1.0, 0.0, 2.0, -1.0];
        let v = [1.0, 2.0, 0.0, -1.0, 0.5, 3.0];
        let mut found = [0.0; 6];
        Differenced(&bowl).hvp(&theta, &v, &mut found);
        for (i, (&found, &v)) in found.iter().zip(&v).enumerate() {
            let exact = 3.0 / (i + 1) as f64 * f64::from(v);
            assert!((f64::from(found) - exact).abs() < 2e-3, "{found} {exact}");
        }
        Differenced(&bowl).hvp(&theta, &[0.0; 6], &mut found);
        assert_eq!(found, [0.0; 6]);
    }
}
