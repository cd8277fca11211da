//! Seeded random streams: one per task, so that the number of threads never changes a result.

mod normal;

pub use normal::fill_normal;

use rand::{Rng, SeedableRng};
pub use rand_chacha::ChaCha8Rng as Stream;

/// The random stream of one task: the same `(seed, task, index)` gives the same numbers on any
/// machine and thread.
///
/// `task` names what the numbers are for (`"init"`, `"rays"`), `index` counts within it (the ray).
pub fn stream(seed: u64, task: &str, index: u64) -> Stream {
    // FNV-1a over the task's name; ChaCha does the mixing.
    let task = task.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&task.to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    Stream::from_seed(key)
}

/// `count` seeds drawn from `base`, for runs that are to be independent.
///
/// Neighbours would not do: a run that trains from the seeds s, s + 1, … shares all but one of them
/// with its neighbour, and what both find is one thing found twice. These are below 2³².
pub fn seeds(base: u64, count: usize) -> Vec<u64> {
    (0..count as u64)
        .map(|index| u64::from(stream(base, "seeds", index).next_u32()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_follow_from_the_base_and_lie_far_apart() {
        let found = seeds(0, 20);
        assert_eq!(found[..5], seeds(0, 5));
        assert_ne!(found[..5], seeds(1, 5));
        let mut sorted = found;
        sorted.sort_unstable();
        let gaps = sorted.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.min() > Some(100_000), "{sorted:?}");
    }

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, task, index| stream(seed, task, index).next_u64();
        assert_eq!(draw(1, "rays", 2), draw(1, "rays", 2));
        assert_ne!(draw(1, "rays", 2), draw(1, "rays", 3));
        assert_ne!(draw(1, "rays", 2), draw(1, "init", 2));
        assert_ne!(draw(1, "rays", 2), draw(2, "rays", 2));
    }
}
