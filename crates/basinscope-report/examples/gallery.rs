//! Draws every figure from synthetic records: `cargo run --example gallery -- FOLDER`.

#[path = "../tests/sample/mod.rs"]
#[allow(dead_code)]
mod sample;

use basinscope_report::figure::{self, Figure, Theme};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("name the folder to write to")?;
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let lines: Vec<_> = (0..8).map(|index| sample::line(index, 30)).collect();
    let surfaces: Vec<_> = [0, 3, 7].map(sample::surface).into();
    for (theme, suffix) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        let write = |name: &str, figure: Figure| -> std::io::Result<()> {
            println!(
                "{name}-{suffix}: svg {} kB, png {} kB",
                figure.svg.len() / 1000,
                figure.png.len() / 1000
            );
            std::fs::write(folder.join(format!("{name}-{suffix}.svg")), figure.svg)?;
            std::fs::write(folder.join(format!("{name}-{suffix}.png")), figure.png)
        };
        write(
            "boundary",
            figure::boundary(&sample::boundary("bad", 0.11, 200, 0.05), theme)?,
        )?;
        write("classes", figure::boundary(&sample::many_classes(), theme)?)?;
        write(
            "boundaries-2",
            figure::boundaries(&sample::boundaries(2), theme)?,
        )?;
        write(
            "boundaries",
            figure::boundaries(&sample::boundaries(12), theme)?,
        )?;
        write("lines", figure::lines(&lines, theme)?)?;
        write(
            "lines-2",
            figure::lines(&[lines[0].clone(), lines[7].clone()], theme)?,
        )?;
        write("between", figure::between(&sample::between(), theme)?)?;
        write("surface", figure::surface(&surfaces[0], theme)?)?;
        write("surfaces", figure::surfaces(&surfaces, theme)?)?;
        write("dial", figure::dial(&sample::minima(), theme)?)?;
        write("training", figure::training(&sample::minima(), theme)?)?;
        write("radii", figure::radii(&sample::volumes(), theme)?)?;
        write("volume-gap", figure::volume_gap(&sample::volumes(), theme)?)?;
        let local = sample::local_volumes_checked();
        let ends = [local[0].clone(), local[7].clone()];
        write("local-volumes", figure::local_volumes(&local, theme)?)?;
        write("local-volumes-2", figure::local_volumes(&ends, theme)?)?;
        write(
            "constrained-dimensions",
            figure::constrained_dimensions(&local, theme)?,
        )?;
        write(
            "constrained-dimensions-2",
            figure::constrained_dimensions(&ends, theme)?,
        )?;
        write(
            "honest-scatter",
            figure::honest_scatter(&local, &sample::volumes(), theme)?,
        )?;
        write("sample-accuracy", figure::sample_accuracy(&local, theme)?)?;
        write("sample-accuracy-2", figure::sample_accuracy(&ends, theme)?)?;
        for (name, layers) in [("spectrum", false), ("spectrum-layers", true)] {
            write(name, figure::spectrum(&sample::spectra(layers), theme)?)?;
        }
        write("search", figure::search(&sample::search(3, false), theme)?)?;
        write(
            "search-scarce",
            figure::search(&sample::search(8, true), theme)?,
        )?;
        write("dimension", figure::dimension(&sample::dimension(), theme)?)?;
        let field = sample::minefield(40);
        write("minefield", figure::minefield(&field, theme)?)?;
        write(
            "minefield-embeddings",
            figure::minefield_embeddings(&field, theme)?,
        )?;
        write(
            "minefield-distances",
            figure::minefield_distances(&field, theme)?,
        )?;
        let bands = [0, 7].map(|index| sample::perturbation(index, 30));
        write("bands", figure::bands(&bands, theme)?)?;
        let volumes = sample::volumes();
        let ends = [volumes[0].clone(), volumes[7].clone()];
        write(
            "histograms",
            figure::histograms(&ends, &sample::flips(), theme)?,
        )?;
        write("margins", figure::margins(&sample::margins(), theme)?)?;
        let comparison = sample::comparison();
        write("compare", figure::compare(&comparison, theme)?)?;
        write(
            "compare-scatter",
            figure::compare_scatter(&comparison, theme)?,
        )?;
        write(
            "optimizers",
            figure::optimizers(&sample::optimizers(), theme)?,
        )?;
        for (name, judged) in [("contact-sheet", false), ("contact-sheet-judged", true)] {
            let sheet = sample::contact_sheet(judged);
            write(name, figure::contact_sheet(&sheet, theme)?)?;
        }
    }
    let paths = [
        sample::path("good", 0.995, 50, 120),
        sample::path("bad", 0.11, 50, 120),
    ];
    std::fs::write(
        folder.join("still.png"),
        figure::animation_still(&paths, 40)?,
    )?;
    let clock = Instant::now();
    let gif = figure::animation(&paths, |_| {})?;
    println!(
        "animation: {} kB in {:.2?}",
        gif.len() / 1000,
        clock.elapsed()
    );
    std::fs::write(folder.join("walk.gif"), gif)?;
    Ok(())
}
