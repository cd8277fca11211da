//! Light and dark: the inks and the paper.

use super::color::Color;

/// Which page a figure is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white.
    Light,
    /// Light ink on near-black.
    Dark,
}

impl Theme {
    /// The background.
    pub(super) fn paper(self) -> Color {
        match self {
            Self::Light => Color::hex(0xFFFFFF),
            Self::Dark => Color::hex(0x16181D),
        }
    }

    /// Titles, dots and boundaries.
    pub(super) fn ink(self) -> Color {
        match self {
            Self::Light => Color::hex(0x1B1E24),
            Self::Dark => Color::hex(0xECEEF2),
        }
    }

    /// Axis labels and ticks.
    pub(super) fn muted(self) -> Color {
        match self {
            Self::Light => Color::hex(0x5A6170),
            Self::Dark => Color::hex(0xA7AEBB),
        }
    }

    /// Axis lines.
    pub(super) fn axis(self) -> Color {
        match self {
            Self::Light => Color::hex(0x9AA1AD),
            Self::Dark => Color::hex(0x5C6370),
        }
    }

    /// Grid lines.
    pub(super) fn grid(self) -> Color {
        match self {
            Self::Light => Color::hex(0xE9EBEF),
            Self::Dark => Color::hex(0x2A2E36),
        }
    }

    /// A data colour, lifted where the paper is dark.
    pub(super) fn data(self, color: Color) -> Color {
        match self {
            Self::Light => color,
            Self::Dark => color.mix(Color::hex(0xFFFFFF), 0.28),
        }
    }

    /// How much of a class's colour its region takes where the net is certain.
    pub(super) fn field_strength(self) -> f64 {
        match self {
            Self::Light => 0.42,
            Self::Dark => 0.46,
        }
    }
}
