//! Markers of points, by what kind of estimate they stand for.

use super::canvas::{Canvas, solid};
use super::color::Color;

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// A disc.
    Dot,
    /// A square on its corner.
    Diamond,
    /// A triangle that points up: the truth is no lower.
    Triangle,
}

impl Marker {
    /// Draws the marker at every place, filled, or hollow as an outline on the paper.
    pub fn draw(
        self,
        canvas: &mut Canvas,
        class: &'static str,
        places: Vec<[f64; 2]>,
        ink: Color,
        hollow: bool,
    ) {
        if places.is_empty() {
            return;
        }
        let paper = canvas.theme.paper();
        let (fill, edge) = match self {
            _ if hollow => (paper, solid(ink, 1.4)),
            // Stands out from the curve it checks.
            Self::Diamond => (ink, solid(canvas.theme.ink(), 1.0)),
            _ => (ink, solid(paper, 0.8)),
        };
        let around = |corners: &[[f64; 2]]| -> Vec<Vec<[f64; 2]>> {
            let shape =
                |[x, y]: [f64; 2]| corners.iter().map(|[dx, dy]| [x + dx, y + dy]).collect();
            places.iter().copied().map(shape).collect()
        };
        let shapes = match self {
            Self::Dot => return canvas.discs(class, places, 3.2, fill, Some(edge)),
            Self::Diamond => around(&[[0.0, -5.4], [5.4, 0.0], [0.0, 5.4], [-5.4, 0.0]]),
            Self::Triangle => around(&[[0.0, -5.0], [4.6, 3.2], [-4.6, 3.2]]),
        };
        canvas.paths(class, shapes, true, Some(fill), Some(edge));
    }
}
