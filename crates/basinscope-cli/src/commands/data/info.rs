//! `basinscope data info`: what is in a set of pictures.

use super::fetch::megabytes;
use super::opened::DataArgs;
use crate::console::{Console, table};
use anyhow::Result;
use basinscope::Error;
use basinscope_images::data::{ImageSet, Md5Sum, Normalize, Official, Part, Parts, Pictures};
use serde_json::{Value, json};
use std::path::Path;

/// Options of `data info`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope data info mnist
  basinscope data info pictures/by-class --size 32x32
  basinscope data info svhn --json

Means and deviations are of pixels from 0 to 1, over all pictures of the part. The last line says
how `train` and `import` normalise them without --mean and --std.")]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let parts = args.data.read(&Part::ALL)?;
    let files = files(&parts, console)?;
    let pictures = Pictures::of(&parts, &Normalize::Auto)?;
    let sets: Vec<(Part, &ImageSet)> = parts.iter().collect();
    console.say(table(
        &["part", "pictures", "shape", "classes", "mean", "std"],
        &sets
            .iter()
            .map(|(part, set)| row(*part, set))
            .collect::<Vec<_>>(),
    ));
    console.say(format!("\n{}", table(&heading(&sets), &counts(&sets))));
    let rows: Vec<Vec<String>> = files.iter().map(File::row).collect();
    if !rows.is_empty() {
        console.say(format!("\n{}", table(&["file", "size", "MD5", ""], &rows)));
    }
    let notes = std::iter::once(pictures.normalized_by()).chain(pictures.notes.iter().cloned());
    let notes: Vec<String> = notes.collect();
    console.say(format!(
        "\n{}: {}; {}",
        pictures.title(),
        pictures.from.form(),
        notes.join("; ")
    ));
    let described: serde_json::Map<String, Value> = sets
        .iter()
        .map(|(part, set)| (part.name().to_owned(), describe(set)))
        .collect();
    console.summary(&json!({
        "command": "data info",
        "source": parts.source,
        "official": pictures.official,
        "normalization": pictures.normalization,
        "mean": pictures.mean,
        "std": pictures.std,
        "notes": notes,
        "parts": described,
        "files": files.iter().map(File::describe).collect::<Vec<_>>(),
    }))
}

fn shape(set: &ImageSet) -> String {
    set.shape().map(|extent| extent.to_string()).join(" × ")
}

fn row(part: Part, set: &ImageSet) -> Vec<String> {
    let (mean, std) = set.channel_statistics();
    let numbers = |values: &[f32]| {
        let texts: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
        texts.join(", ")
    };
    vec![
        part.name().into(),
        set.len().to_string(),
        shape(set),
        set.num_classes().to_string(),
        numbers(&mean),
        numbers(&std),
    ]
}

fn heading(sets: &[(Part, &ImageSet)]) -> Vec<&'static str> {
    let parts = sets.iter().map(|(part, _)| part.name());
    std::iter::once("class").chain(parts).collect()
}

fn counts(sets: &[(Part, &ImageSet)]) -> Vec<Vec<String>> {
    // The classes of all parts are the same.
    let names = sets.first().map_or(&[][..], |(_, set)| set.class_names());
    let counts: Vec<Vec<usize>> = sets.iter().map(|(_, set)| set.class_counts()).collect();
    let row = |(class, name): (usize, &String)| {
        let cells = counts.iter().map(|counts| counts[class].to_string());
        std::iter::once(name.clone()).chain(cells).collect()
    };
    names.iter().enumerate().map(row).collect()
}

fn describe(set: &ImageSet) -> Value {
    let (mean, std) = set.channel_statistics();
    json!({
        "pictures": set.len(),
        "shape": set.shape(),
        "classes": set.class_names(),
        "class_counts": set.class_counts(),
        "mean": mean,
        "std": std,
    })
}

/// A file that was read.
struct File {
    path: String,
    bytes: u64,
    md5: Md5Sum,
    /// Whether it is the official file, where there is one of its name.
    official: Option<bool>,
}

impl File {
    fn row(&self) -> Vec<String> {
        let official = match self.official {
            Some(true) => "official",
            Some(false) => "not the official file",
            None => "",
        };
        let (size, md5) = (megabytes(self.bytes), self.md5.to_string());
        vec![self.path.clone(), size, md5, official.into()]
    }

    fn describe(&self) -> Value {
        json!({
            "path": self.path,
            "bytes": self.bytes,
            "md5": self.md5.to_string(),
            "official": self.official,
        })
    }
}

/// The files with their sizes and sums; of folders of many files none are listed.
fn files(parts: &Parts, console: &Console) -> Result<Vec<File>> {
    let bar = console.bar("checksums", parts.files.len() as u64);
    let official = Official::of(parts)?.is_some();
    let mut files = Vec::new();
    for path in &parts.files {
        console.check_unsaved()?;
        if path.is_file() {
            files.push(file(path, parts, official)?);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(files)
}

fn file(path: &Path, parts: &Parts, official: bool) -> Result<File> {
    let bytes = path.metadata().map_err(Error::io(path, "read"))?.len();
    let md5 = Md5Sum::of_file(path)?;
    let known = parts.source.layout().and_then(|official| {
        let named = |name: &str| path.file_name().is_some_and(|other| other == name);
        official.files().iter().find(|file| named(file.name))
    });
    Ok(File {
        path: path.display().to_string(),
        bytes,
        md5,
        // Of the same content, however it is packed.
        official: known.map(|file| official || file.md5() == md5),
    })
}
