//! What fails far below a command, where no error can be returned: memory, and devices. Both end
//! it with a sentence and exit code 2, like any other bad input; results are only ever renamed into
//! place, so nothing is left half-written.

use anyhow::Result;
use basinscope::Error;
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};

/// The system's allocator, with a sentence where memory is refused.
pub struct Allocator;

// SAFETY: every call is handed on to the system's allocator as it came; what that returns is
// returned, unless it is null, and then the process ends.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `realloc`.
        given(unsafe { System.realloc(pointer, layout, size) }, size)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[inline]
fn given(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        refused(size);
    }
    pointer
}

/// Nothing here allocates.
#[cold]
fn refused(size: usize) -> ! {
    let _ = writeln!(
        std::io::stderr(),
        "error: out of memory: {:.1} MB more were refused (take fewer points, pictures or rays, a \
         smaller batch or net, or --subset)",
        size as f64 / 1e6
    );
    std::process::exit(2)
}

/// Runs a command. An [`Error`] that was thrown as a panic, as devices do that fail under way, is
/// its error.
pub fn caught(run: impl FnOnce() -> Result<()>) -> Result<()> {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic.payload().is::<Error>() {
            report(panic);
        }
    }));
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(outcome) => outcome,
        Err(payload) => match payload.downcast::<Error>() {
            Ok(error) => Err((*error).into()),
            Err(payload) => panic::resume_unwind(payload),
        },
    }
}

/// An error with its causes, each said once: many errors end with the text of their cause.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn a_cause_is_said_once() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        let cause = missing.to_string();
        let error = anyhow::Error::from(Error::io("points.csv", "read")(missing)).context("clean");
        assert_eq!(
            told(&error),
            format!("clean: points.csv: cannot read: {cause}")
        );
        // Printed whole, as before, it would say it twice.
        assert_eq!(format!("{error:#}").matches(&cause).count(), 2);
    }

    #[test]
    fn an_error_thrown_on_any_thread_is_the_commands() {
        assert!(caught(|| Ok(())).is_ok());
        let thrown = caught(|| {
            (0..100).into_par_iter().for_each(|k| {
                if k == 57 {
                    panic::panic_any(Error::setting("device", "one that computes", "none"));
                }
            });
            Ok(())
        });
        let told = thrown.unwrap_err().to_string();
        assert!(
            told.contains("device") && told.contains("one that computes"),
            "{told}"
        );
    }

    #[test]
    #[should_panic(expected = "a fault of our own")]
    fn other_panics_go_on() {
        let _ = caught(|| panic!("a fault of our own"));
    }
}
