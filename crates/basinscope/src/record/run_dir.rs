//! The folder of a run: JSON, NPZ and safetensors, each written whole or not at all.

use super::theta_file::{self, ThetaFile};
use crate::data::{Dataset, Reading, Split, check_npy_header};
use crate::net::{Architecture, Net};
use crate::{Error, Result};
use npyz::{DType, WriterBuilder, npz};
use serde::{Serialize, de::DeserializeOwned};
use std::fs;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file of a run that says what was read.
const READING: &str = "data.json";

/// A run directory.
#[derive(Debug, Clone)]
pub struct RunDir {
    root: PathBuf,
}

/// A named array of an `.npz` archive, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its name in the archive.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values.
    pub values: Vec<f64>,
}

impl Array {
    /// An array from values of any float or integer type.
    pub fn new<T: Copy + Into<f64>>(name: &str, shape: &[usize], values: &[T]) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        let values = values.iter().map(|&value| value.into()).collect();
        Self {
            name: name.into(),
            shape: shape.to_vec(),
            values,
        }
    }
}

impl RunDir {
    /// Creates the folder and its subfolders, or opens them where they exist.
    ///
    /// # Errors
    /// [`Error::Io`] where a folder cannot be made or written to.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self> {
        let run = Self::create_bare(root)?;
        for folder in ["results", "minima", "figures"] {
            let path = run.root.join(folder);
            fs::create_dir_all(&path).map_err(Error::io(&path, "create the folder"))?;
        }
        Ok(run)
    }

    /// Creates the folder alone, for what stands above several runs.
    ///
    /// # Errors
    /// As [`RunDir::create`].
    pub fn create_bare(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).map_err(Error::io(&root, "create the folder"))?;
        // Fail now rather than after an hour of training.
        tempfile::NamedTempFile::new_in(&root)
            .map_err(Error::io(&root, "write into the folder"))?;
        Ok(Self { root })
    }

    /// Opens an existing run.
    ///
    /// # Errors
    /// [`Error::File`] where `results/minima.json` is missing.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        if !root.join("results/minima.json").is_file() {
            return Err(Error::file(
                &root,
                "run directory",
                "results/minima.json as `basinscope train --out` writes it",
                "none",
            ));
        }
        Ok(Self { root })
    }

    /// The folder as it is, complete or not, for those who only read; nothing is checked or made.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the run.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Whether a file of the run exists.
    pub fn has(&self, relative: impl AsRef<Path>) -> bool {
        self.path(relative).is_file()
    }

    /// Writes a file under a temporary name, then renames it.
    ///
    /// # Errors
    /// [`Error::Io`] with the final path.
    pub fn write(&self, relative: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
        let path = self.path(relative);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(Error::io(folder, "create the folder"))?;
        let mut file =
            tempfile::NamedTempFile::new_in(folder).map_err(Error::io(&path, "write"))?;
        file.write_all(bytes).map_err(Error::io(&path, "write"))?;
        file.as_file()
            .sync_data()
            .map_err(Error::io(&path, "write"))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let _ = fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644));
        }
        file.persist(&path)
            .map_err(|error| Error::io(&path, "rename into place")(error.error))?;
        Ok(())
    }

    /// Writes a record as indented JSON.
    ///
    /// # Errors
    /// As [`RunDir::write`].
    pub fn write_json<T: Serialize>(&self, relative: impl AsRef<Path>, record: &T) -> Result<()> {
        let mut text = serde_json::to_string_pretty(record).map_err(|error| {
            Error::file(self.path(&relative), "record", "finite numbers", error)
        })?;
        text.push('\n');
        self.write(relative, text.as_bytes())
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::File`] with the line at fault.
    pub fn read_json<T: DeserializeOwned>(&self, relative: impl AsRef<Path>) -> Result<T> {
        let path = self.path(relative);
        let text = fs::read_to_string(&path).map_err(Error::io(&path, "read"))?;
        serde_json::from_str(&text).map_err(|error| {
            Error::file(
                &path,
                format!("line {}", error.line()),
                format!(
                    "a {}",
                    std::any::type_name::<T>()
                        .rsplit("::")
                        .next()
                        .unwrap_or("record")
                ),
                error,
            )
        })
    }

    /// Writes arrays as an uncompressed `.npz` of float64.
    ///
    /// # Errors
    /// As [`RunDir::write`].
    pub fn write_arrays(&self, relative: impl AsRef<Path>, arrays: &[Array]) -> Result<()> {
        let path = self.path(&relative);
        let mut bytes = std::io::Cursor::new(Vec::new());
        // The archive would hold the time of day: the same numbers must give the same bytes.
        let options = npyz::zip::write::FileOptions::default()
            .last_modified_time(npyz::zip::DateTime::default());
        let mut archive = npz::NpzWriter::new(&mut bytes);
        for array in arrays {
            let shape: Vec<u64> = array.shape.iter().map(|&extent| extent as u64).collect();
            let mut writer = archive
                .array(&array.name, options)
                .map_err(Error::io(&path, "write"))?
                .dtype(DType::Plain("<f8".parse().map_err(|_| {
                    Error::file(&path, "dtype", "<f8", "an unknown type")
                })?))
                .shape(&shape)
                .begin_nd()
                .map_err(Error::io(&path, "write"))?;
            writer
                .extend(array.values.iter().copied())
                .map_err(Error::io(&path, "write"))?;
            writer.finish().map_err(Error::io(&path, "write"))?;
        }
        drop(archive);
        self.write(relative, bytes.get_ref())
    }

    /// Reads the float64 arrays named `names` from an `.npz` this library wrote.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::File`] naming the array.
    pub fn read_arrays(&self, relative: impl AsRef<Path>, names: &[&str]) -> Result<Vec<Array>> {
        let path = self.path(relative);
        let file = fs::File::open(&path).map_err(Error::io(&path, "read"))?;
        let mut archive = npz::NpzArchive::new(BufReader::new(file))
            .map_err(|error| Error::file(&path, "archive", "an .npz archive", error))?;
        let mut arrays = Vec::with_capacity(names.len());
        for &name in names {
            let missing = |found: String| Error::file(&path, name, "a float64 array", found);
            let mut bytes = Vec::new();
            archive
                .zip_archive()
                .by_name(&npz::file_name_from_array_name(name))
                .map_err(|error| missing(error.to_string()))?
                .read_to_end(&mut bytes)
                .map_err(|error| missing(error.to_string()))?;
            check_npy_header(&bytes).map_err(missing)?;
            let array = npyz::NpyFile::new(bytes.as_slice());
            let array = array.and_then(|array| read_array(array, name));
            arrays.push(array.map_err(|error| missing(error.to_string()))?);
        }
        Ok(arrays)
    }

    /// Writes θ as `minima/NAME.safetensors`: one f32 tensor per block of θ and of the net's
    /// buffers, the architecture and `metadata` beside them. Returns the path relative to the run.
    ///
    /// # Errors
    /// As [`RunDir::write`].
    pub fn write_minimum(
        &self,
        name: &str,
        net: &dyn Net,
        theta: &[f32],
        buffers: &[f32],
        metadata: &[(&str, serde_json::Value)],
    ) -> Result<String> {
        let relative = format!("minima/{name}.safetensors");
        self.write_theta(&relative, net, theta, buffers, metadata)?;
        Ok(relative)
    }

    /// Writes θ and buffers as a safetensors file anywhere in the run (a checkpoint, say).
    ///
    /// # Errors
    /// As [`RunDir::write`].
    pub fn write_theta(
        &self,
        relative: &str,
        net: &dyn Net,
        theta: &[f32],
        buffers: &[f32],
        metadata: &[(&str, serde_json::Value)],
    ) -> Result<()> {
        let bytes = theta_file::encode(net, theta, buffers, metadata)
            .map_err(|error| Error::file(self.path(relative), "tensors", "θ", error))?;
        self.write(relative, &bytes)
    }

    /// Reads the file of a minimum, whatever its net.
    ///
    /// # Errors
    /// As [`ThetaFile::read`].
    pub fn read_minimum(&self, relative: impl AsRef<Path>) -> Result<ThetaFile> {
        ThetaFile::read(&self.path(relative))
    }

    /// Reads a perceptron and its θ.
    ///
    /// # Errors
    /// As [`read_perceptron`](super::read_perceptron).
    pub fn read_perceptron(&self, relative: impl AsRef<Path>) -> Result<(Architecture, Vec<f32>)> {
        theta_file::read_perceptron(&self.path(relative))
    }

    /// Writes the points of a run as `data.npz`.
    ///
    /// # Errors
    /// As [`RunDir::write`].
    pub fn write_data(&self, split: &Split) -> Result<()> {
        let mut arrays = vec![Array::new(
            "num_classes",
            &[1],
            &[split.train.num_classes() as u32],
        )];
        for (name, part) in [
            ("train", &split.train),
            ("test", &split.test),
            ("pool", &split.pool),
        ] {
            let shape = [part.len(), part.num_features()];
            arrays.push(Array::new(&format!("{name}_inputs"), &shape, part.inputs()));
            arrays.push(Array::new(
                &format!("{name}_labels"),
                &[part.len()],
                part.labels(),
            ));
        }
        self.write_arrays("data.npz", &arrays)
    }

    /// What was read when the run began; nothing of runs from before it was kept.
    ///
    /// # Errors
    /// As [`RunDir::read_json`].
    pub fn read_reading(&self) -> Result<Option<Reading>> {
        match self.has(READING) {
            true => self.read_json(READING).map(Some),
            false => Ok(None),
        }
    }

    /// Keeps what was read.
    ///
    /// # Errors
    /// As [`RunDir::write`].
    pub fn write_reading(&self, reading: &Reading) -> Result<()> {
        self.write_json(READING, reading)
    }

    /// Reads the points of a run, with the names of classes and features where it keeps them.
    ///
    /// # Errors
    /// As [`RunDir::read_arrays`], and those of [`Dataset::new`].
    pub fn read_data(&self) -> Result<Split> {
        let classes = self.read_arrays("data.npz", &["num_classes"])?;
        let whole = |field: &str, value: f64| match value {
            value if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) => {
                Ok(value as u32)
            }
            value => Err(Error::file(
                self.path("data.npz"),
                field,
                "a class number",
                value,
            )),
        };
        let num_classes = classes[0].values.first().copied().unwrap_or(2.0);
        let num_classes = whole("num_classes", num_classes)? as usize;
        let names = Arc::new(self.read_reading()?.unwrap_or_default().names);
        let part = |name: &str| {
            let arrays = [format!("{name}_inputs"), format!("{name}_labels")];
            let arrays = self.read_arrays("data.npz", &[&arrays[0], &arrays[1]])?;
            let set = Dataset::new(
                arrays[0].values.iter().map(|&value| value as f32).collect(),
                (arrays[1].values.iter())
                    .map(|&value| whole(&format!("{name}_labels"), value))
                    .collect::<Result<_>>()?,
                arrays[0].shape.last().copied().unwrap_or(0),
                num_classes,
            )?;
            set.with_names(Arc::clone(&names))
        };
        Ok(Split {
            train: part("train")?,
            test: part("test")?,
            pool: part("pool")?,
        })
    }
}

