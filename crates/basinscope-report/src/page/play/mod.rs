//! What makes the page something to play with: the run's records and nets, and the scripts that
//! evaluate and draw them.

mod data;
mod family;
mod script;

pub(super) use data::Play;
pub(super) use script::{place, scripts};
