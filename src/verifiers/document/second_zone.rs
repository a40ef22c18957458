//! Whether an image shows a machine-readable zone beside the one that was read: another document lies there.
//!
//! A row is enough, and most of one, for the other document may be covered, cut or out of focus. What it says does not matter,
//! unless it repeats the zone that was read.

use super::mrz_read::MrzReading;
use super::mrz_rows::{self, PageLine};
use super::text_box::TextBox;
use crate::verifiers::runtime::RuntimeError;

/// Lines of one zone are not further apart than this, in heights of its rows, and overlap.
const OF_ONE_ZONE: f32 = 3.2;
/// Width over height from which a line may be a row, or the half of one.
const LONG: f32 = 9.0;
/// Mean confidence of a line below which it may have been read upside down.
const UPRIGHT: f32 = 0.8;
/// How many lines are read again upside down.
const MOST_REVERSED: usize = 6;
/// Share of the characters of a row that have to be those of the zone for it to be the same row.
const SAME: f32 = 0.8;

/// Looks among the lines of a page; `read` reads one that lies in another direction than it was found.
pub(super) fn is_seen(
    lines: &[PageLine],
    zone: &MrzReading,
    read: impl Fn(&TextBox) -> Result<Option<PageLine>, RuntimeError>,
) -> Result<bool, RuntimeError> {
    let apart = |line: &&PageLine| zone.areas.iter().all(|row| !is_beside(row, &line.area));
    let mut apart: Vec<&PageLine> = lines.iter().filter(apart).collect();
    let is_other = |line: &PageLine| mrz_rows::may_be_row(&line.read) && !repeats(line, zone);
    if apart.iter().any(|line| is_other(line)) {
        return Ok(true);
    }
    apart.retain(|line| line.area.width >= LONG * line.area.height && line.read.confidence() < UPRIGHT);
    apart.sort_by(|a, b| b.area.width.total_cmp(&a.area.width));
    for line in apart.into_iter().take(MOST_REVERSED) {
        if read(&line.area.reversed())?.is_some_and(|line| is_other(&line)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a line belongs to the zone of which `row` is one: in reach above or below it, or a piece of it.
fn is_beside(row: &TextBox, line: &TextBox) -> bool {
    let (along, down) = row.relative(line.centre);
    // A line that runs another way is no row of this zone, but may cross its box.
    let reach = if row.alignment(line).abs() > 0.9 { OF_ONE_ZONE } else { 0.5 };
    down.abs() < reach * row.height && along.abs() < (row.width + line.width) / 2.0
}

fn repeats(line: &PageLine, zone: &MrzReading) -> bool {
    let text = line.read.mrz.greedy();
    zone.rows.iter().any(|row| {
        // Fillers that both have say nothing: rows of short names are mostly fillers.
        let told: Vec<_> = text.bytes().zip(row.bytes()).filter(|pair| *pair != (b'<', b'<')).collect();
        let same = told.iter().filter(|(one, other)| one == other).count();
        same as f32 >= SAME * told.len() as f32
    })
}
