//! The scans of a picture: every one is decoded to its end, so that it is known whether all of the picture is there.

use super::entropy::{Band, Block, Fault, ZIGZAG, first_ac, first_dc, refine_ac, refine_dc, sequential};
use super::huffman::{Bits, Table};
use super::{Component, DHT, DQT, DRI, Frame, Jpeg, SOS, Segment};

/// Bytes that may stand between the last block of a picture without an end and the end of its file.
const MOST_FILLING: usize = 64;

/// What the scans of a picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every block is there.
    Whole,
    /// The data end before the picture does.
    EndsEarly,
    /// The data contradict themselves.
    Damaged,
}

/// Whether every block of the picture is there. It takes the time of reading the scans, and no more memory than eight bytes a
/// block of a progressive picture.
pub fn verify(jpeg: &Jpeg<'_>) -> Outcome {
    match Coefficients::read(jpeg, 0) {
        Ok(_) => Outcome::Whole,
        Err(Fault::EndsEarly) => Outcome::EndsEarly,
        Err(Fault::Damaged) => Outcome::Damaged,
    }
}

/// The coefficients of one component.
pub struct Plane {
    /// Blocks in a row, with those that only fill up the last unit.
    pub across: usize,
    /// `side` x `side` coefficients of each block, row by row.
    pub kept: Vec<i16>,
    /// What they are multiplied with, in the same order.
    pub factors: Vec<f32>,
    nonzero: Vec<u64>,
    /// Which coefficients came to their last bit, by their coded order.
    finished: u64,
    is_begun: bool,
}

/// The coefficients of lowest frequency of a whole picture.
pub struct Coefficients {
    /// One for each component.
    pub planes: Vec<Plane>,
}

/// Bytes that [`Coefficients`] takes for a frame whose blocks are kept `side` x `side`.
pub fn coefficient_bytes(frame: &Frame, side: u64) -> u64 {
    let mask = if frame.progressive { 8 } else { 0 };
    frame.blocks() * (2 * side * side + mask)
}

impl Coefficients {
    /// Reads every scan and keeps `side` x `side` coefficients of each block.
    pub fn read(jpeg: &Jpeg<'_>, side: usize) -> Result<Self, Fault> {
        let frame = &jpeg.frame;
        let (units_across, units_down) = frame.units();
        let plane = |part: &Component| {
            let (across, down) = (units_across * part.h, units_down * part.v);
            let blocks = across * down;
            Plane {
                across,
                kept: vec![0; blocks * side * side],
                factors: vec![0.0; side * side],
                nonzero: vec![0; if frame.progressive { blocks } else { 0 }],
                finished: 0,
                is_begun: false,
            }
        };
        let planes = frame.components.iter().map(plane).collect();
        let mut reading = Reading {
            jpeg,
            side,
            places: std::array::from_fn(|order| place(order, side)),
            coefficients: Self { planes },
            dc: Default::default(),
            ac: Default::default(),
            quantisation: [[0; 64]; 4],
            interval: 0,
        };
        for segment in &jpeg.segments {
            reading.segment(segment)?;
        }
        let planes = &reading.coefficients.planes;
        if jpeg.has_end {
            if planes.iter().all(|plane| plane.is_begun) {
                Ok(reading.coefficients)
            } else {
                Err(Fault::Damaged)
            }
        } else if planes.iter().all(|plane| plane.finished == u64::MAX) {
            Ok(reading.coefficients)
        } else {
            // It ends between two scans.
            Err(Fault::EndsEarly)
        }
    }
}

/// Where a coefficient lies among the kept ones.
fn place(order: usize, side: usize) -> Option<u8> {
    let (row, column) = (usize::from(ZIGZAG[order] / 8), usize::from(ZIGZAG[order] % 8));
    (row < side && column < side).then_some((row * side + column) as u8)
}

struct Reading<'a> {
    jpeg: &'a Jpeg<'a>,
    side: usize,
    places: [Option<u8>; 64],
    coefficients: Coefficients,
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    quantisation: [[u16; 64]; 4],
    interval: usize,
}

