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

/// The grid with `factor` steps in each cell's place, smooth through the nodes (Catmull–Rom);
/// bilinear beside values that are not finite.
pub(super) fn refine(grid: Grid<'_>, factor: usize) -> ([usize; 2], Vec<f64>) {
    let finer = |count: usize| count.saturating_sub(1) * factor + count.min(1);
    let size = [finer(grid.columns), finer(grid.rows)];
    let node = |row: isize, column: isize| {
        let row = row.clamp(0, grid.rows as isize - 1) as usize;
        let column = column.clamp(0, grid.columns as isize - 1) as usize;
        grid.values
            .get(row * grid.columns + column)
            .copied()
            .unwrap_or(f64::NAN)
    };
    let values = (0..size[0] * size[1])
        .map(|index| {
            let (column, row) = (index % size[0], index / size[0]);
            let (u, v) = (column as f64 / factor as f64, row as f64 / factor as f64);
            let (left, below) = (u.floor() as isize, v.floor() as isize);
            let (s, t) = (weights(u.fract()), weights(v.fract()));
            let smooth: f64 = (0..4)
                .flat_map(|j| (0..4).map(move |i| (i, j)))
                .map(|(i, j)| s[i] * t[j] * node(below + j as isize - 1, left + i as isize - 1))
                .sum();
            if smooth.is_finite() {
                smooth
            } else {
                sample(grid, u, v)
            }
        })
        .collect();
    (size, values)
}

/// The weights of four neighbouring nodes at a place between the middle two.
fn weights(t: f64) -> [f64; 4] {
    [
        0.5 * t * ((2.0 - t) * t - 1.0),
        0.5 * (t * t * (3.0 * t - 5.0) + 2.0),
        0.5 * t * ((4.0 - 3.0 * t) * t + 1.0),
        0.5 * (t - 1.0) * t * t,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refining_keeps_the_nodes_and_a_plane_stays_a_plane() {
        let values: Vec<f64> = (0..20)
            .map(|i| (i % 5) as f64 + 10.0 * (i / 5) as f64)
            .collect();
        let grid = Grid {
            columns: 5,
            rows: 4,
            values: &values,
        };
        let ([columns, rows], fine) = refine(grid, 4);
        assert_eq!([columns, rows], [17, 13]);
        assert_eq!(fine[8 * columns + 12], values[2 * 5 + 3]);
        // Inside, where all four neighbours exist: 1.5 + 10·1.25.
        assert!((fine[5 * columns + 6] - 14.0).abs() < 1e-12);
        assert_eq!(sample(grid, 1.5, 1.25), 14.0);
    }
}
