//! `basinscope serve`: the pages of runs in the browser, up to date while they go on.

mod cards;
mod files;
mod glance;
mod hosts;
mod live;
mod router;
mod runs;
mod server;

use crate::browser;
use crate::console::Console;
use anyhow::Result;
use basinscope::Error;
use serde_json::json;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

/// The port, where none is asked for.
const DEFAULT_PORT: u16 = 7357;

/// Options of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  basinscope serve runs/tour-7
  basinscope serve runs --open
  basinscope serve runs/good runs/bad --port 0

A run need not be finished: its page is drawn from the records that are there, and shows new ones
within seconds. An empty folder waits for its first result. The server never writes into a run, and
ends with Ctrl-C. From another machine: ssh -L 7357:localhost:7357 HOST. More: docs/guide/serve.md.")]
pub struct Args {
    /// Run directories, finished or not, or folders that hold several
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,

    /// Port to listen at; 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    port: u16,

    /// Address to listen at; with any but this machine's own, everybody on the network can read the runs
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// Open the list in the browser
    #[arg(long)]
    open: bool,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<()> {
    let shelf = runs::Shelf::new(&args.runs)?;
    let listener = listen(SocketAddr::new(args.host, args.port))?;
    let local = args.host.is_loopback();
    let url = address(listener.local_addr()?);
    let served = shelf.runs();
    if !local {
        console.say(
            "warning: everybody on the network can read these runs (no password, no encryption)",
        );
    }
    let runs = if served.len() == 1 { "run" } else { "runs" };
    console.say(format!(
        "Serving {} {runs} at {url} – Ctrl-C stops",
        served.len()
    ));
    let listed: Vec<_> = (served.iter())
        .map(|run| json!({ "run": run.folder, "url": format!("{url}runs/{}/", run.key) }))
        .collect();
    console.summary(&json!({ "command": "serve", "url": url, "runs": listed }))?;
    if args.open
        && let Err(error) = browser::open(&url)
    {
        console.say(error);
    }
    server::serve(listener, router::Site::new(shelf, local), || {
        console.is_interrupted()
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            let found = format!("{}, which is taken", address.port());
            Error::setting("port", "a free port, or --port 0 for any", found).into()
        }
        _ => anyhow::Error::from(error).context(format!("cannot listen at {address}")),
    })
}

/// What to type into the browser of this machine.
fn address(mut at: SocketAddr) -> String {
    match at.ip() {
        ip if !ip.is_unspecified() => {}
        IpAddr::V4(_) => at.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) => at.set_ip(Ipv6Addr::LOCALHOST.into()),
    }
    format!("http://{at}/")
}
