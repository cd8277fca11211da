//! What the library's computations report to: a bar that moves, and Ctrl-C that is heard.

use crate::console::Console;
use basinscope::watch::Watch;
use indicatif::ProgressBar;
use std::ops::ControlFlow;

/// Ctrl-C alone.
impl Watch for Console {
    fn tick(&self, _done: u64, _of: Option<u64>) -> ControlFlow<()> {
        match self.is_interrupted() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

/// Moves a bar by one for each unit.
pub struct OnBar<'a> {
    pub console: &'a Console,
    pub bar: &'a ProgressBar,
}

impl Watch for OnBar<'_> {
    fn tick(&self, done: u64, of: Option<u64>) -> ControlFlow<()> {
        self.bar.inc(1);
        self.console.tick(done, of)
    }
}

/// Units between two messages.
const EVERY: u64 = 64;

/// Says beside a bar how many units of what were done for whom.
pub struct InMessage<'a> {
    pub console: &'a Console,
    pub bar: &'a ProgressBar,
    pub name: &'a str,
    pub units: &'a str,
}

impl Watch for InMessage<'_> {
    fn tick(&self, done: u64, of: Option<u64>) -> ControlFlow<()> {
        if done.is_multiple_of(EVERY) {
            let (name, units) = (self.name, self.units);
            self.bar.set_message(format!("{name}, {done} {units}"));
        }
        self.console.tick(done, of)
    }
}
