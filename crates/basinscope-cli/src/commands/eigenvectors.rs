//! The stiffest directions of minima: found once, saved for every command that asks for them.

use crate::console::Console;
use crate::lab::{Lab, Minimum};
use anyhow::Result;
use basinscope::Error;
use basinscope::curvature::{HessianAt, LanczosSettings, extreme_eigenpairs, residuals};
use basinscope::record::{Array, EigenvectorsRecord, Trust};
use basinscope::watch::Watch;
use serde_json::json;

/// Where the records stand in a run.
const FILE: &str = "results/eigenvectors.json";
/// Eigenpairs of each minimum.
const COUNT: usize = 2;
/// Products with the Hessian at most.
const PRODUCTS: usize = 300;
/// Residual at which an eigenpair counts as found, in units of the largest |λ|.
const TOLERANCE: f64 = 1e-5;

/// Finds and saves the stiffest directions of minima. Those the run holds already are read; a
/// minimum whose Hessian is not finite, or whose residuals are too large, has none, and a line says
/// so.
pub fn compute(
    lab: &Lab,
    minima: &[&Minimum],
    seed: u64,
    console: &Console,
) -> Result<Vec<EigenvectorsRecord>> {
    let known: Vec<EigenvectorsRecord> = match lab.run.has(FILE) {
        true => lab.run.read_json(FILE)?,
        false => Vec::new(),
    };
    let bar = console.bar("eigenvectors", minima.len() as u64);
    let mut records = Vec::with_capacity(minima.len());
    for minimum in minima {
        console.check()?;
        bar.inc(1);
        if let Some(found) = (known.iter()).find_map(|old| read_again(lab, minimum, old, seed)) {
            records.push(found);
            continue;
        }
        let record = match find(minimum, seed, console) {
            Ok(record) => record,
            Err(Error::Cancelled) => return Err(Error::Cancelled.into()),
            Err(error) => {
                console.say(format!("{}: no eigenvectors: {error}", minimum.record.name));
                continue;
            }
        };
        let shape = [record.vectors.len(), record.dimension];
        let vectors = Array::new("vectors", &shape, &record.vectors.concat());
        lab.run
            .write_arrays(arrays_file(&record.minimum), &[vectors])?;
        let key = |record: &EigenvectorsRecord| (record.minimum.clone(), String::new());
        lab.merge(FILE, vec![record.clone()], key)?;
        records.push(record);
    }
    bar.finish();
    Ok(records)
}

/// What the run holds of a minimum, where it is what would be found anew.
fn read_again(
    lab: &Lab,
    minimum: &Minimum,
    old: &EigenvectorsRecord,
    seed: u64,
) -> Option<EigenvectorsRecord> {
    let same = old.minimum == minimum.record.name
        && old.test_accuracy == minimum.record.test_accuracy
        && old.dimension == minimum.theta.len()
        && (old.seed, &old.config) == (seed, &config())
        && old.version == basinscope::VERSION;
    let file = same.then(|| arrays_file(&old.minimum))?;
    let array = lab.run.read_arrays(file, &["vectors"]).ok()?.remove(0);
    let fits = array.shape == [old.eigenvalues.len(), old.dimension];
    let rows = fits.then(|| array.values.chunks_exact(old.dimension))?;
    Some(EigenvectorsRecord {
        vectors: rows
            .map(|row| row.iter().map(|&x| x as f32).collect())
            .collect(),
        ..old.clone()
    })
}

/// The top eigenpairs of the exact Hessian at a minimum, each checked by a product of its own.
fn find(minimum: &Minimum, seed: u64, watch: &dyn Watch) -> basinscope::Result<EigenvectorsRecord> {
    let hessian = HessianAt::new(&minimum.train, &minimum.theta)?;
    let settings = LanczosSettings {
        count: COUNT.min(minimum.theta.len()),
        bottom: 0,
        products: PRODUCTS,
        tolerance: TOLERANCE,
        seed,
    };
    let found = extreme_eigenpairs(&hessian, settings, watch)?;
    let residuals = residuals(&hessian, &found.top, watch)?;
    let eigenvalues: Vec<f64> = found.top.iter().map(|pair| pair.value).collect();
    let largest = (eigenvalues.iter()).fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
    for (&value, &residual) in eigenvalues.iter().zip(&residuals) {
        if Trust::of(value, residual, largest) == Trust::Refused {
            let expected = "residuals of at most a tenth of their eigenvalues";
            let found = format!("{value:.4e} ± {residual:.1e}");
            return Err(Error::setting("eigenvectors", expected, found));
        }
    }
    let vectors: Vec<Vec<f32>> = found.top.into_iter().map(|pair| pair.vector).collect();
    let residuals = residuals
        .iter()
        .map(|residual| residual / largest)
        .collect();
    Ok(EigenvectorsRecord {
        minimum: minimum.record.name.clone(),
        test_accuracy: minimum.record.test_accuracy,
        dimension: minimum.theta.len(),
        residuals,
        products: found.products + vectors.len(),
        differenced: minimum.train.difference_step().is_some(),
        difference_step: minimum.train.difference_step(),
        eigenvalues,
        vectors,
        seed,
        version: basinscope::VERSION.into(),
        config: config(),
    })
}

fn config() -> serde_json::Value {
    json!({ "count": COUNT, "products": PRODUCTS, "tolerance": TOLERANCE })
}

fn arrays_file(minimum: &str) -> String {
    format!("results/eigenvectors-{minimum}.npz")
}
