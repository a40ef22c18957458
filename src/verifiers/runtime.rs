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
        Model::load(bytes).map(|model| Self { model }).map_err(|error| RuntimeError::Load(error.to_string()))
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

/// Every model of the manifest is loaded and run once; the first run of the tests fetches them.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{ModelCache, Role};

    /// Shapes of the outputs that `role` answers to a grey input of `shape`.
    fn shapes(role: Role, shape: &[usize]) -> Vec<Vec<usize>> {
        let network = ModelCache::from_env().unwrap().load(role).unwrap();
        let input = Tensor::new(shape, vec![0.1; shape.iter().product()]);
        let outputs = network.run(input).unwrap();
        assert!(outputs.iter().all(|output| output.data.iter().all(|value| value.is_finite())), "{role}");
        outputs.into_iter().map(|output| output.shape).collect()
    }

    fn charset_lines(role: Role) -> usize {
        let network = ModelCache::from_env().unwrap().load(role).unwrap();
        network.metadata("character").unwrap().lines().count()
    }

    #[test]
    fn text_detectors_answer_one_probability_per_pixel() {
        for role in [Role::DetTiny, Role::DetSmall] {
            assert_eq!(shapes(role, &[1, 3, 64, 96]), [[1, 1, 64, 96]]);
        }
    }

    #[test]
    fn recognisers_answer_a_class_distribution_every_eight_pixels() {
        assert_eq!(shapes(Role::RecTiny, &[2, 3, 48, 320]), [[2, 40, 6906]]);
        assert_eq!(shapes(Role::RecSmall, &[1, 3, 48, 320]), [[1, 40, 18710]]);
    }

    #[test]
    fn recognisers_carry_their_characters_two_fewer_than_classes() {
        // Blank comes before the characters and the space after them.
        assert_eq!(charset_lines(Role::RecTiny), 6906 - 2);
        assert_eq!(charset_lines(Role::RecSmall), 18710 - 2);
    }

    #[test]
    fn line_orientation_answers_two_classes() {
        assert_eq!(shapes(Role::LineOrientation, &[3, 3, 48, 192]), [[3, 2]]);
    }

    #[test]
    fn the_patched_face_detector_takes_any_size_and_answers_at_stride_4() {
        let expected = [[1, 1, 16, 24], [1, 2, 16, 24], [1, 2, 16, 24], [1, 10, 16, 24]];
        assert_eq!(shapes(Role::CenterFace, &[1, 3, 64, 96]), expected);
    }

    #[test]
    fn the_light_face_detector_answers_scores_and_boxes() {
        assert_eq!(shapes(Role::FaceDetectLight, &[1, 3, 240, 320]), [[1, 4420, 2], [1, 4420, 4]]);
    }

    #[test]
    fn landmarks_are_68_points() {
        assert_eq!(shapes(Role::Landmarks68, &[1, 1, 64, 64]), [[1, 136]]);
    }

    #[test]
    fn an_embedding_has_512_dimensions() {
        assert_eq!(shapes(Role::FaceEmbedding, &[1, 3, 112, 112]), [[1, 512]]);
    }

    #[test]
    fn anti_spoof_answers_three_classes() {
        assert_eq!(shapes(Role::AntiSpoof, &[1, 3, 128, 128]), [[1, 3]]);
    }

    #[test]
    fn a_head_pose_is_three_distributions_over_66_bins() {
        assert_eq!(shapes(Role::HeadPose, &[1, 3, 224, 224]), [[1, 66], [1, 66], [1, 66]]);
    }

    #[test]
    fn an_eye_is_open_or_closed() {
        assert_eq!(shapes(Role::EyeState, &[1, 1, 24, 24]), [[1, 2]]);
    }
}
