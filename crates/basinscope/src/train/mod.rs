//! Descent on a surface: optimizers, schedules, objectives and when to stop.
