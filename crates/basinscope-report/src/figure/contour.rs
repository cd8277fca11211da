//! Lines of equal value through a grid (marching squares, joined into polylines).

use std::collections::BTreeMap;

/// A grid of values, row-major from low y to high.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid<'a> {
    pub columns: usize,
    pub rows: usize,
    pub values: &'a [f64],
}

/// An edge of the grid: its lower node, and whether it runs along y.
type Edge = (usize, bool);

/// The lines where the grid crosses `level`, as `[column, row]` in grid units.
///
/// Infinities and NaN count as far above the level. Saddles are cut by the mean of their corners.
pub(super) fn contour(grid: Grid<'_>, level: f64) -> Vec<Vec<[f64; 2]>> {
    let segments = segments(grid, level);
    let mut at_edge: BTreeMap<Edge, Vec<usize>> = BTreeMap::new();
    for (index, (a, b)) in segments.iter().enumerate() {
        at_edge.entry(*a).or_default().push(index);
        at_edge.entry(*b).or_default().push(index);
    }
    let mut used = vec![false; segments.len()];
    let mut lines = Vec::new();
    // Open lines first, from their ends; then the loops.
    let ends = at_edge
        .values()
        .filter(|list| list.len() == 1)
        .map(|list| list[0]);
    let starts: Vec<usize> = ends.chain(0..segments.len()).collect();
    for start in starts {
        if used[start] {
            continue;
        }
        let (a, b) = segments[start];
        let open = |edge: &Edge| at_edge.get(edge).is_some_and(|list| list.len() == 1);
        let (first, mut tip) = if open(&b) && !open(&a) {
            (b, a)
        } else {
            (a, b)
        };
        used[start] = true;
        let mut edges = vec![first, tip];
        while let Some(next) = at_edge
            .get(&tip)
            .and_then(|list| list.iter().copied().find(|&index| !used[index]))
        {
            used[next] = true;
            let (a, b) = segments[next];
            tip = if a == tip { b } else { a };
            edges.push(tip);
        }
        lines.push(
            edges
                .into_iter()
                .map(|edge| crossing(grid, level, edge))
                .collect(),
        );
    }
    lines
}

fn value(grid: Grid<'_>, node: usize) -> f64 {
    let value = grid.values.get(node).copied().unwrap_or(f64::INFINITY);
    if value.is_nan() { f64::INFINITY } else { value }
}

fn segments(grid: Grid<'_>, level: f64) -> Vec<(Edge, Edge)> {
    let mut segments = Vec::new();
    for row in 0..grid.rows.saturating_sub(1) {
        for column in 0..grid.columns.saturating_sub(1) {
            let node = row * grid.columns + column;
            let above = node + grid.columns;
            let corners = [node, node + 1, above + 1, above].map(|node| value(grid, node));
            let high = corners.map(|value| value > level);
            let (bottom, right) = ((node, false), (node + 1, true));
            let (top, left) = ((above, false), (node, true));
            let edges = [bottom, right, top, left];
            let cut: Vec<Edge> = (0..4)
                .filter(|&side| high[side] != high[(side + 1) % 4])
                .map(|side| edges[side])
                .collect();
            match cut[..] {
                [a, b] => segments.push((a, b)),
                [a, b, c, d] => {
                    let middle = corners.iter().sum::<f64>() / 4.0 > level;
                    if middle == high[0] {
                        segments.extend([(a, b), (c, d)]);
                    } else {
                        segments.extend([(a, d), (b, c)]);
                    }
                }
                _ => {}
            }
        }
    }
    segments
}

fn crossing(grid: Grid<'_>, level: f64, (node, along_y): Edge) -> [f64; 2] {
    let (column, row) = (node % grid.columns, node / grid.columns);
    let other = if along_y {
        node + grid.columns
    } else {
        node + 1
    };
    let (low, high) = (value(grid, node), value(grid, other));
    let share = (level - low) / (high - low);
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.5
    };
    if along_y {
        [column as f64, row as f64 + share]
    } else {
        [column as f64 + share, row as f64]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_one_closed_line_of_its_radius() {
        let n = 41;
        let values: Vec<f64> = (0..n * n)
            .map(|node| {
                let (x, y) = ((node % n) as f64 - 20.0, (node / n) as f64 - 20.0);
                x.hypot(y)
            })
            .collect();
        let grid = Grid {
            columns: n,
            rows: n,
            values: &values,
        };
        let lines = contour(grid, 12.3);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        for [x, y] in &lines[0] {
            let radius = (x - 20.0).hypot(y - 20.0);
            assert!((radius - 12.3).abs() < 0.02, "{radius}");
        }
    }

    #[test]
    fn a_plane_is_one_open_line_and_a_constant_none() {
        let values = [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0];
        let grid = Grid {
            columns: 3,
            rows: 3,
            values: &values,
        };
        assert_eq!(contour(grid, 0.5), [[[0.5, 0.0], [0.5, 1.0], [0.5, 2.0]]]);
        let flat = Grid {
            columns: 3,
            rows: 3,
            values: &[f64::NAN; 9],
        };
        assert!(contour(flat, 0.5).is_empty());
    }
}
