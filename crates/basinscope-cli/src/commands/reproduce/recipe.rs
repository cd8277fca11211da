//! Recipes: the settings of an experiment as TOML, shared ones and those of each preset.

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::de::DeserializeOwned;
use std::path::Path;
use toml::{Table, Value};

/// How much work an experiment takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// minutes on a laptop, the same claims
    Quick,
    /// the paper's own scale
    Paper,
}

impl Preset {
    /// Its name in recipes and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Paper => "paper",
        }
    }
}

/// Reads the settings of one preset: `[common]` with the preset's own table laid over it.
///
/// `source` names the recipe in errors.
pub fn load<T: DeserializeOwned>(source: &Path, text: &str, preset: Preset) -> Result<T> {
    let name = preset.name();
    let mut recipe: Table =
        toml::from_str(text).with_context(|| format!("{}: not TOML", source.display()))?;
    for key in recipe.keys() {
        if !["common", "quick", "paper"].contains(&key.as_str()) {
            let place = source.display();
            anyhow::bail!("{place}: table [{key}]: expected [common], [quick] and [paper]");
        }
    }
    let mut merged = match recipe.remove("common") {
        Some(common) => common,
        None => Value::Table(Table::new()),
    };
    match recipe.remove(name) {
        Some(own) => lay_over(&mut merged, own),
        None => anyhow::bail!("{}: table [{name}]: expected, found none", source.display()),
    }
    merged
        .try_into()
        .with_context(|| format!("{}: [common] with [{name}]", source.display()))
}

/// Lays `top` over `base`: tables key by key, anything else whole.
pub(super) fn lay_over(base: &mut Value, top: Value) {
    match (base, top) {
        (Value::Table(base), Value::Table(top)) => {
            for (key, value) in top {
                match base.get_mut(&key) {
                    Some(old) => lay_over(old, value),
                    None => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, top) => *base = top,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        rays: usize,
        good: Good,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Good {
        steps: usize,
        rate: f64,
    }

    const TEXT: &str = "\
        [common]\nrays = 10\ngood = { steps = 5, rate = .5 }\n\
        [quick]\n\
        [paper]\nrays = 1000\ngood.steps = 50\n";

    fn read(text: &str, preset: Preset) -> Result<Settings> {
        load(Path::new("x.toml"), text, preset)
    }

    #[test]
    fn a_preset_lies_over_what_is_common() {
        let text = TEXT.replace("= .5", "= 0.5");
        let quick = read(&text, Preset::Quick).unwrap();
        let paper = read(&text, Preset::Paper).unwrap();
        let good = |steps| Good { steps, rate: 0.5 };
        assert_eq!((quick.rays, quick.good), (10, good(5)));
        assert_eq!((paper.rays, paper.good), (1000, good(50)));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, named) in [
            ("[common]\n", "quick"),
            ("[fast]\n", "fast"),
            ("[quick]\nraise = 1\n", "raise"),
            ("[quick\n", "x.toml"),
        ] {
            let error = format!("{:#}", read(text, Preset::Quick).unwrap_err());
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
