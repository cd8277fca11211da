use super::*;
use crate::commands::{animate, boundary, compare, local_volume, slice, spectrum, surface, volume};
use basinscope::basin::RadialSettings;
use basinscope::curvature::{CurvatureMatrix, SpectrumSettings};
use basinscope::data::{Dataset, Generator};
use basinscope::direction::Normalization;
use basinscope::measure::MeasureSettings;
use basinscope::net::{Activation, Initialization, LossKind, TrainingBatch, check_buffers};
use basinscope::random::{Stream, stream};
use basinscope::record::Axis;
use basinscope::surface::{Block, BlockKind, ParameterLayout};
use basinscope::train::{TrainConfig, train};
use serde_json::{Value, json};

/// A net that is no perceptron to anybody else: one whose inputs are divided by their largest
/// size in the last batch, which it keeps as a buffer.
struct Scaled(Architecture);

fn divided(points: &Dataset, by: f32) -> Dataset {
    let inputs = points.inputs().iter().map(|x| x / by).collect();
    let (features, classes) = (points.num_features(), points.num_classes());
    Dataset::new(inputs, points.labels().to_vec(), features, classes).unwrap()
}

impl Net for Scaled {
    fn layout(&self) -> ParameterLayout {
        self.0.layout()
    }
    fn num_features(&self) -> usize {
        self.0.num_features()
    }
    fn num_classes(&self) -> usize {
        self.0.num_classes()
    }
    fn initialize(&self, how: Initialization, rng: &mut Stream) -> Vec<f32> {
        how.draw(&self.0, rng)
    }
    fn buffer_layout(&self) -> Vec<Block> {
        vec![Block {
            name: "size".into(),
            layer: 0,
            kind: BlockKind::BatchNorm,
            offset: 0,
            shape: vec![1],
        }]
    }
    fn initial_buffers(&self) -> Vec<f32> {
        vec![1.0]
    }
    fn surface(
        &self,
        buffers: &[f32],
        points: &Dataset,
    ) -> basinscope::Result<Box<dyn NetSurface>> {
        check_buffers(self, buffers)?;
        self.0.surface(&[], &divided(points, buffers[0]))
    }
    fn batch(&self) -> Box<dyn TrainingBatch> {
        Box::new(ScaledBatch(self.0.batch(), 1.0))
    }
    fn to_json(&self) -> Value {
        json!({ "kind": "scaled", "of": self.0.to_json() })
    }
    fn describe(&self) -> String {
        format!("scaled {}", self.0.describe())
    }
}

struct ScaledBatch(Box<dyn TrainingBatch>, f32);

impl TrainingBatch for ScaledBatch {
    fn refill(&mut self, parts: &[(&Dataset, LossKind, f64)]) {
        let values = parts.iter().flat_map(|part| part.0.inputs());
        self.1 = values.fold(0.0, |most, x| x.abs().max(most));
        let scaled: Vec<_> = parts.iter().map(|part| divided(part.0, self.1)).collect();
        let parts: Vec<_> = (scaled.iter().zip(parts))
            .map(|(points, part)| (points, part.1, part.2))
            .collect();
        self.0.refill(&parts);
    }
    fn loss_and_grad(&mut self, theta: &[f32], buffers: &mut [f32], grad: &mut [f32]) -> f64 {
        buffers[0] = self.1;
        self.0.loss_and_grad(theta, &mut [], grad)
    }
}

/// A run of one minimum of a scaled net on blobs, as `train` would have left it.
fn lab(folder: &Path) -> Lab {
    let blobs = Generator::from_name("blobs").unwrap();
    let points = |task| blobs.dataset(30, &mut stream(1, task, 0)).unwrap();
    let (train_points, test) = (points("train"), points("test"));
    let split = Split {
        pool: train_points.select(&[]),
        train: train_points,
        test,
    };
    let classes = split.train.num_classes();
    let outputs = if classes == 2 { 1 } else { classes };
    let net = Scaled(Architecture::new(vec![2, 6, outputs], Activation::Tanh).unwrap());
    let config = TrainConfig {
        steps: 600,
        learning_rate: 0.02,
        ..TrainConfig::default()
    };
    let found = train(&net, &split, None, &config, None, &mut ()).unwrap();
    let run = RunDir::create(folder).unwrap();
    run.write_data(&split).unwrap();
    let (theta, buffers) = (found.theta.clone(), found.buffers.clone());
    let file = run.write_minimum("only", &net, &theta, &buffers, &[]);
    let record = found.record("only", &file.unwrap(), &net, &config, Value::Null);
    run.write_json("results/minima.json", &[&record]).unwrap();
    let only = Minimum {
        train: net.surface(&buffers, &split.train).unwrap(),
        test: net.surface(&buffers, &split.test).unwrap(),
        record,
        net: Box::new(net),
        theta,
        buffers,
    };
    Lab {
        run,
        split,
        minima: vec![only],
        subset: None,
    }
}

