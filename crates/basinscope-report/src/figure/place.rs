//! Places for the labels of marked points, clear of every marker and of each other.

use super::axes::Area;
use super::canvas::Anchor;
use super::rect::Rect;
use std::f64::consts::TAU;

/// From a marker's edge to its own label.
const NEAR: f64 = 5.0;
/// From a marker to labels that need a leader.
const RINGS: [f64; 6] = [20.0, 30.0, 42.0, 56.0, 74.0, 96.0];
/// Directions tried on a ring.
const DIRECTIONS: usize = 16;
/// More than all preferences together, so that a clear place always wins.
const CONFLICT: f64 = 1000.0;
/// How much worse a label on a marker or label is than a leader across it.
const HIDDEN: usize = 8;
/// Rounds in which labels give way to those placed after them.
const ROUNDS: usize = 6;

/// Where a label went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// The label's extent.
    pub rect: Rect,
    /// A line from the marker where the label is not beside it.
    pub leader: Option<[[f64; 2]; 2]>,
    /// The end of the text that stays put where another font is narrower or wider.
    pub anchor: Anchor,
}

impl Place {
    /// The point of the text's baseline that `anchor` names.
    pub fn baseline(&self) -> [f64; 2] {
        let Rect { from, to } = self.rect;
        let x = match self.anchor {
            Anchor::Start => from[0],
            Anchor::Middle => (from[0] + to[0]) / 2.0,
            Anchor::End => to[0],
        };
        [x, from[1] + 0.76 * (to[1] - from[1])]
    }

    fn beside(marker: [f64; 2], radius: f64, size: [f64; 2], [dx, dy]: [f64; 2]) -> Self {
        let from = [
            marker[0] + dx * radius + (dx.signum() * f64::from(dx != 0.0) - 1.0) * size[0] / 2.0,
            marker[1] + dy * radius + (dy.signum() * f64::from(dy != 0.0) - 1.0) * size[1] / 2.0,
        ];
        let anchor = match dx {
            0.0 => Anchor::Middle,
            _ if dx > 0.0 => Anchor::Start,
            _ => Anchor::End,
        };
        Self {
            rect: Rect {
                from,
                to: [from[0] + size[0], from[1] + size[1]],
            },
            leader: None,
            anchor,
        }
    }

    /// How badly two places hide each other.
    fn conflicts(&self, other: &Self) -> usize {
        let crossed = |place: &Self, leader: Option<[[f64; 2]; 2]>| {
            leader.is_some_and(|leader| place.rect.crossed(leader))
        };
        HIDDEN * usize::from(self.rect.meets(&other.rect))
            + usize::from(crossed(self, other.leader))
            + usize::from(crossed(other, self.leader))
    }
}

/// A place for a label of each of `sizes` beside its marker, inside `area` and clear of markers,
/// `obstacles`, other labels and their leaders wherever there is room for that. The closest places
/// are tried first, right of the marker before left, above and below.
pub(super) fn labels(
    markers: &[[f64; 2]],
    radius: f64,
    sizes: &[[f64; 2]],
    obstacles: &[Rect],
    area: Area,
) -> Vec<Place> {
    let blocks: Vec<Rect> = markers
        .iter()
        .map(|&marker| Rect::around(marker, radius))
        .chain(obstacles.iter().copied())
        .collect();
    // Each label's places with what they cost on their own.
    let choices: Vec<Vec<(f64, Place)>> = markers
        .iter()
        .zip(sizes)
        .map(|(&marker, &size)| {
            let own = Rect::around(marker, radius + 0.5);
            candidates(marker, radius, size, area)
                .into_iter()
                .enumerate()
                .map(|(rank, place)| {
                    let hidden = blocks
                        .iter()
                        .filter(|block| place.rect.meets(block))
                        .count();
                    // What lies under the own marker, as its twin may, is no matter to the leader.
                    let struck = place.leader.map_or(0, |leader| {
                        let others = blocks.iter().filter(|block| !block.meets(&own));
                        others.filter(|block| block.crossed(leader)).count()
                    });
                    (
                        rank as f64 + CONFLICT * (HIDDEN * hidden + struck) as f64,
                        place,
                    )
                })
                .collect()
        })
        .collect();
    let mut placed: Vec<Option<Place>> = vec![None; choices.len()];
    for _ in 0..ROUNDS {
        let before = placed.clone();
        for (index, choices) in choices.iter().enumerate() {
            let cost = |(own, place): &(f64, Place)| {
                let others = placed
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index);
                let met: usize = others
                    .filter_map(|(_, other)| other.as_ref())
                    .map(|other| place.conflicts(other))
                    .sum();
                own + CONFLICT * met as f64
            };
            let best = choices.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
            let best = best.map(|choice| choice.1);
            placed[index] = best;
        }
        if placed == before {
            break;
        }
    }
    placed.into_iter().flatten().collect()
}

