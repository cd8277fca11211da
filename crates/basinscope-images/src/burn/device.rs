//! The device by its name at run time.

use ::burn::tensor::{Device as BurnDevice, DeviceType, Tensor};
use basinscope::{Error, Result};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

/// All names there are, with whether this build has them.
const NAMES: [(&str, bool); 4] = [
    ("flex", true),
    ("vulkan", cfg!(feature = "vulkan")),
    ("metal", cfg!(feature = "metal")),
    ("cuda", cfg!(feature = "cuda")),
];

/// A device of Burn's that has shown that it computes.
#[derive(Debug, Clone)]
pub struct Device {
    inner: BurnDevice,
    name: String,
}

impl Device {
    /// A device by its name: `flex` (the processor), `vulkan`, `metal` or `cuda`; the second
    /// graphics card is `vulkan:1`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is none, for a device that this build does not have, and
    /// for one that this machine does not have.
    pub fn from_name(name: &str) -> Result<Self> {
        let (kind, index) = match name.split_once(':') {
            Some((kind, index)) => (kind, index.parse::<usize>().ok()),
            None => (name, Some(0)),
        };
        let known = NAMES.iter().find(|(known, _)| *known == kind);
        let (Some(&(kind, is_built)), Some(index)) = (known, index) else {
            return Err(Error::setting("device", Self::names().join(", "), name));
        };
        if !is_built {
            let has = Self::names().join(", ");
            let expected = format!("{has} ({kind} needs a build with --features {kind})");
            return Err(Error::setting("device", expected, name));
        }
        let found = match quietly(|| enumerate(kind)) {
            Ok(mut devices) if index < devices.len() => devices.swap_remove(index),
            Ok(devices) => {
                let found = match devices.len() {
                    0 => format!("no such device on this machine ({name})"),
                    1 => format!("one such device on this machine ({name})"),
                    count => format!("{count} such devices on this machine ({name})"),
                };
                return Err(Error::setting("device", expected(kind), found));
            }
            Err(reason) => {
                let found = format!("none on this machine ({name}: {reason})");
                return Err(Error::setting("device", expected(kind), found));
            }
        };
        // Drivers are loaded at the first operation.
        let sum = quietly(|| {
            Tensor::<1>::from_floats([1.0, 2.0], &found)
                .sum()
                .try_into_vec_as::<f32>()
        });
        let failure = match sum {
            Ok(Ok(sum)) if sum == [3.0] => None,
            Ok(Ok(sum)) => Some(format!("one that adds 1 and 2 to {sum:?}")),
            Ok(Err(error)) => Some(first_line(&error.to_string())),
            Err(reason) => Some(reason),
        };
        match failure {
            None => Ok(Self {
                inner: found,
                name: name.into(),
            }),
            Some(reason) => {
                let found = format!("none that works on this machine ({name}: {reason})");
                Err(Error::setting("device", expected(kind), found))
            }
        }
    }

    /// The names of this build.
    pub fn names() -> Vec<&'static str> {
        let built = NAMES.iter().filter(|(_, is_built)| *is_built);
        built.map(|&(name, _)| name).collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn inner(&self) -> &BurnDevice {
        &self.inner
    }

    /// What a device that fails under way is called.
    pub(super) fn failed(&self, error: impl std::fmt::Display) -> Error {
        let found = format!("{}: {}", self.name, first_line(&error.to_string()));
        Error::setting("device", "one that computes to the end", found)
    }
}

fn expected(kind: &str) -> String {
    format!("a {kind} device by index from 0, or --device flex (the processor)")
}

fn enumerate(kind: &str) -> Vec<BurnDevice> {
    match kind {
        #[cfg(feature = "vulkan")]
        "vulkan" => BurnDevice::enumerate(DeviceType::Vulkan)
            .into_iter()
            .collect(),
        #[cfg(feature = "metal")]
        "metal" => BurnDevice::enumerate(DeviceType::Metal)
            .into_iter()
            .collect(),
        #[cfg(feature = "cuda")]
        "cuda" => BurnDevice::enumerate(DeviceType::Cuda)
            .into_iter()
            .collect(),
        _ => BurnDevice::enumerate(DeviceType::Flex)
            .into_iter()
            .collect(),
    }
}

/// Runs what panics where a driver is missing; the panic's first line in place of its report.
fn quietly<T>(run: impl FnOnce() -> T) -> std::result::Result<T, String> {
    static HOOK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = HOOK.lock();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(hook);
    outcome.map_err(|panic| {
        let text = (panic.downcast_ref::<String>().map(String::as_str))
            .or_else(|| panic.downcast_ref::<&str>().copied());
        first_line(text.unwrap_or("it could not be started"))
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        Device::from_name(name).unwrap_err().to_string()
    }

    #[test]
    fn the_processor_is_always_there() {
        assert_eq!(Device::from_name("flex").unwrap().name(), "flex");
        assert_eq!(Device::from_name("flex:0").unwrap().name(), "flex:0");
        assert!(refusal("flex:1").contains("one such device"));
    }

    #[test]
    fn names_that_are_none_are_refused_with_those_there_are() {
        for name in ["", "gpu", "Flex ", "flex:", "flex:x", "flex:-1", "cpu"] {
            let refusal = refusal(name);
            assert!(
                refusal.contains("flex") && refusal.contains(name),
                "{refusal}"
            );
        }
    }

    #[test]
    fn devices_of_other_builds_name_the_feature() {
        for (name, is_built) in NAMES {
            if !is_built {
                let refusal = refusal(name);
                assert!(refusal.contains(&format!("--features {name}")), "{refusal}");
            }
        }
    }

    /// Runs where a build with graphics meets a machine without: a sentence, not a panic.
    #[test]
    fn a_device_is_there_or_refused_in_a_sentence() {
        for name in Device::names() {
            for index in [0, 999] {
                match Device::from_name(&format!("{name}:{index}")) {
                    Ok(device) => assert_eq!((index, device.name()), (0, &*format!("{name}:0"))),
                    Err(error) => {
                        let text = error.to_string();
                        assert!(
                            text.contains("this machine") && !text.contains('\n'),
                            "{text}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn panics_become_their_first_line() {
        assert_eq!(quietly(|| 3), Ok(3));
        let outcome = quietly(|| panic!("no adapter\nbacktrace"));
        assert_eq!(outcome, Err::<(), _>("no adapter".into()));
    }
}
