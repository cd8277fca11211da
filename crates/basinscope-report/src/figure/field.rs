//! A grid of values as a smooth picture of few colours.

use super::bitmap::Bitmap;
use super::color::Color;
use super::contour::Grid;

/// The value of a grid between its nodes, bilinear.
pub(super) fn sample(grid: Grid<'_>, column: f64, row: f64) -> f64 {
    let cell = |place: f64, count: usize| {
        let last = count.saturating_sub(1);
        let low = (place.max(0.0).floor() as usize).min(last);
        (
            low,
            (low + 1).min(last),
            (place - low as f64).clamp(0.0, 1.0),
        )
    };
    let (left, right, u) = cell(column, grid.columns);
    let (below, above, v) = cell(row, grid.rows);
    let value = |row: usize, column: usize| {
        grid.values
            .get(row * grid.columns + column)
            .copied()
            .unwrap_or(f64::NAN)
    };
    let blend = |a: f64, b: f64, share: f64| {
        if a == b {
            a
        } else {
            a * (1.0 - share) + b * share
        }
    };
    let low = blend(value(below, left), value(below, right), u);
    let high = blend(value(above, left), value(above, right), u);
    blend(low, high, v)
}

/// The picture of a grid: each pixel the palette entry that `index` gives its `[column, row]`.
pub(super) fn picture(
    grid: [usize; 2],
    pixels: [usize; 2],
    palette: &[Color],
    index: impl Fn(f64, f64) -> u8,
) -> Bitmap {
    let [width, height] = pixels;
    let place = |pixel: usize, pixels: usize, nodes: usize| {
        (pixel as f64 + 0.5) / pixels as f64 * nodes.saturating_sub(1) as f64
    };
    let indices = (0..width * height)
        .map(|pixel| {
            let column = place(pixel % width, width, grid[0]);
            let row = place(height - 1 - pixel / width, height, grid[1]);
            index(column, row)
        })
        .collect();
    Bitmap {
        width,
        height,
        indices,
        palette: palette.iter().map(|color| color.rgb).collect(),
    }
}
