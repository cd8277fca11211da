//! Writes the page of a run again, from its records and figures: `redraw_page RUN [FILE]`.

use basinscope::record::RunDir;
use basinscope_report::page::index_html;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let run = RunDir::open(arguments.next().ok_or("name a run directory")?)?;
    let page = index_html(&run)?;
    let file = arguments.next().map_or(run.path("index.html"), Into::into);
    std::fs::write(&file, &page)?;
    println!("{}: {} kB", file.display(), page.len() / 1000);
    Ok(())
}
