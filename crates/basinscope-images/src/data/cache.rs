//! The folder that fetched sets are kept in.

use basinscope::{Error, Result};
use std::path::{Path, PathBuf};

/// The environment variable that names the folder.
pub const CACHE_VARIABLE: &str = "BASINSCOPE_DATA";

/// The folder of fetched sets: the one given, else the environment's `BASINSCOPE_DATA`, else
/// `basinscope/data` in the platform's cache folder. It need not exist.
///
/// # Errors
/// [`Error::Setting`] where none is given and the platform has none.
pub fn cache_folder(given: Option<&Path>) -> Result<PathBuf> {
    let named = std::env::var_os(CACHE_VARIABLE).filter(|value| !value.is_empty());
    choose(given, named.map(PathBuf::from), dirs::cache_dir())
}

fn choose(
    given: Option<&Path>,
    named: Option<PathBuf>,
    platform: Option<PathBuf>,
) -> Result<PathBuf> {
    given
        .map(Path::to_owned)
        .or(named)
        .or(platform.map(|folder| folder.join("basinscope").join("data")))
        .ok_or_else(|| {
            let expected = format!("a folder, from --cache or {CACHE_VARIABLE}");
            Error::setting("cache", expected, "no home folder")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_comes_before_the_environment_and_that_before_the_platform() {
        let (named, platform) = (
            Some(PathBuf::from("named")),
            Some(PathBuf::from("platform")),
        );
        let given = choose(Some(Path::new("given")), named.clone(), platform.clone());
        assert_eq!(given.unwrap(), Path::new("given"));
        let by_name = choose(None, named, platform.clone()).unwrap();
        assert_eq!(by_name, Path::new("named"));
        let last = choose(None, None, platform).unwrap();
        assert_eq!(last, Path::new("platform/basinscope/data"));
        assert!(choose(None, None, None).is_err());
    }
}
