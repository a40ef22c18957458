//! Huffman codes and the bits that they are read from (ITU-T T.81, annexes C and F).

use super::entropy::Fault;

/// Codes up to this length are found in one step.
const FAST_BITS: u32 = 9;

/// One Huffman table.
pub struct Table {
    /// By the next bits: length of the code in the high byte and its symbol; 0 where it is longer.
    fast: Vec<u16>,
    /// For each length: the first code that is longer, left-aligned to 16 bits.
    limits: [u32; 17],
    /// For each length: what is added to a code to find its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// Takes one table from the body of a DHT segment; gives it, its class and place, and what follows.
    pub fn parse(body: &[u8]) -> Result<(u8, Self, &[u8]), Fault> {
        let [kind, rest @ ..] = body else { return Err(Fault::Damaged) };
        let (counts, rest) = rest.split_at_checked(16).ok_or(Fault::Damaged)?;
        let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
        let (symbols, rest) = rest.split_at_checked(total).ok_or(Fault::Damaged)?;
        Ok((*kind, Self::new(counts, symbols)?, rest))
    }

    fn new(counts: &[u8], symbols: &[u8]) -> Result<Self, Fault> {
        let mut table = Self {
            fast: vec![0; 1 << FAST_BITS],
            limits: [0; 17],
            offsets: [0; 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut index) = (0_u32, 0_usize);
        for length in 1..=16_u32 {
            let count = u32::from(counts[length as usize - 1]);
            table.offsets[length as usize] = index as i32 - code as i32;
            for _ in 0..count {
                if length <= FAST_BITS {
                    let entry = (length as u16) << 8 | u16::from(symbols[index]);
                    let first = (code as usize) << (FAST_BITS - length);
                    let last = (code as usize + 1) << (FAST_BITS - length);
                    table.fast.get_mut(first..last).ok_or(Fault::Damaged)?.fill(entry);
                }
                code += 1;
                index += 1;
            }
            if code > 1 << length {
                return Err(Fault::Damaged);
            }
            table.limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }
}

/// The bits of one stretch of entropy-coded data: from its start, or a restart, to the next marker.
pub struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// Left-aligned.
    bits: u64,
    /// Bits that are there, with those that were only made up after the end.
    count: u32,
    /// Bits that were made up.
    made_up: u32,
}

impl<'a> Bits<'a> {
    /// Over a scan's data.
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, bits: 0, count: 0, made_up: 0 }
    }

    /// Fails if more was read than there is.
    pub fn check(&self) -> Result<(), Fault> {
        if self.count < self.made_up { Err(self.overrun()) } else { Ok(()) }
    }

    /// Bytes that were not looked at.
    pub const fn left(&self) -> usize {
        self.data.len().saturating_sub(self.at)
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let byte = match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (Some(0xFF), Some(0xFF)) => {
                    self.at += 1;
                    continue;
                }
                (Some(byte), _) if *byte != 0xFF => {
                    self.at += 1;
                    *byte
                }
                _ => {
                    self.made_up += 8;
                    0
                }
            };
            self.bits |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next symbol of a table.
    pub fn symbol(&mut self, table: &Table) -> Result<u8, Fault> {
        if self.count < 16 {
            self.fill();
        }
        let entry = table.fast[(self.bits >> (64 - FAST_BITS)) as usize];
        if entry != 0 {
            self.skip(u32::from(entry >> 8));
            return Ok(entry as u8);
        }
        let next = (self.bits >> 48) as u32;
        for length in FAST_BITS + 1..=16 {
            if next < table.limits[length as usize] {
                self.skip(length);
                let index = (next >> (16 - length)) as i32 + table.offsets[length as usize];
                return table.symbols.get(index as usize).copied().ok_or(Fault::Damaged);
            }
        }
        // Zeros after the end need not be a code.
        Err(if self.made_up > 0 { self.overrun() } else { Fault::Damaged })
    }

    /// What is wrong where more is read than there is: data that go on behind a restart are damaged.
    pub fn overrun(&self) -> Fault {
        let rest = self.data.get(self.at..).unwrap_or_default();
        if super::next_marker(rest, 0).is_some() { Fault::Damaged } else { Fault::EndsEarly }
    }

    /// The next `length` bits, at most 16.
    pub fn take(&mut self, length: u32) -> i32 {
        if length == 0 {
            return 0;
        }
        if self.count < length {
            self.fill();
        }
        let value = (self.bits >> (64 - length)) as i32;
        self.skip(length);
        value
    }

    /// A number of so many bits in the sign convention of T.81, figure F.12.
    pub fn signed(&mut self, length: u32) -> i32 {
        let value = self.take(length);
        if length > 0 && value < 1 << (length - 1) { value - (1 << length) + 1 } else { value }
    }

    const fn skip(&mut self, length: u32) {
        self.bits <<= length;
        self.count -= length;
    }

    /// Goes on after the next restart marker.
    pub fn restart(&mut self) -> Result<(), Fault> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let marker = super::next_marker(rest, 0).ok_or(Fault::EndsEarly)?;
        (self.at, self.bits, self.count, self.made_up) = (self.at + marker + 2, 0, 0, 0);
        Ok(())
    }
}
