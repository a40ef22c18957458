//! One 8 x 8 block of a scan (ITU-T T.81, F.2.2 and G.1.2): which coefficients its bits give.
//!
//! Only the coefficients of the lowest frequencies are kept, as many as the picture is reduced to; of the others a
//! progressive picture needs no more than whether they are zero.

use super::huffman::{Bits, Table};

/// Why a scan gives no whole picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The data end before the picture does.
    EndsEarly,
    /// The data contradict themselves.
    Damaged,
}

/// Rows and columns of the coefficients in the order in which they are coded.
#[rustfmt::skip]
pub const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// What a scan says of its coefficients.
#[derive(Clone, Copy, Debug)]
pub struct Band {
    /// The first one.
    pub first: usize,
    /// The last one.
    pub last: usize,
    /// Whether it refines what an earlier scan gave.
    pub refines: bool,
    /// The bit that it gives.
    pub low: u32,
}

/// Where a block's coefficients go.
pub struct Block<'a> {
    /// The kept ones, row by row.
    pub kept: &'a mut [i16],
    /// For each place in the coded order: its place among the kept ones, if it is kept.
    pub places: &'a [Option<u8>; 64],
    /// Which are not zero, by their coded order; of a progressive picture.
    pub nonzero: &'a mut u64,
}

impl Block<'_> {
    fn set(&mut self, order: usize, value: i32) {
        *self.nonzero |= 1 << order;
        if let Some(place) = self.places[order] {
            self.kept[usize::from(place)] = value as i16;
        }
    }

    /// Adds a bit to a coefficient that is not zero, away from zero.
    fn refine(&mut self, order: usize, bit: i16) {
        if let Some(place) = self.places[order] {
            let kept = &mut self.kept[usize::from(place)];
            *kept = if *kept < 0 { kept.wrapping_sub(bit) } else { kept.wrapping_add(bit) };
        }
    }
}

/// A block of a sequential picture.
pub fn sequential(
    bits: &mut Bits<'_>,
    (dc, ac): (&Table, &Table),
    predictor: &mut i32,
    block: &mut Block<'_>,
) -> Result<(), Fault> {
    first_dc(bits, dc, predictor, 0, block)?;
    let mut order = 1;
    while order < 64 {
        let symbol = bits.symbol(ac)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        match (run, size) {
            (15, 0) => order += 16,
            (_, 0) => break,
            _ => {
                order += run;
                let value = bits.signed(size);
                if order > 63 {
                    return Err(Fault::Damaged);
                }
                block.set(order, value);
                order += 1;
            }
        }
    }
    Ok(())
}

/// The mean of a block.
pub fn first_dc(
    bits: &mut Bits<'_>,
    dc: &Table,
    predictor: &mut i32,
    low: u32,
    block: &mut Block<'_>,
) -> Result<(), Fault> {
    let size = bits.symbol(dc)?;
    if size > 11 {
        return Err(Fault::Damaged);
    }
    *predictor = predictor.wrapping_add(bits.signed(size.into()));
    block.set(0, predictor.wrapping_shl(low));
    Ok(())
}

/// One more bit of the mean.
pub fn refine_dc(bits: &mut Bits<'_>, low: u32, block: &mut Block<'_>) {
    if bits.take(1) == 1
        && let Some(place) = block.places[0]
    {
        block.kept[usize::from(place)] |= 1 << low;
    }
}

/// The first pass over a band; `skipped` counts the blocks that have nothing in it.
pub fn first_ac(
    bits: &mut Bits<'_>,
    ac: &Table,
    band: Band,
    skipped: &mut u32,
    block: &mut Block<'_>,
) -> Result<(), Fault> {
    if *skipped > 0 {
        *skipped -= 1;
        return Ok(());
    }
    let mut order = band.first;
    while order <= band.last {
        let symbol = bits.symbol(ac)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        match (run, size) {
            (15, 0) => order += 16,
            (_, 0) => {
                *skipped = run_of_blocks(bits, run as u32);
                break;
            }
            _ => {
                order += run;
                let value = bits.signed(size);
                if order > band.last {
                    return Err(Fault::Damaged);
                }
                block.set(order, value.wrapping_shl(band.low));
                order += 1;
            }
        }
    }
    Ok(())
}

/// Blocks after this one that have nothing more.
fn run_of_blocks(bits: &mut Bits<'_>, exponent: u32) -> u32 {
    (1 << exponent) - 1 + bits.take(exponent) as u32
}

/// One more bit of a band.
pub fn refine_ac(
    bits: &mut Bits<'_>,
    ac: &Table,
    band: Band,
    skipped: &mut u32,
    block: &mut Block<'_>,
) -> Result<(), Fault> {
    let bit = 1_i16 << band.low;
    let mut order = band.first;
    while *skipped == 0 && order <= band.last {
        let symbol = bits.symbol(ac)?;
        let (run, size) = (usize::from(symbol >> 4), symbol & 15);
        let value = match (run, size) {
            (15, 0) => None,
            (_, 0) => {
                // This block is the first of the run.
                *skipped = run_of_blocks(bits, run as u32) + 1;
                break;
            }
            (_, 1) => Some(if bits.take(1) == 1 { bit } else { -bit }),
            _ => return Err(Fault::Damaged),
        };
        order = refine_until(bits, band, order, run, bit, block);
        if let Some(value) = value {
            if order > band.last {
                return Err(Fault::Damaged);
            }
            block.set(order, value.into());
        }
        order += 1;
    }
    if *skipped > 0 {
        refine_until(bits, band, order, 64, bit, block);
        *skipped -= 1;
    }
    Ok(())
}

/// Refines what is not zero until `zeros` zeros were passed; gives the place of the next zero.
fn refine_until(
    bits: &mut Bits<'_>,
    band: Band,
    from: usize,
    zeros: usize,
    bit: i16,
    block: &mut Block<'_>,
) -> usize {
    let mut left = zeros;
    for order in from..=band.last {
        if *block.nonzero >> order & 1 == 1 {
            if bits.take(1) == 1 {
                block.refine(order, bit);
            }
        } else if left == 0 {
            return order;
        } else {
            left -= 1;
        }
    }
    band.last + 1
}
