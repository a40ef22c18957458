//! Runs one ONNX network: a loaded model takes one `f32` tensor and answers `f32` tensors.
//!
//! The runtime is `rten` (pure Rust). Every thread that infers has a one-thread pool of its own: two callers
//! with a thread each give more throughput and a tenth of the p95 of callers that share a larger pool.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::prelude::*;

/// A dense `f32` tensor in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Extent of each axis; the product is `data.len()`.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: Vec<f32>,
}

impl Tensor {
    /// A tensor over `data`; panics in a caller that got its own shape wrong.
    pub fn new(shape: impl Into<Vec<usize>>, data: Vec<f32>) -> Self {
        let shape = shape.into();
        assert_eq!(shape.iter().product::<usize>(), data.len(), "shape and data differ");
        Self { shape, data }
    }
}

/// Why a network could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The file is no model that the runtime can execute.
    #[error("the model cannot be loaded: {0}")]
    Load(String),
    /// The network refused its input or failed while running.
    #[error("inference failed: {0}")]
    Run(String),
}

/// One loaded network; shared freely between threads.
pub struct Network {
    model: Model,
}

impl Network {
    /// Loads an ONNX file.
    pub fn load(path: &Path) -> Result<Self, RuntimeError> {
        Model::load_file(path)
            .map(|model| Self { model })
            .map_err(|error| RuntimeError::Load(error.to_string()))
    }

    /// Loads an ONNX model from memory.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, RuntimeError> {
        Model::load(bytes)
            .map(|model| Self { model })
            .map_err(|error| RuntimeError::Load(error.to_string()))
    }

    /// The value of a metadata key of the ONNX file.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.model.metadata().get(key)
    }

    /// Runs the network on its one input; outputs come in the order of the graph.
    pub fn run(&self, input: Tensor) -> Result<Vec<Tensor>, RuntimeError> {
        let run_error = |error: &dyn std::fmt::Display| RuntimeError::Run(error.to_string());
        let input_id = *self.model.input_ids().first().ok_or_else(|| run_error(&"no input"))?;
        let tensor = rten_tensor::Tensor::from_data(input.shape.as_slice(), input.data);
        let options = RunOptions::default().with_thread_pool(Some(own_thread_pool()));
        let outputs = self
            .model
            .run(vec![(input_id, ValueOrView::from(tensor))], self.model.output_ids(), Some(options))
            .map_err(|error| run_error(&error))?;
        outputs.into_iter().map(into_tensor).collect()
    }
}

fn own_thread_pool() -> Arc<ThreadPool> {
    thread_local! {
        static POOL: OnceCell<Arc<ThreadPool>> = const { OnceCell::new() };
    }
    POOL.with(|pool| pool.get_or_init(|| Arc::new(ThreadPool::with_num_threads(1))).clone())
}

fn into_tensor(value: Value) -> Result<Tensor, RuntimeError> {
    let tensor: rten_tensor::Tensor<f32> =
        value.try_into().map_err(|_| RuntimeError::Run("an output is not f32".into()))?;
    Ok(Tensor { shape: tensor.shape().to_vec(), data: tensor.into_data() })
}
