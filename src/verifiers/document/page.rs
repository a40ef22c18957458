//! One look at a page: its lines of text, the way up, and the machine-readable zone among them.

use chrono::NaiveDate;

use super::crop_reader::CropReader;
use super::mrz_read::{self, MrzReading, RowLook};
use super::mrz_rows::{self, PageLine, RowGroup};
use super::text_box::TextBox;
use crate::verifiers::runtime::RuntimeError;

/// Cuts of a row, tried in this order until one reads valid.
pub(super) const LOOKS: [RowLook; 4] = [
    RowLook { height: 1.0, margin: 0.3 },
    RowLook { height: 0.85, margin: 0.15 },
    RowLook { height: 1.2, margin: 0.5 },
    RowLook { height: 0.7, margin: 0.0 },
];
/// Least confidence of a character of the names from which they are read once only.
const SURE_NAMES: f32 = 0.9;
/// Mean confidence of a page's lines below which it may lie upside down.
const UPRIGHT_CONFIDENCE: f32 = 0.85;
/// How many guesses of where the rows lie are read on one page.
const MOST_CANDIDATES: usize = 8;
/// Work that the lines of one page may take: some fifty short ones. Of more, the widest are read.
const WORK_OF_LINES: u64 = 18_000;
/// Width over height from which a line may be a piece of a machine-readable zone, when effort is short.
const WIDE_ASPECT: f32 = 4.0;
/// Its least width, as a share of the image's longer side.
const WIDE_SHARE: f32 = 0.1;
/// How many of the widest lines are read both ways to find the way up.
const WAY_UP_LINES: usize = 6;

/// The lines of one page, in the direction in which they read best.
pub(super) struct Page {
    pub(super) lines: Vec<PageLine>,
}

impl Page {
    /// Finds and reads every line.
    pub(super) fn read(reader: &CropReader<'_>, long_side: u32) -> Result<Self, RuntimeError> {
        let boxes = reader.lines(long_side)?;
        Self::read_boxes(reader, &boxes)
    }

    /// Finds every line but reads only those wide enough for a piece of a machine-readable zone.
    pub(super) fn read_wide_lines(
        reader: &CropReader<'_>,
        long_side: u32,
        reversed: bool,
    ) -> Result<Self, RuntimeError> {
        let (width, height) = reader.image().dimensions();
        let least = width.max(height) as f32 * WIDE_SHARE;
        let mut boxes = reader.lines(long_side)?;
        boxes.retain(|found| found.width >= WIDE_ASPECT * found.height && found.width >= least);
        if reversed {
            boxes = boxes.into_iter().map(TextBox::reversed).collect();
        }
        Self::read_boxes(reader, &boxes)
    }

    fn read_boxes(reader: &CropReader<'_>, boxes: &[TextBox]) -> Result<Self, RuntimeError> {
        let mut lines = Vec::new();
        for area in affordable(reader, boxes) {
            if let Some(read) = reader.line(&area)? {
                lines.push(PageLine { area, read });
            }
        }
        Ok(Self { lines })
    }

    /// The page upside down, where a sample of its lines reads better so.
    pub(super) fn turned(&self, reader: &CropReader<'_>) -> Result<Option<Self>, RuntimeError> {
        if self.lines.is_empty() || self.confidence() >= UPRIGHT_CONFIDENCE {
            return Ok(None);
        }
        let mut widest: Vec<&PageLine> = self.lines.iter().collect();
        widest.sort_by(|a, b| b.area.width.total_cmp(&a.area.width));
        widest.truncate(WAY_UP_LINES);
        let sample: Vec<TextBox> = widest.iter().map(|line| line.area.reversed()).collect();
        let reversed = Self::read_boxes(reader, &sample)?.confidence();
        if reversed <= mean_confidence(&widest) {
            return Ok(None);
        }
        let all: Vec<TextBox> = self.lines.iter().map(|line| line.area.reversed()).collect();
        Self::read_boxes(reader, &all).map(Some)
    }

    /// Mean confidence of the lines, longer ones weighing more.
    pub(super) fn confidence(&self) -> f32 {
        mean_confidence(&self.lines.iter().collect::<Vec<_>>())
    }