/// A component as a scan names it.
struct Part {
    plane: usize,
    dc: usize,
    ac: usize,
    predictor: i32,
}

impl Reading<'_> {
    fn segment(&mut self, segment: &Segment) -> Result<(), Fault> {
        let bytes = self.jpeg.bytes;
        let body = bytes.get(segment.body.clone()).ok_or(Fault::Damaged)?;
        match segment.marker {
            DHT => self.huffman(body),
            DQT => self.quantisation(body),
            DRI => {
                let [high, low] = *body else { return Err(Fault::Damaged) };
                self.interval = u16::from_be_bytes([high, low]).into();
                Ok(())
            }
            SOS => {
                let data = bytes.get(segment.body.end..segment.whole.end).ok_or(Fault::Damaged)?;
                self.scan(body, data)
            }
            _ => Ok(()),
        }
    }

    fn huffman(&mut self, mut body: &[u8]) -> Result<(), Fault> {
        while !body.is_empty() {
            let (kind, table, rest) = Table::parse(body)?;
            let tables = match kind >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(Fault::Damaged),
            };
            *tables.get_mut(usize::from(kind & 15)).ok_or(Fault::Damaged)? = Some(table);
            body = rest;
        }
        Ok(())
    }

    fn quantisation(&mut self, mut body: &[u8]) -> Result<(), Fault> {
        while let [kind, rest @ ..] = body {
            let width = match kind >> 4 {
                0 => 1,
                1 => 2,
                _ => return Err(Fault::Damaged),
            };
            let (values, rest) = rest.split_at_checked(64 * width).ok_or(Fault::Damaged)?;
            let table = self.quantisation.get_mut(usize::from(kind & 15)).ok_or(Fault::Damaged)?;
            for (order, value) in values.chunks_exact(width).enumerate() {
                let value = value.iter().fold(0, |value, byte| value << 8 | u16::from(*byte));
                table[usize::from(ZIGZAG[order])] = value;
            }
            body = rest;
        }
        Ok(())
    }

    fn scan(&mut self, head: &[u8], data: &[u8]) -> Result<(), Fault> {
        let (mut parts, band) = self.head(head)?;
        for part in &parts {
            self.begin(part.plane, band);
        }
        let frame = &self.jpeg.frame;
        let (h, v) = frame.most();
        let (units_across, units_down) = match parts.as_slice() {
            // Alone in a scan, a component has no blocks that only fill up a unit.
            [part] => {
                let component = frame.components[part.plane];
                let blocks =
                    |pixels: u32, factor: usize, most: usize| (pixels as usize * factor).div_ceil(8 * most);
                (blocks(frame.width, component.h, h), blocks(frame.height, component.v, v))
            }
            _ => frame.units(),
        };
        let is_alone = parts.len() == 1;
        let mut bits = Bits::new(data);
        let (mut skipped, mut since_restart) = (0, 0);
        for unit in 0..units_across * units_down {
            if self.interval > 0 && since_restart == self.interval {
                bits.restart()?;
                (skipped, since_restart) = (0, 0);
                parts.iter_mut().for_each(|part| part.predictor = 0);
            }
            since_restart += 1;
            let (column, row) = (unit % units_across, unit / units_across);
            for part in &mut parts {
                let component = self.jpeg.frame.components[part.plane];
                let (h, v) = if is_alone { (1, 1) } else { (component.h, component.v) };
                for inner in 0..h * v {
                    let (x, y) = (column * h + inner % h, row * v + inner / h);
                    self.block(&mut bits, part, band, (x, y), &mut skipped)?;
                }
            }
            bits.check()?;
        }
        // Without a mark of its end, zeros that only fill up a file would pass for a picture.
        if !self.jpeg.has_end && bits.left() > MOST_FILLING { Err(Fault::EndsEarly) } else { Ok(()) }
    }

    fn head(&self, head: &[u8]) -> Result<(Vec<Part>, Band), Fault> {
        let [count, rest @ ..] = head else { return Err(Fault::Damaged) };
        let (named, [first, last, approximation]) =
            rest.split_at_checked(2 * usize::from(*count)).ok_or(Fault::Damaged)?
        else {
            return Err(Fault::Damaged);
        };
        let part = |named: &[u8]| {
            let [id, tables] = *named else { return None };
            let plane = self.jpeg.frame.components.iter().position(|component| component.id == id)?;
            Some(Part { plane, dc: (tables >> 4).into(), ac: (tables & 15).into(), predictor: 0 })
        };
        let parts: Vec<Part> =
            named.chunks_exact(2).map(part).collect::<Option<_>>().ok_or(Fault::Damaged)?;
        let is_twice = |at: usize| parts[..at].iter().any(|other| other.plane == parts[at].plane);
        if parts.is_empty() || parts.len() > 4 || (0..parts.len()).any(is_twice) {
            return Err(Fault::Damaged);
        }
        let (high, low) = (approximation >> 4, u32::from(approximation & 15));
        let band = if self.jpeg.frame.progressive {
            Band { first: (*first).into(), last: (*last).into(), refines: high > 0, low }
        } else {
            Band { first: 0, last: 63, refines: false, low: 0 }
        };
        let is_sound = band.first <= band.last
            && band.last < 64
            && band.low < 14
            && (!self.jpeg.frame.progressive || (band.first == 0) == (band.last == 0))
            && (band.first == 0 || parts.len() == 1);
        if is_sound { Ok((parts, band)) } else { Err(Fault::Damaged) }
    }

    /// The tables that are in force at a component's first scan are its own.
    fn begin(&mut self, plane: usize, band: Band) {
        let table = &self.quantisation[self.jpeg.frame.components[plane].table];
        let plane = &mut self.coefficients.planes[plane];
        if band.low == 0 {
            plane.finished |= (band.first..=band.last).fold(0, |orders, order| orders | 1 << order);
        }
        if !plane.is_begun {
            plane.is_begun = true;
            for (at, factor) in plane.factors.iter_mut().enumerate() {
                *factor = table[at / self.side * 8 + at % self.side].into();
            }
        }
    }

    fn block(
        &mut self,
        bits: &mut Bits<'_>,
        part: &mut Part,
        band: Band,
        (x, y): (usize, usize),
        skipped: &mut u32,
    ) -> Result<(), Fault> {
        let table = |tables: &'_ [Option<Table>; 4], at: usize| tables.get(at).is_some_and(Option::is_some);
        let plane = &mut self.coefficients.planes[part.plane];
        let (at, size) = (y * plane.across + x, self.side * self.side);
        let mut unused = 0;
        let mut block = Block {
            kept: plane.kept.get_mut(at * size..(at + 1) * size).ok_or(Fault::Damaged)?,
            places: &self.places,
            nonzero: plane.nonzero.get_mut(at).unwrap_or(&mut unused),
        };
        let needs_dc = band.first == 0 && !band.refines;
        let needs_ac = band.last > 0;
        if needs_dc && !table(&self.dc, part.dc) || needs_ac && !table(&self.ac, part.ac) {
            return Err(Fault::Damaged);
        }
        let (dc, ac) =
            (self.dc.get(part.dc).and_then(Option::as_ref), self.ac.get(part.ac).and_then(Option::as_ref));
        match (band.first, band.refines, dc, ac) {
            (0, true, ..) => {
                refine_dc(bits, band.low, &mut block);
                Ok(())
            }
            (0, false, Some(dc), Some(ac)) if !self.jpeg.frame.progressive => {
                sequential(bits, (dc, ac), &mut part.predictor, &mut block)
            }
            (0, false, Some(dc), _) => first_dc(bits, dc, &mut part.predictor, band.low, &mut block),
            (_, false, _, Some(ac)) => first_ac(bits, ac, band, skipped, &mut block),
            (_, true, _, Some(ac)) => refine_ac(bits, ac, band, skipped, &mut block),
            _ => Err(Fault::Damaged),
        }
    }
}
