//! Seeded random streams: one per task, so that the number of threads never changes a result.

mod normal;

pub use normal::fill_normal;

use rand::SeedableRng;
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, task, index| stream(seed, task, index).next_u64();
        assert_eq!(draw(1, "rays", 2), draw(1, "rays", 2));
        assert_ne!(draw(1, "rays", 2), draw(1, "rays", 3));
        assert_ne!(draw(1, "rays", 2), draw(1, "init", 2));
        assert_ne!(draw(1, "rays", 2), draw(2, "rays", 2));
    }
}
