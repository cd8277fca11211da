//! Loss and decisions along lines, planes and walks.