#[test]
fn a_net_of_another_kind_goes_through_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab(folder.path());
    let console = Console::new(false, true).unwrap();
    let all: Vec<&Minimum> = lab.minima.iter().collect();
    let only = all[0];
    assert!(only.record.train_accuracy == 1.0 && only.record.widths.is_empty());

    lab.draw_training(&console).unwrap();
    let c = Axis {
        from: -0.2,
        to: 0.2,
        count: 5,
    };
    let normalization = Normalization::Filter;
    let settings = slice::Settings {
        c,
        directions: 2,
        normalization,
        cutoff: 0.1,
        seed: 0,
    };
    let lines = slice::compute(&lab, &all, settings, &console).unwrap();
    assert_eq!(lines[0].train_loss[0][2], only.record.train_loss);
    slice::between(&lab, only, only, &console).unwrap();
    let settings = surface::Settings {
        x: c,
        y: c,
        normalization,
        other_planes: 1,
        seed: 0,
    };
    let planes = surface::compute(&lab, &all, settings, &console).unwrap();
    assert!(planes[0].worth.is_some());
    let settings = SpectrumSettings {
        top: 3,
        bottom: 2,
        ..SpectrumSettings::default()
    };
    for matrix in [CurvatureMatrix::Hessian, CurvatureMatrix::GaussNewton] {
        let spectra = spectrum::compute(&lab, &all, matrix, true, &settings, &console).unwrap();
        assert_eq!(spectra[0].layers.len(), 2);
    }
    let settings = RadialSettings {
        directions: 20,
        ..RadialSettings::default()
    };
    let volumes = volume::compute(&lab, &all, &settings, &console).unwrap();
    assert!(volumes[0].radius_median > 0.0);
    let (method, on) = (local_volume::Method::Subsim, local_volume::CutoffOn::Loss);
    let mut settings = local_volume::Settings::new(method, on, None, 0);
    settings.sigma = vec![0.05];
    settings.stiff = 5;
    settings.subsim.doublings = 0;
    let local = local_volume::compute(&lab, &all, &settings, &console).unwrap();
    assert!(local[0].curve[0].ln_p.is_some());

    let settings = compare::Settings {
        reparametrise: 8.0,
        measure: MeasureSettings {
            measures: ["norm", "path_norm", "radius", "margin"]
                .map(String::from)
                .into(),
            rays: 20,
            ..MeasureSettings::default()
        },
    };
    let entry = compare::Entry {
        run: "run",
        minimum: only,
        points: &lab.split.train,
    };
    let found = compare::compute(&lab.run, &[entry], &settings, Value::Null, &console).unwrap();
    let value = |key: &str| &found.minima[0].values[key];
    assert!(value("norm").value.is_some() && value("radius").value.is_some());
    for key in ["path_norm", "margin"] {
        assert!(value(key).note.contains("a perceptron"), "{:?}", value(key));
    }
    assert!(found.rescaled.is_empty());
    assert!(found.notes.iter().any(|note| note.contains("rescalings")));
    assert_eq!(found.minima[0].net(), "scaled MLP 2-6-1, tanh");
    compare::write(&lab.run, &found).unwrap();

    let axes = boundary::grid(&lab, 9).unwrap();
    let walk = animate::Settings {
        reach: 0.5,
        resolution: 9,
        along: animate::Along::Random,
        seed: 0,
    };
    let drawn = boundary::compute(&lab, &all, axes, &console).unwrap();
    assert_eq!((drawn.len(), drawn[0].class.len()), (1, 81));
    animate::compute(&lab, &all, walk, &console).unwrap();
    lab.draw_page().unwrap();
    let page = fs::read_to_string(lab.run.path("index.html")).unwrap();
    assert!(page.contains("scaled MLP 2-6-1, tanh"));
    assert!(page.contains(r#""families":{}"#), "no weights in the page");
    // The file itself names a net that this program does not know.
    let error = Lab::open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("only.safetensors"), "{error}");
}
