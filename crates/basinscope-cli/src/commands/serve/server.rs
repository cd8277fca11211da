//! Connections: each request goes to the site and its answer back, until the user stops it.

use super::router::{Answer, Site, broken};
use anyhow::{Context, Result};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How often it is asked whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// A client must have sent the head of its request within this time.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Answers requests until `stop` says so.
pub fn serve(listener: TcpListener, site: Site, stop: impl Fn() -> bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the server")?;
    listener.set_nonblocking(true)?;
    let site = Arc::new(site);
    let outcome = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::spawn(accept(listener, site));
        while !stop() {
            sleep(LOOK).await;
        }
        Ok(())
    });
    // A page that is being drawn is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn accept(listener: tokio::net::TcpListener, site: Arc<Site>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, say: others close in a while.
            sleep(LOOK).await;
            continue;
        };
        let site = Arc::clone(&site);
        let service = service_fn(move |request| answer(Arc::clone(&site), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::default())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), service);
        // A client that leaves early is no failure.
        tokio::spawn(async { drop(connection.await) });
    }
}

async fn answer(site: Arc<Site>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let (head, _) = request.into_parts();
    // Files are read and pages drawn beside the thread that talks.
    let answer = spawn_blocking(move || site.answer(&head)).await;
    Ok(answer.unwrap_or_else(|_| broken()))
}
