//! Tables of points: CSV and its relatives.

mod cell;
mod columns;
mod delimiter;
mod doubts;
mod header;
mod parse;
mod quotes;
mod text;

pub(super) use columns::Wanted;
pub(super) use parse::Table;
