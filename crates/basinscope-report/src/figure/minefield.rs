//! The minefield: iterates of a good run in reds, bad minima in blues, the last iterate a star.

use super::axes::{Area, HEAD, LABEL, TICK, TITLE};
use super::canvas::{Anchor, Canvas, Figure, solid};
use super::color::Color;
use super::error::{FigureError, check_length};
use super::scale::{Scale, extent};
use super::theme::Theme;
use super::ticks::plain;
use basinscope::record::{EmbeddingRecord, MinefieldRecord};

/// The perplexity of the paper's picture.
const PERPLEXITY: f64 = 30.0;
/// Test accuracies the blues reach to.
const BLUES: [f64; 2] = [0.0, 0.6];

/// The paper's picture: t-SNE of the weights, at the perplexity nearest to 30.
///
/// # Errors
/// [`FigureError::NoRecords`] where nothing was embedded by t-SNE, [`FigureError::Length`] where
/// an embedding does not have one point for each net.
pub fn minefield(record: &MinefieldRecord, theme: Theme) -> Result<Figure, FigureError> {
    let by_tsne = (record.embeddings.iter()).filter_map(|e| Some((e, e.perplexity?)));
    let off = |perplexity: f64| (perplexity - PERPLEXITY).abs();
    let nearest = by_tsne.min_by(|a, b| off(a.1).total_cmp(&off(b.1)));
    let Some((embedding, _)) = nearest else {
        return Err(FigureError::NoRecords {
            figure: "minefield",
            record: "t-SNE embedding",
        });
    };
    let area = Area {
        left: 24.0,
        top: 66.0,
        width: 560.0,
        height: 520.0,
    };
    let title = "A minefield of bad minima around a good run";
    let mut canvas = Canvas::new(area.right() + 196.0, area.bottom() + 24.0, theme, title);
    canvas.heading([area.left, 28.0], title, HEAD, Anchor::Start);
    let subtitle = describe(embedding);
    let at = [area.left, 48.0];
    canvas.text(at, subtitle, TICK, theme.muted(), Anchor::Start);
    panel(&mut canvas, area, record, embedding, 1.0)?;
    draw_key(&mut canvas, [area.right() + 24.0, area.top + 10.0], record);
    canvas.finish()
}

/// All embeddings side by side: PCA, and t-SNE by perplexity.
///
/// # Errors
/// As [`minefield`].
pub fn minefield_embeddings(record: &MinefieldRecord, theme: Theme) -> Result<Figure, FigureError> {
    if record.embeddings.is_empty() {
        return Err(FigureError::NoRecords {
            figure: "minefield_embeddings",
            record: "embedding",
        });
    }
    const COLUMNS: usize = 3;
    let (side, gap, top) = (268.0, 22.0, 50.0);
    // The key takes the place after the last panel.
    let rows = (record.embeddings.len() + 1).div_ceil(COLUMNS);
    let width = 24.0 + COLUMNS as f64 * (side + gap);
    let height = top + rows as f64 * (side + 44.0);
    let title = "The minefield by PCA and t-SNE";
    let mut canvas = Canvas::new(width, height, theme, title);
    canvas.heading([24.0, 28.0], title, HEAD, Anchor::Start);
    let place = |index: usize| Area {
        left: 24.0 + (index % COLUMNS) as f64 * (side + gap),
        top: top + 20.0 + (index / COLUMNS) as f64 * (side + 44.0),
        width: side,
        height: side,
    };
    for (index, embedding) in record.embeddings.iter().enumerate() {
        let area = place(index);
        let at = [area.left, area.top - 8.0];
        canvas.heading(at, short(embedding), TITLE, Anchor::Start);
        panel(&mut canvas, area, record, embedding, 0.72)?;
    }
    let key = place(record.embeddings.len());
    draw_key(&mut canvas, [key.left + 20.0, key.top + 4.0], record);
    canvas.finish()
}

fn short(embedding: &EmbeddingRecord) -> String {
    match (embedding.perplexity, embedding.explained) {
        (Some(perplexity), _) => format!("{}, perplexity {}", embedding.method, plain(perplexity)),
        (None, Some([a, b])) => {
            let share = 100.0 * (a + b);
            format!("{}, {share:.0} % of the variance", embedding.method)
        }
        _ => embedding.method.clone(),
    }
}

fn describe(embedding: &EmbeddingRecord) -> String {
    let divergence = match embedding.kl_divergence {
        Some(kl) => format!(", KL divergence {kl:.2} nats"),
        None => String::new(),
    };
    format!(
        "{}{divergence}; axes have no unit. Every net fits all training points but the early iterates.",
        short(embedding)
    )
}

