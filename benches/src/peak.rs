//! The machine's own limits: multiply–adds in registers, and reading from memory.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// Independent chains: more than latency times throughput of any processor so far.
const CHAINS: usize = 12;
/// Multiply–adds of each chain between two looks at the clock.
const LENGTH: usize = 200_000;
/// Seconds of rounds, the best of which counts: other work on the machine can only slow one down,
/// and new threads share a core for a while.
const SECONDS: f64 = 0.5;
/// Values read for the bandwidth, 256 MiB: far more than any cache holds.
const VALUES: usize = 64 << 20;

struct MulAdds;

impl WithSimd for MulAdds {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let factor = simd.splat_f32s(black_box(0.999));
        let added = simd.splat_f32s(black_box(1e-3));
        let mut sums = [simd.splat_f32s(black_box(1.0)); CHAINS];
        for _ in 0..LENGTH {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, factor, added);
            }
        }
        black_box(sums.map(|sum| simd.reduce_sum_f32s(sum)));
        2 * CHAINS * LENGTH * S::F32_LANES
    }
}

/// Most f32 multiply–adds that the threads of the pool can do together, in GFLOP/s (two flop
/// each).
pub fn peak_gflops() -> f64 {
    let arch = Arch::new();
    best(|| rayon::broadcast(|_| arch.dispatch(MulAdds)).iter().sum()) / 1e9
}

/// Most bytes that the threads of the pool can read from memory, in GB/s.
pub fn bandwidth() -> f64 {
    let values = vec![1.0_f32; VALUES];
    let share = VALUES / rayon::current_num_threads();
    let bytes = best(|| {
        let read = |part: &[f32]| {
            let mut sums = [0.0_f32; 64];
            for chunk in part.chunks_exact(64) {
                for (sum, value) in sums.iter_mut().zip(chunk) {
                    *sum += value;
                }
            }
            black_box(sums);
            size_of_val(part)
        };
        values.par_chunks(share).map(read).sum()
    });
    bytes / 1e9
}

/// Work units a second in the best round.
fn best(work: impl Fn() -> usize) -> f64 {
    let (begin, mut best) = (Instant::now(), 0.0_f64);
    while begin.elapsed().as_secs_f64() < SECONDS {
        let start = Instant::now();
        best = best.max(work() as f64 / start.elapsed().as_secs_f64());
    }
    best
}
