//! Which instructions the kernels are compiled for, chosen at run time.

use crate::{Error, Result};
use pulp::{Scalar128b, WithSimd};
use std::sync::atomic::{AtomicU8, Ordering};

/// The instructions of the kernels that evaluate a net.
///
/// All paths are one source; they differ in the width of a register and so in the order of sums:
/// results agree to rounding, and are the same to the bit for one path on any machine and any
/// number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kernel {
    /// Plain code of four lanes that the compiler turns into whatever every processor of the
    /// target has (SSE2, NEON); products and sums are rounded separately.
    Portable = 1,
    /// AVX2 with fused multiply–adds: 8 lanes, 16 registers.
    Avx2 = 2,
    /// AVX-512 (F, BW, CD, DQ, VL): 16 lanes, 32 registers.
    Avx512 = 3,
}

/// 0 until the first evaluation, then a [`Kernel`].
static ACTIVE: AtomicU8 = AtomicU8::new(0);

impl Kernel {
    /// Every path there is, fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// The name used on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// A path by its name.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is none.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kernel| kernel.name() == name);
        found.ok_or_else(|| Self::refuse(name))
    }

    /// Whether this processor can run it.
    pub fn is_supported(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        match self {
            Self::Avx512 => return pulp::x86::V4::try_new().is_some(),
            Self::Avx2 => return pulp::x86::V3::try_new().is_some(),
            Self::Portable => {}
        }
        self == Self::Portable
    }

    /// The paths this processor can run, fastest first.
    pub fn supported() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|kernel| kernel.is_supported())
            .collect()
    }

    /// The path all evaluations of this process take: the fastest, unless one was forced.
    pub fn active() -> Self {
        match ACTIVE.load(Ordering::Relaxed) {
            0 => {
                let best = Self::supported()[0];
                ACTIVE.store(best as u8, Ordering::Relaxed);
                best
            }
            1 => Self::Portable,
            2 => Self::Avx2,
            _ => Self::Avx512,
        }
    }

    /// Makes all evaluations of this process take one path.
    ///
    /// # Errors
    /// [`Error::Setting`] where this processor cannot run it.
    pub fn force(self) -> Result<()> {
        if !self.is_supported() {
            return Err(Self::refuse(self.name()));
        }
        ACTIVE.store(self as u8, Ordering::Relaxed);
        Ok(())
    }

    fn refuse(name: &str) -> Error {
        let names: Vec<&str> = Self::supported().into_iter().map(Self::name).collect();
        let expected = format!("one this processor can run ({})", names.join(", "));
        Error::setting("kernel", expected, name)
    }

    /// Runs one piece of SIMD code on this path; the portable one where the processor lacks it.
    pub fn dispatch<Op: WithSimd>(self, op: Op) -> Op::Output {
        #[cfg(target_arch = "x86_64")]
        {
            use pulp::{Simd, x86};
            match self {
                Self::Avx512 => {
                    if let Some(simd) = x86::V4::try_new() {
                        return Simd::vectorize(simd, op);
                    }
                }
                Self::Avx2 => {
                    if let Some(simd) = x86::V3::try_new() {
                        return Simd::vectorize(simd, op);
                    }
                }
                Self::Portable => {}
            }
        }
        op.with_simd(Scalar128b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Simd;

    #[test]
    fn names_lead_back_to_their_kernels() {
        for kernel in Kernel::ALL {
            assert_eq!(Kernel::from_name(kernel.name()).unwrap(), kernel);
        }
        for name in ["", "AVX2", "neon", "auto"] {
            let error = Kernel::from_name(name).unwrap_err().to_string();
            assert!(error.contains("this processor can run"), "{error}");
            for kernel in Kernel::supported() {
                assert!(error.contains(kernel.name()), "{error}");
            }
        }
    }

    #[test]
    fn the_active_kernel_can_run_and_what_cannot_is_refused() {
        let supported = Kernel::supported();
        assert_eq!(supported.last(), Some(&Kernel::Portable));
        assert_eq!(supported[0], Kernel::active());
        for kernel in Kernel::ALL {
            assert_eq!(kernel.is_supported(), supported.contains(&kernel));
            if !kernel.is_supported() {
                let error = kernel.force().unwrap_err().to_string();
                assert!(error.contains(kernel.name()), "{error}");
                assert_eq!(Kernel::active(), supported[0]);
            }
        }
    }

    /// How many lanes its registers have.
    struct Lanes;

    impl WithSimd for Lanes {
        type Output = usize;

        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }

    #[test]
    fn a_kernel_runs_on_its_registers_or_falls_back() {
        for (kernel, lanes) in [
            (Kernel::Avx512, 16),
            (Kernel::Avx2, 8),
            (Kernel::Portable, 4),
        ] {
            let expected = if kernel.is_supported() { lanes } else { 4 };
            assert_eq!(kernel.dispatch(Lanes), expected, "{kernel:?}");
        }
    }
}
