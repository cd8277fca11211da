//! The regularised incomplete gamma function in log space, where the plain one underflows.

use statrs::function::gamma::ln_gamma;

/// `ln P(a, x)`, P the regularised lower incomplete gamma function: the log-probability that a χ²
/// of 2a degrees of freedom is below 2x.
///
/// ```text
/// x < a + 1:  ln P = a·ln x − x − ln Γ(a + 1) + ln Σ_k x^k / ((a + 1)…(a + k))
/// else:       ln P = ln(1 − Q), Q by Lentz's continued fraction
/// ```
pub(super) fn ln_gamma_p(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let front = a * x.ln() - x;
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0, 1.0, a);
        while term > sum * 1e-17 {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return front - ln_gamma(a + 1.0) + f64::ln(sum);
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b, TINY);
        c = nonzero(b + an / c, TINY);
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < 1e-15 {
            break;
        }
    }
    let q = (front - ln_gamma(a)).exp() * h;
    (-q).ln_1p()
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // P(1, x) = 1 − e⁻ˣ on both sides of the switch.
        for x in [1e-6, 0.5, 1.9, 2.1, 30.0_f64] {
            assert!(
                (ln_gamma_p(1.0, x) - (-(-x).exp_m1()).ln()).abs() < 1e-13,
                "{x}"
            );
        }
        // χ² of n degrees below 2·20/(1000·σ²).
        for (n, sigma, exact) in [
            (10.0, 0.189_736_659_6_f64, -8.1862),
            (100.0, 0.06, -68.1784),
            (3_614.0, 0.004_990_306, -465.5437),
        ] {
            let found = ln_gamma_p(n / 2.0, 0.04 / (2.0 * sigma * sigma));
            assert!((found - exact).abs() < 1e-3, "{found} {exact}");
        }
    }
}
