//! The roles that a fetched file can play. A role is what the code asks for; which file plays it, the manifest says.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What sort of file plays a role, and so who needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A neural network in ONNX format; `serve` needs all of them.
    Model,
    /// A picture of the demo and the tests.
    Sample,
    /// A sanctions list for demonstration.
    List,
    /// A program that only the tests use.
    Tool,
}

impl Kind {
    /// The kind as the manifest and the command line write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Sample => "sample",
            Self::List => "list",
            Self::Tool => "tool",
        }
    }
}

/// What a fetched file is for; exactly one manifest entry plays each role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Text detector, the fast one.
    #[serde(rename = "text-detector-tiny")]
    DetTiny,
    /// Text recogniser, the fast one.
    #[serde(rename = "text-recogniser-tiny")]
    RecTiny,
    /// Text detector, the accurate one.
    #[serde(rename = "text-detector-small")]
    DetSmall,
    /// Text recogniser, the accurate one.
    #[serde(rename = "text-recogniser-small")]
    RecSmall,
    /// Whether a line of text is upright or upside down.
    #[serde(rename = "line-orientation")]
    LineOrientation,
    /// Face detector with five landmarks.
    #[serde(rename = "face-detector")]
    CenterFace,
    /// Face detector for a small fixed input.
    #[serde(rename = "face-detector-light")]
    FaceDetectLight,
    /// 68 facial landmarks.
    #[serde(rename = "landmarks-68")]
    Landmarks68,
    /// 512-dimensional face embedding.
    #[serde(rename = "face-embedding")]
    FaceEmbedding,
    /// Passive presentation-attack detection.
    #[serde(rename = "anti-spoof")]
    AntiSpoof,
    /// Yaw, pitch and roll of a head.
    #[serde(rename = "head-pose")]
    HeadPose,
    /// Whether an eye is open.
    #[serde(rename = "eye-state")]
    EyeState,
    /// A portrait of one person in the public domain.
    #[serde(rename = "sample-portrait")]
    SamplePortrait,
    /// A photo of several other people.
    #[serde(rename = "sample-group")]
    SampleGroup,
    /// An old sanctions list, for demonstration only.
    #[serde(rename = "demonstration-list")]
    DemonstrationList,
    /// A folder with a PostgreSQL server for the tests.
    #[serde(rename = "postgresql")]
    Postgres,
}

impl Role {
    /// Every role, in the order of the manifest.
    pub const ALL: [Self; 16] = [
        Self::DetTiny,
        Self::RecTiny,
        Self::DetSmall,
        Self::RecSmall,
        Self::LineOrientation,
        Self::CenterFace,
        Self::FaceDetectLight,
        Self::Landmarks68,
        Self::FaceEmbedding,
        Self::AntiSpoof,
        Self::HeadPose,
        Self::EyeState,
        Self::SamplePortrait,
        Self::SampleGroup,
        Self::DemonstrationList,
        Self::Postgres,
    ];

    /// The role as the manifest and the findings write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DetTiny => "text-detector-tiny",
            Self::RecTiny => "text-recogniser-tiny",
            Self::DetSmall => "text-detector-small",
            Self::RecSmall => "text-recogniser-small",
            Self::LineOrientation => "line-orientation",
            Self::CenterFace => "face-detector",
            Self::FaceDetectLight => "face-detector-light",
            Self::Landmarks68 => "landmarks-68",
            Self::FaceEmbedding => "face-embedding",
            Self::AntiSpoof => "anti-spoof",
            Self::HeadPose => "head-pose",
            Self::EyeState => "eye-state",
            Self::SamplePortrait => "sample-portrait",
            Self::SampleGroup => "sample-group",
            Self::DemonstrationList => "demonstration-list",
            Self::Postgres => "postgresql",
        }
    }

    /// The kind of file that can play this role.
    pub fn kind(self) -> Kind {
        match self {
            Self::SamplePortrait | Self::SampleGroup => Kind::Sample,
            Self::DemonstrationList => Kind::List,
            Self::Postgres => Kind::Tool,
            _ => Kind::Model,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_written_the_same_way_everywhere() {
        for role in Role::ALL {
            let json = serde_json::to_string(&role).unwrap();
            assert_eq!(json, format!("{:?}", role.name()));
        }
    }
}
