//! Writes the page of a made-up run: `cargo run --example demo_page -- FOLDER [FIGURES]`.
//!
//! With FIGURES, the folder's pictures take the place of the placeholders.

mod run;

use basinscope::record::RunDir;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder to write to")?;
    let demo = RunDir::create(folder)?;
    run::write(&demo)?;
    if let Some(figures) = arguments.next() {
        for entry in std::fs::read_dir(figures)? {
            let entry = entry?;
            std::fs::copy(entry.path(), demo.path("figures").join(entry.file_name()))?;
        }
    }
    let page = basinscope_report::page::index_html(&demo)?;
    demo.write("index.html", page.as_bytes())?;
    println!(
        "{}: {} kB",
        demo.path("index.html").display(),
        page.len() / 1000
    );
    Ok(())
}
