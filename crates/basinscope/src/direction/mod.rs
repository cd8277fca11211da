//! Directions in parameter space and how they are normalised.
