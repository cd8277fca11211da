//! Figures of local volumes: every point and what it is worth, nothing that is not there.

#[allow(dead_code)]
mod check;
#[allow(dead_code)]
mod sample;

use basinscope_report::figure::{self, FigureError, Theme};
use check::{check, shapes};

const THEMES: [Theme; 2] = [Theme::Light, Theme::Dark];

#[test]
fn local_volumes_show_every_point_but_the_refused_and_say_what_each_is_worth() {
    let records = sample::local_volumes_checked();
    for theme in THEMES {
        let figure = figure::local_volumes(&records, theme).unwrap();
        check(&figure);
        // 8 minima of 10 points, 2 refused, in two panels; the reference at 4 σ of two minima.
        assert_eq!(shapes(&figure.svg, "point"), 2 * 78);
        assert_eq!(shapes(&figure.svg, "reference"), 2 * 8);
        assert_eq!(shapes(&figure.svg, "band"), 2 * 8);
        for text in [
            "good · test 99.5 %",
            "2 refused points left out",
            "non-local (dashed)",
            "unconverged, reads low",
            "local tempered annealing",
            "train loss ≤ 0.1 nats",
            "−100",
            "10⁻⁴³", // e⁻¹⁰⁰ = 10^−43.4
            "σ / rms of the weights",
        ] {
            assert!(figure.svg.contains(text), "{text}");
        }
        assert_eq!(figure, figure::local_volumes(&records, theme).unwrap());
    }
    // Of records that are all good, the legend says no more than there is.
    let plain = figure::local_volumes(&sample::local_volumes()[..1], Theme::Light).unwrap();
    for text in ["non-local", "unconverged", "refused", "annealing"] {
        assert!(!plain.svg.contains(text), "{text}");
    }
    assert!(plain.svg.len() < 30_000);
}

#[test]
fn a_refused_point_breaks_the_curve_and_its_band() {
    let mut record = sample::local_volumes().remove(0);
    record.curve[4].ln_p = None;
    record.curve[4].interval = None;
    let svg = figure::local_volumes(&[record], Theme::Light).unwrap().svg;
    let curves = svg.split("<path class=\"curve\"").skip(1);
    let pieces: Vec<usize> = curves
        .map(|path| path.split("/>").next().unwrap().matches('M').count())
        .collect();
    assert_eq!(pieces, [2, 2]);
    assert_eq!(shapes(&svg, "band"), 4);
}

#[test]
fn equal_sigma_is_the_largest_on_every_grid_that_all_can_be_trusted_at() {
    let records = sample::local_volumes_checked();
    let grid: Vec<f64> = records[0].curve.iter().map(|point| point.sigma).collect();
    // From the ninth on, one is unconverged; the reference's shorter grid does not count.
    assert_eq!(figure::equal_sigma(&records), Some(grid[7]));
    let spoil = |change: fn(&mut basinscope::record::LocalVolumePoint)| {
        let mut records = records.clone();
        change(&mut records[2].curve[7]);
        figure::equal_sigma(&records)
    };
    assert_eq!(spoil(|point| point.local = false), Some(grid[6]));
    assert_eq!(spoil(|point| point.converged = false), Some(grid[6]));
    assert_eq!(spoil(|point| point.ln_p = None), Some(grid[6]));
    assert_eq!(spoil(|point| point.sigma *= 1.001), Some(grid[6]));
    assert_eq!(figure::equal_sigma(&[]), None);
    let mut other = records.clone();
    other[3]
        .curve
        .iter_mut()
        .for_each(|point| point.sigma *= 1.1);
    assert_eq!(figure::equal_sigma(&other), None);
}

#[test]
fn constrained_dimensions_are_named_with_their_peaks() {
    for (theme, records) in THEMES.into_iter().zip([2, 8]) {
        let all = sample::local_volumes();
        let records = [&all[..records - 1], &all[7..]].concat();
        let figure = figure::constrained_dimensions(&records, theme).unwrap();
        check(&figure);
        assert!(figure.svg.contains("How many of 3614 dimensions"));
        assert!(figure.svg.contains("bad · test 11 % · peak 63"));
        assert!(figure.svg.contains("σ"));
    }
}

#[test]
fn the_honest_scatter_has_the_same_minima_on_both_sides_and_says_why_they_differ() {
    let (local, volumes) = (sample::local_volumes_checked(), sample::volumes());
    for theme in THEMES {
        let figure = figure::honest_scatter(&local, &volumes, theme).unwrap();
        check(&figure);
        assert_eq!(shapes(&figure.svg, "point"), 2 * 8);
        assert!(
            figure
                .svg
                .contains("charges all 3614 dimensions at the luckiest ray’s rate")
        );
        assert!(figure.svg.contains("ln P at σ = 0.021, 95 % interval"));
    }
    let few = figure::honest_scatter(&local, &volumes[..3], Theme::Light).unwrap();
    assert_eq!(shapes(&few.svg, "point"), 2 * 3);
    let mut never = local.clone();
    never[5]
        .curve
        .iter_mut()
        .for_each(|point| point.converged = false);
    let figure = figure::honest_scatter(&never, &volumes, Theme::Light).unwrap();
    assert!(
        figure
            .svg
            .contains("there is no σ at which all are local and converged")
    );
    assert_eq!(shapes(&figure.svg, "point"), 8);
}

#[test]
fn accuracies_of_samples_start_at_the_minimum() {
    let mut records = sample::local_volumes();
    for theme in THEMES {
        let figure = figure::sample_accuracy(&records, theme).unwrap();
        check(&figure);
        assert_eq!(shapes(&figure.svg, "own"), 8);
        assert_eq!(shapes(&figure.svg, "point"), 2 * 78);
        // Of many minima, the best and the worst have a band.
        assert_eq!(shapes(&figure.svg, "band"), 2);
        assert!(figure.svg.contains("below: non-local"));
    }
    for point in records.iter_mut().flat_map(|record| &mut record.curve) {
        point.sample_test_accuracy = None;
    }
    let error = figure::sample_accuracy(&records, Theme::Light);
    assert!(matches!(error, Err(FigureError::NoRecords { .. })));
}