fn read_array(array: npyz::NpyFile<impl Read>, name: &str) -> std::io::Result<Array> {
    let shape = array
        .shape()
        .iter()
        .map(|&extent| extent as usize)
        .collect();
    Ok(Array {
        name: name.into(),
        shape,
        values: array.into_vec::<f64>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Activation, toy::Centred};

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path().join("a/b")).unwrap();
        let net = Architecture::swiss_roll();
        let theta: Vec<f32> = (0..net.num_params()).map(|i| i as f32 * 0.25).collect();
        let file = run
            .write_minimum("m", &net, &theta, &[], &[("seed", 7.into())])
            .unwrap();
        assert_eq!(run.read_perceptron(&file).unwrap(), (net, theta));

        let points = Dataset::new(vec![0.1, 0.2, 0.3, 0.4], vec![0, 1], 2, 2).unwrap();
        let split = Split {
            train: points.clone(),
            test: points.clone(),
            pool: points.select(&[]),
        };
        run.write_data(&split).unwrap();
        assert_eq!(run.read_data().unwrap(), split);
    }

    #[test]
    fn a_net_of_another_kind_keeps_its_buffers() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        let net = Centred::new(3, 2);
        let (theta, buffers) = (vec![0.5; net.num_params()], vec![0.1, 0.2, 0.3]);
        let file = run.write_minimum("m", &net, &theta, &buffers, &[]).unwrap();
        let found = run.read_minimum(&file).unwrap();
        assert_eq!(found.architecture(), &net.to_json());
        assert_eq!(found.perceptron().unwrap(), None);
        assert_eq!(found.parameters(&net).unwrap(), (theta.clone(), buffers));
        // Not a perceptron, not another size, and the running mean is a stranger to a net that
        // has none.
        let plain = Architecture::new(vec![3, 2], Activation::Relu).unwrap();
        for error in [
            run.read_perceptron(&file).unwrap_err(),
            found.parameters(&Centred::new(2, 2)).unwrap_err(),
            found.parameters(&plain).unwrap_err(),
            run.write_minimum("n", &net, &theta, &[0.1], &[])
                .unwrap_err(),
        ] {
            assert!(error.to_string().contains(".safetensors"), "{error}");
        }
        run.write_minimum("n", &net, &theta, &[0.1, f32::NAN, 0.3], &[])
            .unwrap();
        let found = run.read_minimum("minima/n.safetensors").unwrap();
        let error = found.parameters(&net).unwrap_err().to_string();
        assert!(error.contains("running_mean"), "{error}");
    }

    #[test]
    fn a_truncated_minimum_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(folder.path()).unwrap();
        let net = Architecture::minefield();
        let file = run
            .write_minimum("m", &net, &vec![0.0; net.num_params()], &[], &[])
            .unwrap();
        let bytes = fs::read(run.path(&file)).unwrap();
        for keep in [0, 4, 100, bytes.len() - 1] {
            fs::write(run.path(&file), &bytes[..keep]).unwrap();
            let error = run.read_minimum(&file).unwrap_err().to_string();
            assert!(error.contains("m.safetensors"), "{error}");
        }
    }
}