/// Places for one label, the most wanted first; never none.
fn candidates(marker: [f64; 2], radius: f64, size: [f64; 2], area: Area) -> Vec<Place> {
    let near = radius + NEAR;
    // A diagonal label starts where its corner clears the marker.
    let sides = [
        [1.0, 0.0],
        [-1.0, 0.0],
        [0.0, -0.8],
        [0.0, 0.8],
        [0.7, -0.6],
        [0.7, 0.6],
        [-0.7, -0.6],
        [-0.7, 0.6],
    ];
    let beside = sides.map(|side| Place::beside(marker, near, size, side));
    let inside = |place: &Place| place.rect.moved_into(area) == place.rect;
    let mut places: Vec<Place> = beside.into_iter().filter(inside).collect();
    for ring in RINGS {
        // Alternately down and up from the right, the far side last.
        for step in 0..DIRECTIONS {
            let turn = step.div_ceil(2) as f64 / DIRECTIONS as f64;
            let angle = TAU * if step % 2 == 0 { -turn } else { turn };
            let way = [angle.cos(), angle.sin()].map(|part| (1e6 * part).round() / 1e6);
            let mut place = Place::beside(marker, ring, size, way);
            place.rect = place.rect.moved_into(area);
            let to = place.rect.nearest(marker);
            let gap = [to[0] - marker[0], to[1] - marker[1]];
            let length = gap[0].hypot(gap[1]);
            if length > near + 1.0 {
                let end = |share: f64| [0, 1].map(|axis| marker[axis] + gap[axis] * share);
                place.leader = Some([end(radius / length), end(1.0 - 2.0 / length)]);
            }
            places.push(place);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area {
        left: 0.0,
        top: 0.0,
        width: 370.0,
        height: 300.0,
    };
    const SIZE: [f64; 2] = [60.0, 12.0];

    /// Labels hide nothing and stay in the panel.
    fn check(markers: &[[f64; 2]], obstacles: &[Rect]) -> Vec<Place> {
        let sizes = vec![SIZE; markers.len()];
        let places = labels(markers, 5.0, &sizes, obstacles, AREA);
        assert_eq!(places.len(), markers.len());
        let markers = markers.iter().map(|&marker| Rect::around(marker, 5.0));
        let blocks: Vec<Rect> = markers.chain(obstacles.iter().copied()).collect();
        for (index, place) in places.iter().enumerate() {
            assert_eq!(place.rect.moved_into(AREA), place.rect, "{place:?}");
            for block in &blocks {
                assert!(!place.rect.meets(block), "{place:?} on {block:?}");
            }
            for other in &places[index + 1..] {
                assert!(!place.rect.meets(&other.rect), "{place:?} on {other:?}");
            }
        }
        places
    }

    #[test]
    fn a_lone_label_stands_right_of_its_marker_or_left_where_the_panel_ends() {
        let right = check(&[[100.0, 100.0]], &[])[0];
        assert_eq!((right.rect.from, right.leader), ([110.0, 94.0], None));
        assert_eq!(right.anchor, Anchor::Start);
        let left = check(&[[360.0, 100.0]], &[])[0];
        assert_eq!((left.rect.to, left.anchor), ([350.0, 106.0], Anchor::End));
    }

    #[test]
    fn crowded_labels_hide_no_marker_and_no_label() {
        // A falling row closer than its labels are wide, two twins, and bars through all of them.
        let row = [[28.0, 145.0], [48.0, 149.0], [95.0, 162.0], [163.0, 174.0]];
        let twins = [[276.0, 247.0], [276.0, 247.5], [350.0, 278.0]];
        let markers: Vec<[f64; 2]> = row.into_iter().chain(twins).collect();
        let bars: Vec<Rect> = markers
            .iter()
            .map(|&[x, y]| Rect {
                from: [x - 4.0, y - 9.0],
                to: [x + 4.0, y + 9.0],
            })
            .collect();
        let places = check(&markers, &bars);
        for (index, place) in places.iter().enumerate() {
            for other in &places[index + 1..] {
                assert_eq!(place.conflicts(other), 0, "{place:?} and {other:?}");
            }
            let own = Rect::around(markers[index], 6.0);
            let others = markers.iter().map(|&marker| Rect::around(marker, 5.0));
            for other in others.filter(|other| !other.meets(&own)) {
                let crossed = place.leader.is_some_and(|leader| other.crossed(leader));
                assert!(!crossed, "{place:?} across {other:?}");
            }
        }
        // A cluster in a corner, too tight for leaders that cross no marker.
        let cluster: Vec<[f64; 2]> = (0..12)
            .map(|index| {
                let index = f64::from(index);
                [
                    340.0 - 11.0 * (index % 4.0),
                    30.0 + 13.0 * (index / 4.0).floor(),
                ]
            })
            .collect();
        check(&cluster, &[]);
    }
}
