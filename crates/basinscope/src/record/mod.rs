//! Results as plain serialised types: the only thing figures and the page read.

mod axis;
mod boundary;
mod compare;
mod crossing;
mod dimension;
mod eigenvectors;
mod flips;
mod fresh;
mod local_volume;
mod margins;
mod minefield;
mod minimum;
mod mistakes;
mod optimizers;
mod path;
mod run_dir;
mod search;
mod seeds;
mod sheet;
mod spectrum;
mod surface;
mod theta_file;
mod verify;
mod volume;

pub use crate::rank::RankCorrelation;
pub use axis::Axis;
pub use boundary::BoundaryRecord;
pub use compare::{
    CompareRecord, ComparedMinimum, LeftOut, MeasureColumn, MeasureCorrelation, MeasuredValue,
    RescaledMeasure,
};
pub use crossing::{CrossingRecord, Edge};
pub use dimension::{BasinPair, BasinSize, DimensionNet, DimensionRecord};
pub use eigenvectors::EigenvectorsRecord;
pub use flips::FlipRecord;
pub use fresh::FreshAccuracy;
pub use local_volume::{LocalVolumePoint, LocalVolumeRecord};
pub use margins::MarginRecord;
pub use minefield::{
    BadMinimumRecord, BasinSummary, Distance, EmbeddingRecord, IterateRecord, MinefieldRecord,
};
pub use minimum::{HistoryPoint, MinimumRecord};
pub use mistakes::MistakesRecord;
pub use optimizers::OptimizerRecord;
pub use path::{LineRecord, PathFrame, PathRecord};
pub use run_dir::{Array, RunDir};
pub use search::{SearchDraw, SearchRecord, SearchSize};
pub use seeds::{SeedsRecord, SeedsRow, Spread, must_pass};
pub use sheet::{Picture, SheetRecord, SheetRow, SheetValue};
pub use spectrum::{
    LARGE_RESIDUAL, LOOSE_RESIDUAL, ROUNDED_RESIDUAL, SpectrumPart, SpectrumRecord, Trust,
};
pub use surface::{PlaneWorth, SurfaceRecord};
pub use theta_file::{ThetaFile, read_perceptron};
pub use verify::{VerifyRecord, VerifyRow};
pub use volume::VolumeRecord;
