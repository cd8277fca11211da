//! A half-finished run as bytes, so that a kill loses at most the last few seconds.

use super::{Optimizer, TrainConfig, TrainState};
use crate::record::HistoryPoint;
use crate::{Error, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

const KEY: &str = "basinscope-state";
/// The tensor of the net's buffers; left out where there are none.
const BUFFERS: &str = "buffers";

#[derive(Serialize, Deserialize)]
struct Header {
    version: String,
    config: TrainConfig,
    /// Whatever else the run depends on (the data set).
    context: String,
    step: usize,
    optimizer_steps: u64,
    history: Vec<HistoryPoint>,
}

impl TrainState {
    /// The state as a safetensors file. `context` names what the run depends on beside its
    /// configuration; [`TrainState::decode`] must be given the same.
    ///
    /// # Errors
    /// [`Error::Setting`] where a number is not finite.
    pub fn encode(&self, config: &TrainConfig, context: &str) -> Result<Vec<u8>> {
        let broken = |error: String| Error::setting("training state", "finite numbers", error);
        let header = Header {
            version: crate::VERSION.into(),
            config: config.clone(),
            context: context.into(),
            step: self.step,
            optimizer_steps: self.optimizer.steps,
            history: self.history.clone(),
        };
        let text = serde_json::to_string(&header).map_err(|error| broken(error.to_string()))?;
        let mut named = vec![
            ("theta", &self.theta),
            ("first", &self.optimizer.first),
            ("second", &self.optimizer.second),
            ("third", &self.optimizer.third),
        ];
        if !self.buffers.is_empty() {
            named.push((BUFFERS, &self.buffers));
        }
        let bytes: Vec<(&str, Vec<u8>)> = named
            .iter()
            .map(|(name, values)| (*name, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let mut views = Vec::new();
        for (name, bytes) in &bytes {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes)
                .map_err(|error| broken(error.to_string()))?;
            views.push((*name, view));
        }
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), text)])))
            .map_err(|error| broken(error.to_string()))
    }

    /// Reads a state back, or `None` where it belongs to another configuration or version (the
    /// run then begins anew).
    ///
    /// # Errors
    /// [`Error::File`] for a file that is no such state.
    pub fn decode(
        path: &Path,
        bytes: &[u8],
        config: &TrainConfig,
        context: &str,
    ) -> Result<Option<Self>> {
        let broken = |found: String| {
            Error::file(
                path,
                "training state",
                "a whole state file (delete it to begin anew)",
                found,
            )
        };
        let fail = |error: safetensors::SafeTensorError| broken(error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(fail)?;
        let text = metadata.metadata().as_ref().and_then(|map| map.get(KEY));
        let text = text.ok_or_else(|| broken("no header".into()))?;
        let header: Header =
            serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
        if header.config != *config || header.context != context || header.version != crate::VERSION
        {
            return Ok(None);
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(fail)?;
        let read = |name: &str| -> Result<Vec<f32>> {
            let data = tensors.tensor(name).map_err(fail)?.data().to_vec();
            Ok(data
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect())
        };
        let theta = read("theta")?;
        let buffers = match tensors.names().contains(&BUFFERS) {
            true => read(BUFFERS)?,
            false => Vec::new(),
        };
        let mut optimizer = Optimizer::new(config.optimizer, theta.len());
        let Optimizer {
            first,
            second,
            third,
            ..
        } = &mut optimizer;
        for (name, memory) in [("first", first), ("second", second), ("third", third)] {
            let values = read(name)?;
            if values.len() != memory.len() {
                return Err(broken(format!("{} values of `{name}`", values.len())));
            }
            *memory = values;
        }
        optimizer.steps = header.optimizer_steps;
        Ok(Some(Self {
            theta,
            buffers,
            optimizer,
            step: header.step,
            history: header.history,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_and_foreign_ones_are_left_alone() {
        let config = TrainConfig {
            optimizer: super::super::OptimizerConfig::from_name("amsgrad").unwrap(),
            ..TrainConfig::default()
        };
        let mut state = TrainState::new(&config, vec![0.1, -0.2, 0.3], Vec::new());
        state
            .optimizer
            .step(&mut state.theta, &[1.0, 2.0, 3.0], 0.1);
        state.step = 1;
        let bytes = state.encode(&config, "swiss-roll").unwrap();
        let path = Path::new("x.state");
        let again = TrainState::decode(path, &bytes, &config, "swiss-roll").unwrap();
        assert_eq!(again.as_ref(), Some(&state));
        assert_eq!(
            TrainState::decode(path, &bytes, &config, "moons").unwrap(),
            None
        );
        // The buffers of a net that has some come back to the bit.
        let mut with_buffers = again.unwrap_or_else(|| panic!("no state"));
        with_buffers.buffers = vec![0.1 + 0.2, 1e-40];
        let bytes_with = with_buffers.encode(&config, "x").unwrap();
        let again = TrainState::decode(path, &bytes_with, &config, "x").unwrap();
        assert_eq!(again, Some(with_buffers));
        let other = TrainConfig {
            seed: 1,
            ..config.clone()
        };
        assert_eq!(
            TrainState::decode(path, &bytes, &other, "swiss-roll").unwrap(),
            None
        );
        let error = TrainState::decode(path, &bytes[..bytes.len() - 1], &config, "swiss-roll");
        assert!(error.unwrap_err().to_string().contains("x.state"));
    }
}
