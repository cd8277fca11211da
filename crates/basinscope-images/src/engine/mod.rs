//! Runs graphs on the processor.
