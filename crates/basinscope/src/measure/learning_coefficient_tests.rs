use super::*;
use crate::surface::LossSurface;
use crate::surface::analytic::Ellipsoid;

/// L(w) = (Π w_i^p)², in as many weights: singular where p or their number is above 1.
struct Monomial {
    powers: Vec<i32>,
}

impl LossSurface for Monomial {
    fn dim(&self) -> usize {
        self.powers.len()
    }

    fn examples(&self) -> usize {
        1
    }

    fn loss(&self, theta: &[f32]) -> f64 {
        let terms = theta.iter().zip(&self.powers);
        terms.map(|(&w, &p)| f64::from(w).powi(2 * p)).product()
    }
}

impl Differentiable for Monomial {
    fn loss_and_grad(&self, theta: &[f32], grad: &mut [f32]) -> f64 {
        let loss = self.loss(theta);
        for (i, grad) in grad.iter_mut().enumerate() {
            // At w_i = 0 the slope is 0, as p ≥ 1.
            *grad = match theta[i] {
                0.0 => 0.0,
                w => (f64::from(2 * self.powers[i]) * loss / f64::from(w)) as f32,
            };
        }
        loss
    }
}

fn settings(gamma: f64, heat: f64) -> ChainSettings {
    ChainSettings {
        chains: 8,
        warmup: 2_000,
        draws: 10_000,
        gamma,
        inverse_temperature: Some(heat),
        seed: 1,
    }
}

#[test]
fn a_bowl_counts_half_its_stiff_directions() {
    // w ~ N(0, 1/(κh + γ)), κ = n·β: κ·E[L] = ½·Σ κh_i/(κh_i + γ). With 12 directions at κh = 1e6,
    // 200 at κh = 1 and γ = 1e4 that is 5.941 + .010: half of 12, whatever the number of flat ones.
    let spectrum: Vec<f64> = (0..212).map(|i| if i < 12 { 1e4 } else { 1e-2 }).collect();
    let share = |h: f64| 0.5 * 100.0 * h / (100.0 * h + 1e4);
    let exact: f64 = spectrum.iter().map(|&h| share(h)).sum();
    let found = settings(1e4, 100.0).run(&Ellipsoid::new(spectrum), &[0.0; 212], &());
    let found = found.unwrap();
    assert!((exact - 5.951).abs() < 1e-3);
    // Five standard errors of eight chains (false alarm 2e-3 by Student's t; the seed is pinned).
    let error = (found.value().unwrap() - exact).abs();
    assert!(
        error < 5.0 * found.standard_error && error < 0.2,
        "{found:?}"
    );
    assert!(
        (0.5..0.65).contains(&found.acceptance) && found.r_hat < 1.05,
        "{found:?}"
    );
}

#[test]
fn singular_minima_have_less_than_half_their_dimension() {
    // L = w⁴ (λ = 1/4): κ·E[w⁴] under exp(−κw⁴) is exactly 1/4; with κ = 1e6 the Gaussian of γ = 1
    // takes 1 − E[w²]/2 off, less than a thousandth.
    let found = settings(1.0, 1e6).run(&Monomial { powers: vec![2] }, &[0.0], &());
    let found = found.unwrap();
    let error = (found.value().unwrap() - 0.25).abs();
    assert!(
        error < 5.0 * found.standard_error && error < 0.03,
        "{found:?}"
    );

    // L = (w₁w₂)² (λ = 1/2, twice): with γ = 1 and κ = 1e4 by quadrature over both weights; above
    // it a regular model of two weights would have 1.
    let (heat, step) = (1e4, 0.01);
    let (mut weight, mut weighted) = (0.0, 0.0);
    for i in -600..600 {
        let x = step * (f64::from(i) + 0.5);
        // Over w₂ in closed form: w₂ ~ N(0, 1/(2κx² + γ)).
        let precision = 2.0 * heat * x * x + 1.0;
        let mass = (-0.5 * x * x).exp() / precision.sqrt();
        weight += mass;
        weighted += mass * heat * x * x / precision;
    }
    let exact = weighted / weight;
    assert!((0.3..0.5).contains(&exact), "{exact}");
    let found = settings(1.0, heat).run(&Monomial { powers: vec![1, 1] }, &[0.0; 2], &());
    let found = found.unwrap();
    assert!((found.estimate - exact).abs() < 0.06, "{found:?} {exact}");
}

#[test]
fn chains_that_disagree_are_refused() {
    // Too few steps to come down from where half of them begin.
    let short = ChainSettings {
        warmup: 100,
        draws: 100,
        ..settings(1.0, 1.0)
    };
    let found = short
        .run(&Ellipsoid::power_law(400, 1e4, 2.0), &[0.0; 400], &())
        .unwrap();
    assert!(
        found.value().is_none() && found.warning().starts_with("refused"),
        "{found:?}"
    );
    let with = |r_hat, estimate| LearningCoefficient {
        r_hat,
        estimate,
        ..found.clone()
    };
    for (r_hat, estimate, value, warning) in [
        (1.05, 3.0, Some(3.0), ""),
        (1.2, 3.0, Some(3.0), "R-hat 1.20 above 1.1"),
        (1.4, 3.0, None, "refused: R-hat 1.40 above 1.3"),
        (f64::INFINITY, 3.0, None, "refused: a chain stood still"),
        (1.0, f64::INFINITY, None, "refused: a chain diverged"),
    ] {
        let found = with(r_hat, estimate);
        assert_eq!((found.value(), found.warning().as_str()), (value, warning));
    }
}

#[test]
fn r_hat_is_that_of_the_formula() {
    // Halves (0, 2), (0, 2), (2, 4), (2, 4): W = 2, the variance of the means 1, 1, 3, 3 is 4/3,
    // m = 2: √((1/2·2 + 4/3)/2) = 1.0801.
    let found = split_r_hat(&[&[0.0, 2.0, 0.0, 2.0], &[2.0, 4.0, 2.0, 4.0]]);
    assert!((found - (7.0_f64 / 6.0).sqrt()).abs() < 1e-12);
    assert!(split_r_hat(&[&[1.0; 4], &[1.0, 2.0, 3.0, 4.0]]).is_infinite());
}

#[test]
fn the_temperature_is_the_papers_and_settings_are_checked() {
    let base = ChainSettings::default();
    let heat = base.check(200).unwrap();
    assert!((heat - 200.0 / 200.0_f64.ln()).abs() < 1e-12);
    assert!(base.check(1).is_err());
    for wrong in [
        ChainSettings {
            gamma: 0.0,
            ..base.clone()
        },
        ChainSettings {
            chains: 1,
            ..base.clone()
        },
        ChainSettings {
            draws: 3,
            ..base.clone()
        },
        ChainSettings {
            warmup: 0,
            ..base.clone()
        },
        ChainSettings {
            inverse_temperature: Some(-1.0),
            ..base.clone()
        },
    ] {
        assert!(wrong.check(200).is_err(), "{wrong:?}");
    }
}
