//! Colours, chosen to be told apart by colour-blind readers.

/// A colour with opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Color {
    /// Red, green, blue.
    pub rgb: [u8; 3],
    /// Opacity from 0 to 1.
    pub alpha: f32,
}

impl Color {
    /// An opaque colour from `0xRRGGBB`.
    pub const fn hex(value: u32) -> Self {
        Self {
            rgb: [(value >> 16) as u8, (value >> 8) as u8, value as u8],
            alpha: 1.0,
        }
    }

    /// The same colour with another opacity.
    pub const fn fade(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }

    /// The opaque colour `share` of the way to `other`.
    pub fn mix(self, other: Self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        let blend = |i: usize| {
            (f64::from(self.rgb[i]) * (1.0 - share) + f64::from(other.rgb[i]) * share).round() as u8
        };
        Self {
            rgb: [blend(0), blend(1), blend(2)],
            alpha: 1.0,
        }
    }
}

/// Blue, the first class and the best generalization (Okabe and Ito's palette).
pub(super) const BLUE: Color = Color::hex(0x0072B2);
/// Vermilion, the worst generalization.
pub(super) const VERMILION: Color = Color::hex(0xD55E00);

/// Bluish green, neither of the two.
pub(super) const GREEN: Color = Color::hex(0x009E73);

const MIDDLE: Color = Color::hex(0xA8709C);

/// The classes: blue and orange for two, then the rest of Okabe and Ito's palette.
const CLASSES: [u32; 8] = [
    0x0072B2, 0xE07B00, 0x009E73, 0xCC79A7, 0x56B4E9, 0xD55E00, 0xC9B900, 0x7A7A7A,
];

/// The colour of a class.
pub(super) fn class(label: usize) -> Color {
    Color::hex(CLASSES[label % CLASSES.len()])
}

/// The colour of a minimum: blue at 100 % test accuracy, through mauve, to vermilion at 0.
pub(super) fn minimum(test_accuracy: f64) -> Color {
    let t = if test_accuracy.is_finite() {
        test_accuracy.clamp(0.0, 1.0)
    } else {
        0.0
    };
    if t < 0.5 {
        VERMILION.mix(MIDDLE, t / 0.5)
    } else {
        MIDDLE.mix(BLUE, (t - 0.5) / 0.5)
    }
}

/// The perceptually uniform map of losses, dark where low.
pub(super) fn sequential(share: f64) -> Color {
    let color = colorous::VIRIDIS.eval_continuous(share.clamp(0.0, 1.0));
    Color {
        rgb: [color.r, color.g, color.b],
        alpha: 1.0,
    }
}
