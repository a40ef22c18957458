//! The hash tree of RFC 6962: leaf and node hashes, and the compact range that grows by one leaf in O(log n).
//!
//! Knows nothing of events or databases; what goes into a leaf is `leaf`'s business.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Hash of a leaf: SHA-256(0x00 || input), RFC 6962 section 2.1.
pub fn leaf_hash(input: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(input);
    hasher.finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 || left || right), RFC 6962 section 2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The roots of the perfect subtrees that make up the first `size` leaves, largest first.
///
/// All that has to be kept of a tree to append to it and to know its root: one hash per set bit of `size`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    subtrees: Vec<Hash>,
}

/// Stored bytes are no compact range of the stored size.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a compact range of {size} leaves needs {expected} bytes, found {found}")]
pub struct MalformedRange {
    size: u64,
    expected: usize,
    found: usize,
}

impl CompactRange {
    /// Reads back what `to_bytes` wrote for a tree of `size` leaves.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, MalformedRange> {
        let (subtrees, rest) = bytes.as_chunks::<32>();
        let expected = size.count_ones() as usize;
        if subtrees.len() != expected || !rest.is_empty() {
            return Err(MalformedRange { size, expected: expected * 32, found: bytes.len() });
        }
        Ok(Self { size, subtrees: subtrees.to_vec() })
    }

    /// The subtree roots, one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.subtrees.concat()
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the old size is a perfect subtree that the new leaf completes to twice its size.
        for _ in 0..self.size.trailing_ones() {
            let left = self.subtrees.pop().expect("one subtree per set bit of the size");
            hash = node_hash(&left, &hash);
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The tree head hash; SHA-256 of nothing for the empty tree.
    pub fn root(&self) -> Hash {
        let mut smallest_first = self.subtrees.iter().rev();
        match smallest_first.next() {
            None => Sha256::digest([]).into(),
            Some(last) => smallest_first.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves and tree heads with which the Certificate Transparency implementations test themselves.
    const VECTORS: [(&str, &str); 8] = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (
            "606162636465666768696a6b6c6d6e6f",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];

    /// RFC 6962 section 2.1 word for word: split at the largest power of two below n.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            many => {
                let split = many.len().next_power_of_two() / 2;
                node_hash(&root_by_definition(&many[..split]), &root_by_definition(&many[split..]))
            }
        }
    }

    #[test]
    fn the_empty_tree_has_the_hash_of_nothing() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex::encode(CompactRange::default().root()), expected);
    }

    #[test]
    fn the_public_vectors_give_their_tree_heads() {
        let mut range = CompactRange::default();
        for (leaf, root) in VECTORS {
            range.append(leaf_hash(&hex::decode(leaf).unwrap()));
            assert_eq!(hex::encode(range.root()), root, "after {} leaves", range.size());
        }
    }

    #[test]
    fn growing_leaf_by_leaf_equals_the_recursive_definition() {
        let mut range = CompactRange::default();
        let mut leaves = Vec::new();
        for number in 0_u32..130 {
            let leaf = leaf_hash(&number.to_be_bytes());
            range.append(leaf);
            leaves.push(leaf);
            assert_eq!(range.root(), root_by_definition(&leaves));
        }
    }

    #[test]
    fn a_range_survives_being_stored() {
        let mut range = CompactRange::default();
        for number in 0_u32..11 {
            range.append(leaf_hash(&number.to_be_bytes()));
        }
        assert_eq!(CompactRange::from_bytes(11, &range.to_bytes()), Ok(range.clone()));
        assert!(CompactRange::from_bytes(12, &range.to_bytes()).is_err());
        assert!(CompactRange::from_bytes(11, &range.to_bytes()[1..]).is_err());
    }
}
