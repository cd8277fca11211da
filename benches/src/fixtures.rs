//! The same nets, points and parameters for the peers, with what the engine makes of them.

use crate::rows::{CUTOFF, SIGMA};
use crate::{ITERATES, Problem};
use anyhow::{Context, Result};
use basinscope::surface::{LossSurface, TwiceDifferentiable};
use npyz::npz::file_name_from_array_name;
use npyz::zip::write::FileOptions;
use npyz::zip::{CompressionMethod, ZipWriter};
use npyz::{AutoSerialize, WriterBuilder};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Training steps whose losses are compared.
const STEPS: usize = 100;

/// Writes `NET.npz` for each of [`Problem::NAMES`] and `iterates.npz` into a folder.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn write(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for name in Problem::NAMES {
        let problem = Problem::named(name)?;
        let (net, surface) = (&problem.net, &problem.surface);
        let (n, many) = (net.num_params() as u64, problem.many());
        let thetas = problem.thetas(many).concat();
        let mut losses = vec![0.0; many];
        surface.losses(&thetas, &mut losses);
        let (v, mut hvp) = (problem.theta(1), vec![0.0; net.num_params()]);
        surface.hvp(&problem.theta(0), &v, &mut hvp);
        let widths: Vec<i64> = net.widths().iter().map(|&width| width as i64).collect();
        let labels: Vec<i64> = problem
            .points
            .labels()
            .iter()
            .map(|&label| label.into())
            .collect();
        let count = problem.points.len() as u64;
        let mut file = Npz::create(&folder.join(format!("{name}.npz")))?;
        file.add("widths", &[widths.len() as u64], &widths)?;
        let features = net.num_features() as u64;
        file.add("x", &[count, features], problem.points.inputs())?;
        file.add("y", &[count], &labels)?;
        file.add("theta", &[many as u64, n], &thetas)?;
        file.add("losses", &[many as u64], &losses)?;
        file.add("v", &[n], &v)?;
        file.add("hvp", &[n], &hvp)?;
        // Only one net is trained beside the peers.
        if name == "swiss-roll" {
            file.add(
                "trained",
                &[STEPS as u64 + 1],
                &problem.losses_of_descent(STEPS),
            )?;
            file.add("minimum", &[n], &problem.minimum())?;
        }
        file.add("sigma", &[], &[SIGMA])?;
        file.add("cutoff", &[], &[CUTOFF])?;
        file.finish()?;
    }
    let rows = Problem::iterates()?;
    let mut file = Npz::create(&folder.join("iterates.npz"))?;
    file.add(
        "rows",
        &[ITERATES as u64, (rows.len() / ITERATES) as u64],
        &rows,
    )?;
    file.finish()
}

/// An archive of arrays. Each is made in memory first: value by value into a checksummed archive
/// would take minutes.
struct Npz(ZipWriter<File>);

impl Npz {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self(ZipWriter::new(file)))
    }

    fn add<T: AutoSerialize + Copy>(
        &mut self,
        name: &str,
        shape: &[u64],
        values: &[T],
    ) -> Result<()> {
        let mut bytes = Vec::new();
        let mut array = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .writer(&mut bytes)
            .begin_nd()?;
        array.extend(values.iter().copied())?;
        array.finish()?;
        let stored = FileOptions::default().compression_method(CompressionMethod::Stored);
        self.0.start_file(file_name_from_array_name(name), stored)?;
        Ok(self.0.write_all(&bytes)?)
    }

    fn finish(mut self) -> Result<()> {
        self.0.finish()?;
        Ok(())
    }
}
