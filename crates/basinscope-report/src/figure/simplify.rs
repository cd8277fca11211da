//! Lines with fewer points that look the same (Ramer, Douglas and Peucker).

/// The points of `line` that keep every other within `tolerance` of it.
pub(super) fn simplify(line: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    if line.len() < 3 {
        return line.to_vec();
    }
    let mut keep = vec![false; line.len()];
    keep[0] = true;
    keep[line.len() - 1] = true;
    let mut spans = vec![(0, line.len() - 1)];
    while let Some((first, last)) = spans.pop() {
        let farthest = (first + 1..last)
            .map(|index| (distance(line[index], line[first], line[last]), index))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((far, index)) = farthest
            && far > tolerance
        {
            keep[index] = true;
            spans.extend([(first, index), (index, last)]);
        }
    }
    let kept = line.iter().zip(keep).filter(|(_, keep)| *keep);
    kept.map(|(point, _)| *point).collect()
}

/// The distance of a point from a segment.
fn distance([x, y]: [f64; 2], [ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let share = if length > 0.0 {
        (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (x - ax - share * dx).hypot(y - ay - share * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_runs_lose_their_inner_points_and_corners_stay() {
        let line = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.01], [3.0, 0.0], [3.0, 4.0]];
        assert_eq!(simplify(&line, 0.1), [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]);
    }

    #[test]
    fn a_closed_line_keeps_its_far_side() {
        let line = [[0.0, 0.0], [5.0, 5.0], [10.0, 0.0], [5.0, -5.0], [0.0, 0.0]];
        assert_eq!(simplify(&line, 0.1), line);
    }
}
