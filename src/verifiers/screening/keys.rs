//! Tables from 64-bit keys to numbers: sorted once, read without allocation, a few bytes an entry.

/// Many numbers a key; a key that two texts share by accident only costs a comparison later.
#[derive(Default)]
pub struct KeyTable {
    entries: Vec<(u64, u32)>,
    /// Where the keys that begin with these bits start.
    starts: Vec<u32>,
    shift: u32,
}

impl KeyTable {
    /// Builds the table; equal entries count once.
    pub fn new(mut entries: Vec<(u64, u32)>) -> Self {
        entries.sort_unstable();
        entries.dedup();
        entries.shrink_to_fit();
        let bits = (entries.len() as u64 + 1).ilog2().clamp(1, 22);
        let shift = u64::BITS - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut at = 0;
        for bucket in 0..=1_u64 << bits {
            while at < entries.len() && entries[at].0 >> shift < bucket {
                at += 1;
            }
            starts.push(u32::try_from(at).expect("fewer entries than 2^32"));
        }
        Self { entries, starts, shift }
    }

    /// The numbers under a key, in ascending order.
    pub fn get(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let bucket = (key >> self.shift.min(63)) as usize;
        let range = match self.starts.get(bucket..bucket + 2) {
            Some([start, end]) => *start as usize..*end as usize,
            _ => 0..0,
        };
        self.entries[range].iter().filter(move |(known, _)| *known == key).map(|(_, number)| *number)
    }
}

/// Hashes pieces of text into a key; the same in every process, so that an index is too.
#[derive(Clone, Copy)]
pub struct Key(u64);

impl Key {
    /// A key of one of several kinds, which keeps the same text apart.
    pub const fn of(kind: u64) -> Self {
        Self(0xcbf2_9ce4_8422_2325 ^ kind.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Goes on with these bytes (FNV-1a).
    pub fn and(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// The key, its bits well mixed (the finisher of SplitMix64).
    pub const fn done(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_found_under_its_key_and_nowhere_else() {
        let key = |text: &str| Key::of(1).and(text.as_bytes()).done();
        let entries: Vec<(u64, u32)> = (0..5_000).map(|n| (key(&(n / 3).to_string()), n)).collect();
        let table = KeyTable::new(entries);
        for n in 0..1_666 {
            let found: Vec<u32> = table.get(key(&n.to_string())).collect();
            assert_eq!(found, [3 * n, 3 * n + 1, 3 * n + 2]);
        }
        assert_eq!(table.get(key("none")).count(), 0);
        assert_eq!(KeyTable::default().get(7).count(), 0);
        assert_eq!(KeyTable::new(vec![]).get(u64::MAX).count(), 0);
        assert_ne!(Key::of(1).and(b"A").done(), Key::of(2).and(b"A").done());
    }
}