/// Draws one embedding into its area, marks at `size` of their full size.
fn panel(
    canvas: &mut Canvas,
    area: Area,
    record: &MinefieldRecord,
    embedding: &EmbeddingRecord,
    size: f64,
) -> Result<(), FigureError> {
    let theme = canvas.theme;
    let (iterates, bad) = (record.iterates.len(), record.bad.len());
    check_length(
        &embedding.method,
        "points",
        iterates + bad,
        embedding.points.len(),
    )?;
    let edge = Some(solid(theme.axis(), 1.0));
    canvas.rect([area.left, area.top], [area.width, area.height], None, edge);
    let range = |axis: usize| {
        let [lo, hi] = extent(embedding.points.iter().map(|p| p[axis]), [-1.0, 1.0]);
        let pad = 0.05 * (hi - lo);
        [lo - pad, hi + pad]
    };
    let x = Scale::linear(range(0), area.across());
    let y = Scale::linear(range(1), area.up());
    let at = |index: usize| {
        let [a, b] = embedding.points[index];
        [x.at(a), y.at(b)]
    };
    let way: Vec<[f64; 2]> = (0..iterates).map(at).collect();
    canvas.line(way, solid(theme.axis().fade(0.6), 0.8));
    let halo = Some(solid(theme.paper(), 0.7));
    // The most epochs make the darkest red.
    let last = record.iterates.last().map_or(1, |iterate| iterate.epoch);
    for (index, iterate) in record.iterates.iter().enumerate() {
        let ink = theme.data(red(iterate.epoch as f64 / last.max(1) as f64));
        canvas.disc("iterate", at(index), 4.0 * size, ink, halo);
    }
    for (index, bad) in record.bad.iter().enumerate() {
        let center = at(iterates + index);
        let ink = theme.data(blue(bad.test_accuracy));
        mark_bad(canvas, center, 5.2 * size, ink, bad.redrawn);
    }
    if iterates > 0 {
        star(canvas, at(iterates - 1), 11.0 * size.max(0.8));
    }
    Ok(())
}

/// A disc for fixed poison, a diamond for redrawn.
fn mark_bad(canvas: &mut Canvas, center: [f64; 2], radius: f64, ink: Color, redrawn: bool) {
    let edge = Some(solid(canvas.theme.paper(), 0.9));
    if redrawn {
        let [x, y] = center;
        let r = 1.25 * radius;
        let corners = vec![[x - r, y], [x, y - r], [x + r, y], [x, y + r]];
        canvas.paths("bad", vec![corners], true, Some(ink), edge);
    } else {
        canvas.disc("bad", center, radius, ink, edge);
    }
}

fn star(canvas: &mut Canvas, [x, y]: [f64; 2], radius: f64) {
    let points = (0..10).map(|k| {
        let r = if k % 2 == 0 { radius } else { 0.45 * radius };
        let angle = std::f64::consts::PI * (f64::from(k) / 5.0 - 0.5);
        [x + r * angle.cos(), y + r * angle.sin()]
    });
    let (fill, edge) = (Color::hex(0xFF9E1B), solid(Color::hex(0x000000), 1.3));
    canvas.paths("last", vec![points.collect()], true, Some(fill), Some(edge));
}

/// Reds by the share of the run: light at its begin.
fn red(share: f64) -> Color {
    Color::hex(0xF9C2B3).mix(Color::hex(0x9A1212), share)
}

/// Blues by test accuracy: light where it is low.
fn blue(test_accuracy: f64) -> Color {
    let share = (test_accuracy - BLUES[0]) / (BLUES[1] - BLUES[0]);
    Color::hex(0x8CC9F0).mix(Color::hex(0x08306B), share)
}

fn draw_key(canvas: &mut Canvas, [left, top]: [f64; 2], record: &MinefieldRecord) {
    let theme = canvas.theme;
    let (mut y, center) = (top, left + 6.0);
    let mut entry = |canvas: &mut Canvas, text: &str| {
        let at = [left + 20.0, y + 4.0];
        canvas.text(at, text, TICK, theme.muted(), Anchor::Start);
        y += 22.0;
        y - 22.0
    };
    let at = entry(canvas, "last iterate");
    star(canvas, [center, at], 8.0);
    let at = entry(canvas, "iterate of the good run");
    canvas.disc("", [center, at], 4.5, theme.data(red(0.7)), None);
    for (redrawn, text) in [(false, "bad, fixed poison"), (true, "bad, redrawn poison")] {
        if record.bad.iter().any(|bad| bad.redrawn == redrawn) {
            let at = entry(canvas, text);
            let ink = theme.data(blue(if redrawn { 0.1 } else { 0.5 }));
            mark_bad(canvas, [center, at], 5.0, ink, redrawn);
        }
    }
    let first = record.iterates.first().map_or(0, |it| it.epoch);
    let last = record.iterates.last().map_or(0, |it| it.epoch);
    let ends = [first.to_string(), last.to_string()];
    bar(canvas, [left, y + 24.0], "epoch of an iterate", ends, red);
    let ends = BLUES.map(|share| format!("{:.0} %", 100.0 * share));
    bar(
        canvas,
        [left, y + 86.0],
        "test accuracy of a bad one",
        ends,
        |t| blue(BLUES[0] + t * (BLUES[1] - BLUES[0])),
    );
}

fn bar(
    canvas: &mut Canvas,
    [left, top]: [f64; 2],
    label: &str,
    ends: [String; 2],
    ink: impl Fn(f64) -> Color,
) {
    const STEPS: usize = 50;
    let (width, height) = (140.0, 10.0);
    let theme = canvas.theme;
    canvas.text([left, top], label, LABEL - 1.0, theme.ink(), Anchor::Start);
    let step = width / STEPS as f64;
    for k in 0..STEPS {
        let at = [left + k as f64 * step, top + 7.0];
        let fill = theme.data(ink(k as f64 / (STEPS - 1) as f64));
        canvas.rect(at, [step + 0.4, height], Some(fill), None);
    }
    let y = top + 7.0 + height + 13.0;
    let [lo, hi] = ends;
    canvas.text([left, y], lo, TICK, theme.muted(), Anchor::Start);
    canvas.text([left + width, y], hi, TICK, theme.muted(), Anchor::End);
}
