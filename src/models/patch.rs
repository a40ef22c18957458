//! Changes a model's bytes in memory between file and runtime; the file in the cache stays as published.

use super::manifest::Patch;

/// A dimension in ONNX's protobuf form: field `dim`, two bytes: field `dim_value` and its varint.
const DIM: [u8; 3] = [0x0a, 0x02, 0x08];
/// Field `dim_param` with an empty name: an unnamed dynamic extent, as long as a small `dim_value`.
const DYNAMIC: [u8; 2] = [0x12, 0x00];
/// The batch size that the face detector was exported with; no other tensor has it as first extent.
const EXPORTED_BATCH: u8 = 10;
const SHAPE_BYTES: usize = 16;

/// Applies `patch` to the bytes of an ONNX file; the caller checks the digest of the result.
pub fn apply(patch: Patch, bytes: &mut [u8]) {
    match patch {
        Patch::DynamicExtents => make_extents_dynamic(bytes),
    }
}

/// Makes batch, height and width dynamic in every declared four-axis shape `[10, C, s, s]` with `s` 32 or 8 (the
/// exported input and its outputs at stride 4). Same length, so no enclosing protobuf length changes.
fn make_extents_dynamic(bytes: &mut [u8]) {
    let starts: Vec<usize> = bytes
        .windows(SHAPE_BYTES)
        .enumerate()
        .filter(|(_, w)| is_exported_shape(w))
        .map(|(i, _)| i)
        .collect();
    for start in starts {
        for axis in [0, 2, 3] {
            let at = start + axis * 4 + 2;
            bytes[at..at + 2].copy_from_slice(&DYNAMIC);
        }
    }
}

fn is_exported_shape(window: &[u8]) -> bool {
    window.chunks_exact(4).all(|dim| dim[..3] == DIM)
        && window[3] == EXPORTED_BATCH
        && [window[11], window[15]].iter().all(|extent| matches!(extent, 8 | 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(extents: [u8; 4]) -> Vec<u8> {
        extents.into_iter().flat_map(|extent| [0x0a, 0x02, 0x08, extent]).collect()
    }

    #[test]
    fn an_exported_shape_becomes_dynamic_except_for_its_channels() {
        let mut bytes = [vec![1, 2, 3], shape([10, 3, 32, 32]), vec![4]].concat();
        apply(Patch::DynamicExtents, &mut bytes);
        let dynamic = [0x0a, 0x02, 0x12, 0x00];
        assert_eq!(bytes[3..7], dynamic);
        assert_eq!(bytes[7..11], [0x0a, 0x02, 0x08, 3]);
        assert_eq!(bytes[11..15], dynamic);
        assert_eq!(bytes[15..19], dynamic);
    }

    #[test]
    fn other_shapes_stay_as_they_are() {
        let mut bytes = shape([1, 3, 32, 32]);
        let before = bytes.clone();
        apply(Patch::DynamicExtents, &mut bytes);
        assert_eq!(bytes, before);
    }
}
