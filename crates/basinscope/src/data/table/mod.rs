//! Tables of points: CSV and its relatives.

mod cell;
mod columns;
mod delimiter;
mod header;
mod parse;
mod text;

pub(super) use columns::Wanted;
pub(super) use parse::Table;
