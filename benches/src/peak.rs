//! The processor's own limit: multiply-adds in registers alone.

use pulp::{Simd, WithSimd};
use std::hint::black_box;
use std::time::Instant;

/// Independent chains: more than latency times throughput of any processor so far.
const CHAINS: usize = 12;
/// Multiply-adds of each chain between two looks at the clock.
const ROUNDS: usize = 200_000;

struct MulAdds;

impl WithSimd for MulAdds {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let (a, b) = (
            simd.splat_f32s(black_box(0.999)),
            simd.splat_f32s(black_box(1e-3)),
        );
        let mut sums = [simd.splat_f32s(black_box(1.0)); CHAINS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, a, b);
            }
        }
        black_box(sums.map(|sum| simd.reduce_sum_f32s(sum)));
        2 * CHAINS * ROUNDS * S::F32_LANES
    }
}

/// Most f32 multiply-adds that all threads of the pool can do, in GFLOP/s (two flops each).
///
/// The best of several rounds, as other work on the machine can only slow it down.
pub fn peak_gflops() -> f64 {
    let arch = pulp::Arch::new();
    (0..10)
        .map(|_| {
            let start = Instant::now();
            let flops: usize = rayon::broadcast(|_| arch.dispatch(MulAdds)).iter().sum();
            flops as f64 / start.elapsed().as_secs_f64() / 1e9
        })
        .fold(0.0, f64::max)
}
