//! Random directions.

use super::Normalization;
use super::normalization::norm;
use crate::surface::ParameterLayout;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// A random direction of one value for each parameter.
///
/// ```text
/// none:   uniform on the unit sphere of Rⁿ
/// others: in each group (filter, layer, all weights) a random unit vector times |θ_group|
/// ```
///
/// # Reference
/// Li et al. 2018, Section 4 (filter); biases and batch normalisation stay fixed, as in Huang et
/// al. 2020.
pub fn random_direction(
    layout: &ParameterLayout,
    theta: &[f32],
    normalization: Normalization,
    rng: &mut impl Rng,
) -> Vec<f32> {
    assert_eq!(
        theta.len(),
        layout.num_params(),
        "θ has one value per parameter"
    );
    let mut direction = vec![0.0_f32; theta.len()];
    for group in normalization.groups(layout) {
        for range in &group {
            for value in &mut direction[range.clone()] {
                *value = rng.sample(StandardNormal);
            }
        }
        let length = match normalization {
            Normalization::None => 1.0,
            _ => norm(theta, &group),
        };
        let scale = length / norm(&direction, &group).max(f64::MIN_POSITIVE);
        for value in group.into_iter().flat_map(|range| range.into_iter()) {
            direction[value] = (f64::from(direction[value]) * scale) as f32;
        }
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::super::scales;
    use super::*;
    use crate::net::{Architecture, Initialization};
    use crate::random::stream;
    use crate::surface::BlockKind;

    #[test]
    fn each_group_has_the_length_it_should() {
        let net = Architecture::swiss_roll();
        let layout = net.layout();
        let mut theta = Initialization::GlorotUniform.draw(&net, &mut stream(1, "init", 0));
        theta.iter_mut().for_each(|value| *value += 0.1);
        let draw = |how| random_direction(&layout, &theta, how, &mut stream(2, "d", 0));
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-5, "{a} {b}");

        close(
            norm(
                &draw(Normalization::None),
                std::slice::from_ref(&(0..theta.len())),
            ),
            1.0,
        );
        let filter = draw(Normalization::Filter);
        let layer = draw(Normalization::Layer);
        let model = draw(Normalization::Model);
        let mut weights = vec![];
        for block in layout.blocks() {
            if block.kind == BlockKind::Bias {
                for direction in [&filter, &layer, &model] {
                    assert!(direction[block.range()].iter().all(|&value| value == 0.0));
                }
                continue;
            }
            weights.push(block.range());
            close(
                norm(&layer, &[block.range()]),
                norm(&theta, &[block.range()]),
            );
            for range in block.filters() {
                let range = std::slice::from_ref(&range);
                close(norm(&filter, range), norm(&theta, range));
            }
        }
        close(norm(&model, &weights), norm(&theta, &weights));
    }

    #[test]
    fn scales_are_root_mean_squares() {
        let net = Architecture::minefield();
        let layout = net.layout();
        let theta = Initialization::HeNormal.draw(&net, &mut stream(1, "init", 0));
        assert!(
            scales(&layout, &theta, Normalization::None)
                .iter()
                .all(|&scale| scale == 1.0)
        );
        let filter = scales(&layout, &theta, Normalization::Filter);
        for block in layout.blocks() {
            for range in block.filters() {
                let found: f64 = filter[range.clone()]
                    .iter()
                    .map(|scale| scale * scale)
                    .sum();
                let exact = match block.kind {
                    BlockKind::Weight => norm(&theta, &[range]).powi(2),
                    _ => 0.0,
                };
                assert!((found - exact).abs() <= 1e-9 * exact.max(1.0));
            }
        }
    }

    #[test]
    fn isotropic_directions_have_no_preferred_axis() {
        // Mean square of each of 4 coordinates over 4,000 draws: 1/4, sd of the mean
        // √(Var/4000) with Var(u²) = 2·3/(16·6)·… < .05 → .0035; 6 sd = .021.
        let layout = ParameterLayout::flat(4);
        let mut mean = [0.0_f64; 4];
        for index in 0..4_000 {
            let rng = &mut stream(3, "axis", index);
            let direction = random_direction(&layout, &[0.0; 4], Normalization::None, rng);
            for (mean, &value) in mean.iter_mut().zip(&direction) {
                *mean += f64::from(value).powi(2) / 4_000.0;
            }
        }
        assert!(
            mean.iter().all(|mean| (mean - 0.25).abs() < 0.021),
            "{mean:?}"
        );
    }
}
