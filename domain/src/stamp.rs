//! What is needed to explain or repeat a finding.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The models, runtime and policy behind a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Role of each model that took part, with the sha256 of its file.
    pub models: BTreeMap<String, String>,
    /// Inference runtime and version.
    pub runtime: String,
    /// Policy in force: its version and the sha256 of its text.
    pub policy: PolicyRef,
}

/// Names one text of the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRef {
    /// The `version` key of the file.
    pub version: String,
    /// sha256 of the file's bytes, hexadecimal.
    pub sha256: String,
}

/// The part of a stamp that a verifier knows: its models and runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierStamp {
    /// Role of each model, with the sha256 of its file.
    pub models: BTreeMap<String, String>,
    /// Inference runtime and version.
    pub runtime: String,
}

impl VerifierStamp {
    /// Completes the stamp with the policy in force.
    pub fn under(self, policy: PolicyRef) -> Stamp {
        Stamp { models: self.models, runtime: self.runtime, policy }
    }
}