    /// Every reading of what may be the machine-readable zone of the page; a valid one ends the search.
    pub(super) fn zone(
        &self,
        reader: &CropReader<'_>,
        today: NaiveDate,
    ) -> Result<Vec<MrzReading>, RuntimeError> {
        let mut best: Option<(RowGroup, MrzReading)> = None;
        let mut readings = Vec::new();
        let groups = mrz_rows::find_groups(&self.lines);
        for candidate in groups.into_iter().flat_map(candidates).take(MOST_CANDIDATES) {
            let Some(reading) = mrz_read::read_group(reader, &candidate, LOOKS[0], today)? else {
                continue;
            };
            let is_settled = reading.is_settled();
            readings.push(reading.clone());
            if best.as_ref().is_none_or(|(_, best)| reading.beats(best)) {
                best = Some((candidate, reading));
            }
            if is_settled {
                break;
            }
        }
        if let Some((group, first)) = best {
            readings.extend(look_closer(reader, &group, first, today)?);
        }
        Ok(readings)
    }
}

/// As many of the boxes as may be read, the widest first, in their own order: rows of a zone are the widest lines.
fn affordable(reader: &CropReader<'_>, boxes: &[TextBox]) -> Vec<TextBox> {
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|a, b| boxes[*b].width.total_cmp(&boxes[*a].width).then(a.cmp(b)));
    let mut left = WORK_OF_LINES.min(reader.effort().left());
    let mut chosen: Vec<usize> = order
        .into_iter()
        .take_while(|index| {
            let rest = left.checked_sub(reader.work(&boxes[*index]));
            left = rest.unwrap_or_default();
            rest.is_some()
        })
        .collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|index| boxes[index]).collect()
}

/// Reads rows that an earlier look has found with another recogniser.
pub(super) fn read_again(
    reader: &CropReader<'_>,
    areas: &[TextBox],
    today: NaiveDate,
) -> Result<Vec<MrzReading>, RuntimeError> {
    let group = RowGroup { rows: areas.to_vec() };
    let Some(first) = mrz_read::read_group(reader, &group, LOOKS[0], today)? else {
        return Ok(Vec::new());
    };
    let more = look_closer(reader, &group, first.clone(), today)?;
    Ok(std::iter::once(first).chain(more).collect())
}

/// Cuts the rows in other ways until they read valid, or until two cuts surely say the same.
fn look_closer(
    reader: &CropReader<'_>,
    group: &RowGroup,
    first: MrzReading,
    today: NaiveDate,
) -> Result<Vec<MrzReading>, RuntimeError> {
    let mut best = first;
    let mut readings = Vec::new();
    for look in &LOOKS[1..] {
        if best.is_settled() {
            break;
        }
        if let Some(mut next) = mrz_read::read_group(reader, group, *look, today)? {
            next.confirmed = next.confirms(&best);
            if next.confirmed || next.beats(&best) {
                best = next.clone();
            }
            readings.push(next);
        }
    }
    Ok(readings)
}

fn mean_confidence(lines: &[&PageLine]) -> f32 {
    let weight: f32 = lines.iter().map(|line| line.area.width).sum();
    let sum: f32 = lines.iter().map(|line| line.area.width * line.read.confidence()).sum();
    sum / weight.max(1.0)
}

/// Reads unsure names again, in several cuts that vote.
pub(super) fn make_names_sure(
    reader: &CropReader<'_>,
    reading: &mut MrzReading,
    today: NaiveDate,
) -> Result<(), RuntimeError> {
    let names = &reading.confidences[reading.format.name_row()];
    if names.iter().copied().fold(1.0, f32::min) < SURE_NAMES {
        mrz_read::vote_on_names(reader, reading, &LOOKS, today)?;
    }
    Ok(())
}

fn candidates(group: RowGroup) -> Vec<RowGroup> {
    let fewer = [group.last_two(), group.first_two()].into_iter().flatten();
    let more = group.with_third_row();
    let others: Vec<RowGroup> = fewer.chain(more).collect();
    std::iter::once(group).chain(others).collect()
}
