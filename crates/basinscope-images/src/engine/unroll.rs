//! Loops written out, so that what they index stays in registers.

/// Runs a block for each `i` below a constant of at most eight, with `i` a literal in each copy.
///
/// A loop would do the same only if the compiler unrolled it before it looked for values that fit
/// in registers, which for the larger tiles it does not.
macro_rules! unroll {
    ($i:ident < $count:expr, $body:block) => {{
        unroll!(@ $i, $count, $body, 0 1 2 3 4 5 6 7);
    }};
    (@ $i:ident, $count:expr, $body:block, $($value:literal)*) => {
        $(if $value < $count {
            let $i: usize = $value;
            $body
        })*
    };
}
pub(super) use unroll;
