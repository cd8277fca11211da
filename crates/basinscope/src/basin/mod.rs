//! The volume of the basin {loss ≤ cutoff} around a minimum.
