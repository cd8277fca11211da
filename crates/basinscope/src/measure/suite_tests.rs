use super::*;
use crate::data::Generator;
use crate::measure::{change, columns, rescale};
use crate::net::{Activation, MlpSurface, toy::Centred};
use crate::random::stream;
use crate::record::MeasuredValue;
use crate::train::{TrainConfig, train};
use std::collections::BTreeMap;

/// Settings of a second or so.
fn small() -> MeasureSettings {
    MeasureSettings {
        rays: 40,
        stiff_directions: 20,
        particles: 40,
        moves: 4,
        doublings: 0,
        replicates: 2,
        trace_products: 30,
        noise_pairs: 40,
        chain_steps: 400,
        ..MeasureSettings::default()
    }
}

fn all(settings: &MeasureSettings, subject: Subject<'_>) -> BTreeMap<&'static str, MeasuredValue> {
    let parts = Part::ALL.iter();
    parts
        .flat_map(|&part| settings.measure(part, subject, &()).unwrap())
        .collect()
}

/// A small net that fits forty points of the two moons, with those points.
fn moons(activation: Activation) -> (Architecture, Dataset, Vec<f32>) {
    let generator = Generator::from_name("moons").unwrap();
    let points = generator.dataset(60, &mut stream(5, "data", 0)).unwrap();
    let part = |from: usize, to: usize| points.select(&(from..to).collect::<Vec<_>>());
    let split = crate::data::Split {
        train: part(0, 40),
        test: part(40, 60),
        pool: part(0, 0),
    };
    let net = Architecture::new(vec![2, 12, 12, 1], activation).unwrap();
    let config = TrainConfig {
        steps: 3_000,
        learning_rate: 0.01,
        ..TrainConfig::default()
    };
    let minimum = train(&net, &split, None, &config, None, &mut ()).unwrap();
    (net, split.train, minimum.theta)
}

#[test]
fn every_column_is_measured_and_those_of_the_function_alone_stay_under_a_rescaling() {
    let (net, points, theta) = moons(Activation::Relu);
    let surface = MlpSurface::new(&net, &points).unwrap();
    let subject = Subject {
        net: &net,
        theta: &theta,
        surface: &surface,
        points: &points,
    };
    let before = all(&small(), subject);
    for column in columns(&[]).unwrap() {
        let value = &before[column.key];
        assert!(value.value.is_some(), "{}: {value:?}", column.key);
    }
    assert_eq!(before.len(), COLUMNS.len());
    let radius = before["radius"].interval.unwrap();
    assert!(radius[0] <= before["radius"].value.unwrap());
    assert!(before["sam"].value >= before["sam_step"].value);

    let moved = rescale(&net, &theta, 0, 8.0).unwrap();
    let after = all(
        &small(),
        Subject {
            theta: &moved,
            ..subject
        },
    );
    let changes = |key: &str| change(&before[key], &after[key]).unwrap().1;
    // Exactly invariant by their formulas.
    for key in [
        "radius_filter",
        "sam_adaptive",
        "noise_relative",
        "spectral_product",
        "path_norm",
        "margin",
        "margin_smallest",
        "train_loss",
    ] {
        assert!(!changes(key), "{key}: {:?} {:?}", before[key], after[key]);
    }
    // H grows as 64 in the directions of the second layer.
    for key in ["top_eigenvalue", "trace", "norm", "radius", "sam", "noise"] {
        assert!(changes(key), "{key}: {:?} {:?}", before[key], after[key]);
    }
}

#[test]
fn a_net_of_another_kind_has_every_measure_but_those_of_perceptrons() {
    let generator = Generator::from_name("blobs").unwrap();
    let points = generator.dataset(30, &mut stream(5, "data", 0)).unwrap();
    let split = crate::data::Split {
        train: points.clone(),
        test: points.clone(),
        pool: points.select(&[]),
    };
    let net = Centred::new(2, points.num_classes());
    let minimum = train(&net, &split, None, &TrainConfig::default(), None, &mut ()).unwrap();
    let surface = net.surface(&minimum.buffers, &points).unwrap();
    let found = all(
        &small(),
        Subject {
            net: &net,
            theta: &minimum.theta,
            surface: surface.as_ref(),
            points: &points,
        },
    );
    for column in columns(&[]).unwrap() {
        let value = &found[column.key];
        let of_perceptrons = ["spectral_product", "path_norm", "margin", "margin_smallest"];
        if of_perceptrons.contains(&column.key) {
            assert!(
                value.note.contains("a perceptron"),
                "{}: {value:?}",
                column.key
            );
        } else {
            assert!(value.value.is_some(), "{}: {value:?}", column.key);
        }
    }
}

#[test]
fn what_cannot_be_measured_is_refused_with_its_reason() {
    let generator = Generator::from_name("moons").unwrap();
    let points = generator.dataset(40, &mut stream(5, "data", 0)).unwrap();
    let net = Architecture::new(vec![2, 4, 1], Activation::Relu).unwrap();
    let surface = MlpSurface::new(&net, &points).unwrap();
    // All zero: loss ln 2 on every point, above the cutoff.
    let theta = vec![0.0; net.num_params()];
    let subject = Subject {
        net: &net,
        theta: &theta,
        surface: &surface,
        points: &points,
    };
    for (part, key) in [(Part::Radii, "radius"), (Part::Volume, "ln_p")] {
        let found = small().measure(part, subject, &()).unwrap();
        let value = &found.iter().find(|found| found.0 == key).unwrap().1;
        assert!(
            value.value.is_none() && value.note.starts_with("refused: "),
            "{value:?}"
        );
    }
}

#[test]
fn senseless_settings_are_named() {
    let base = MeasureSettings::default();
    assert!(base.check().is_ok());
    for (wrong, named) in [
        (
            MeasureSettings {
                sigma: 0.0,
                ..base.clone()
            },
            "sigma",
        ),
        (
            MeasureSettings {
                rays: 0,
                ..base.clone()
            },
            "rays",
        ),
        (
            MeasureSettings {
                sam_radius: -1.0,
                ..base.clone()
            },
            "sam_radius",
        ),
        (
            MeasureSettings {
                particles: 1,
                ..base.clone()
            },
            "particles",
        ),
        (
            MeasureSettings {
                measures: vec!["flatness".into()],
                ..base.clone()
            },
            "flatness",
        ),
    ] {
        let error = wrong.check().unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}
