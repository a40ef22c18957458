//! Finds where the machine-readable zone lies among the lines of a page: two or three parallel rows of its alphabet.
//!
//! It decides from shape and alphabet alone; what the rows say is read elsewhere.

use super::ctc;
use super::text_box::TextBox;
use super::text_recognise::RecognisedLine;

/// Cosine of the largest angle between rows of one zone (about 8 degrees).
const PARALLEL: f32 = 0.99;
/// Rows of one zone differ in height at most by this ratio.
const HEIGHT_RATIO: f32 = 2.2;
/// Distance of neighbouring rows, in heights of a box (detectors grow boxes by half a line or more).
const ROW_DISTANCE: std::ops::Range<f32> = 0.45..3.2;
/// Rows closer than this, in heights, are pieces of one row.
const SAME_ROW: f32 = 0.45;
/// Distance of rows over the length of a row, by ICAO 9303: rows of 6.35 mm, characters of 2.54 mm.
const PITCH_OF_ROWS: f32 = 6.35 / 2.54;

/// A line found on the page, with what was read there.
pub(super) struct PageLine {
    pub(super) area: TextBox,
    pub(super) read: RecognisedLine,
}

/// Rows of one supposed zone, from top to bottom, all of the same extent.
#[derive(Clone)]
pub(super) struct RowGroup {
    pub(super) rows: Vec<TextBox>,
}

/// How much a line looks like a row of a machine-readable zone.
struct RowLook {
    characters: usize,
    fillers: usize,
    digits: usize,
    foreign: usize,
}

impl RowLook {
    fn of(line: &RecognisedLine) -> Self {
        let row = line.mrz.greedy();
        let count = |wanted: fn(u8) -> bool| row.bytes().filter(|byte| wanted(*byte)).count();
        let foreign = line.text.chars().filter(|c| !c.is_whitespace() && !ctc::is_mrz_like(*c)).count();
        Self {
            characters: row.len(),
            fillers: count(|byte| byte == b'<'),
            digits: count(|byte| byte.is_ascii_digit()),
            foreign,
        }
    }

    /// Sure enough to start a zone from.
    const fn is_row(&self) -> bool {
        let long = self.characters >= 18 && self.foreign * 4 <= self.characters;
        long && (self.fillers >= 3 || self.digits >= 12 && self.characters >= 26)
    }

    /// May be a piece of a row, or a row beside a sure one.
    const fn is_piece(&self) -> bool {
        self.characters >= 3 && self.foreign * 3 <= self.characters
    }

    const fn weight(&self) -> usize {
        self.characters + 2 * self.fillers + self.digits
    }
}

/// Whether a line may be a row of some zone, or a good half of one.
pub(super) fn may_be_row(read: &RecognisedLine) -> bool {
    let look = RowLook::of(read);
    // Rows hold no blanks; print does, and its strokes and bars are read as fillers.
    if read.text.chars().filter(|c| c.is_whitespace()).count() > 1 {
        return false;
    }
    let is_filled = look.fillers >= 3;
    let is_data = look.digits >= 8 && look.characters >= 20;
    look.characters >= 14 && look.foreign * 8 <= look.characters && (is_filled || is_data)
}

/// The supposed zones of a page, the most row-like first; at most three.
pub(super) fn find_groups(lines: &[PageLine]) -> Vec<RowGroup> {
    let looks: Vec<RowLook> = lines.iter().map(|line| RowLook::of(&line.read)).collect();
    let mut seeds: Vec<usize> = (0..lines.len()).filter(|index| looks[*index].is_row()).collect();
    seeds.sort_by_key(|index| std::cmp::Reverse(looks[*index].weight()));
    let pieces: Vec<TextBox> =
        (0..lines.len()).filter(|index| looks[*index].is_piece()).map(|index| lines[index].area).collect();
    let mut groups: Vec<RowGroup> = Vec::new();
    for seed in seeds {
        let area = lines[seed].area;
        if groups.len() < 3 && !groups.iter().any(|group| group.covers(&area)) {
            groups.extend(RowGroup::around(area, &pieces));
        }
    }
    groups
}

impl RowGroup {
    fn covers(&self, area: &TextBox) -> bool {
        self.rows.iter().any(|row| {
            let (along, down) = row.relative(area.centre);
            down.abs() < row.height * SAME_ROW && along.abs() < row.width / 2.0
        })
    }

    /// Collects the rows above and below a sure one; alternatives differ in what is taken for a row.
    fn around(seed: TextBox, pieces: &[TextBox]) -> Vec<Self> {
        let first = joined(seed, pieces);
        let above = neighbours(first, pieces, -1.0);
        let below = neighbours(first, pieces, 1.0);
        let mut rows: Vec<TextBox> = above.into_iter().rev().chain([first]).chain(below).collect();
        if rows.len() == 1 {
            return Self::with_missing_row(first);
        }
        rows = of_same_extent(&rows);
        if rows.len() <= 3 {
            return vec![Self { rows }];
        }
        // More parallel lines than a zone has: the one it was built around is among the last three of them, or not.
        let last = rows.split_off(rows.len() - 3);
        vec![Self { rows: last }]
    }

    /// One row alone: the detector has missed its neighbour, which lies a known distance above or below.
    fn with_missing_row(row: TextBox) -> Vec<Self> {
        [44.0, 36.0]
            .into_iter()
            .flat_map(|length| {
                let pitch = row.width / length * PITCH_OF_ROWS;
                [vec![row.moved(0.0, -pitch), row], vec![row, row.moved(0.0, pitch)]]
            })
            .map(|rows| Self { rows })
            .collect()
    }

    /// The last two of three rows: the line above a zone of two rows may look like a row.
    pub(super) fn last_two(&self) -> Option<Self> {
        (self.rows.len() == 3).then(|| Self { rows: self.rows[1..].to_vec() })
    }

    /// The first two of three rows.
    pub(super) fn first_two(&self) -> Option<Self> {
        (self.rows.len() == 3).then(|| Self { rows: self.rows[..2].to_vec() })
    }

    /// Two rows and the place of a third one, below or above.
    pub(super) fn with_third_row(&self) -> Vec<Self> {
        let [upper, lower] = self.rows[..] else { return Vec::new() };
        let (_, pitch) = upper.relative(lower.centre);
        vec![
            Self { rows: vec![upper, lower, lower.moved(0.0, pitch)] },
            Self { rows: vec![upper.moved(0.0, -pitch), upper, lower] },
        ]
    }
}

fn alike(a: &TextBox, b: &TextBox) -> bool {
    let ratio = a.height / b.height.max(1.0);
    a.alignment(b) > PARALLEL && ratio < HEIGHT_RATIO && ratio > 1.0 / HEIGHT_RATIO
}

/// A row with the pieces that continue it to the left and right.
fn joined(seed: TextBox, pieces: &[TextBox]) -> TextBox {
    let mut row = seed;
    let mut rest: Vec<&TextBox> = pieces.iter().filter(|piece| alike(&seed, piece)).collect();
    rest.sort_by(|a, b| {
        let distance = |piece: &TextBox| seed.relative(piece.centre).0.abs();
        distance(a).total_cmp(&distance(b))
    });
    for piece in rest {
        let (along, down) = row.relative(piece.centre);
        let gap = along.abs() - (row.width + piece.width) / 2.0;
        if down.abs() < row.height * SAME_ROW && gap < row.height * 3.0 {
            let left = (-row.width / 2.0).min(along - piece.width / 2.0);
            let right = (row.width / 2.0).max(along + piece.width / 2.0);
            row = row.spanning(left, right);
        }
    }
    row
}

/// Rows on one side of `first`, the nearest first, each at a plausible distance of the one before.
fn neighbours(first: TextBox, pieces: &[TextBox], side: f32) -> Vec<TextBox> {
    let mut found: Vec<TextBox> = Vec::new();
    let mut last = first;
    while found.len() < 3 {
        let next = pieces
            .iter()
            .filter(|piece| alike(&first, piece) && piece.width > piece.height * 2.5)
            .filter_map(|piece| {
                let (along, down) = last.relative(piece.centre);
                let overlaps = along.abs() < (last.width + piece.width) / 2.0;
                let distance = down * side / last.height.max(1.0);
                (overlaps && ROW_DISTANCE.contains(&distance)).then_some((distance, piece))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, piece)) = next else { break };
        let row = joined(*piece, pieces);
        // A short text in reach is the printed zone, not a row.
        if row.width < first.width * 0.3 {
            break;
        }
        last = row;
        found.push(row);
    }
    found
}

/// Rows stretched to the union of their extents: detectors drop runs of fillers.
fn of_same_extent(rows: &[TextBox]) -> Vec<TextBox> {
    let longest = rows.iter().copied().max_by(|a, b| a.width.total_cmp(&b.width));
    let Some(longest) = longest else { return Vec::new() };
    let ends = |row: &TextBox| {
        let (middle, _) = longest.relative(row.centre);
        (middle - row.width / 2.0, middle + row.width / 2.0)
    };
    let left = rows.iter().map(|row| ends(row).0).fold(f32::MAX, f32::min);
    let right = rows.iter().map(|row| ends(row).1).fold(f32::MIN, f32::max);
    rows.iter()
        .map(|row| {
            // A short piece has a poor direction of its own: the longest row's is better.
            let straight =
                if row.width < longest.width * 0.7 { TextBox { along: longest.along, ..*row } } else { *row };
            let (middle, _) = longest.relative(row.centre);
            straight.spanning(left - middle, right - middle)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(x: f32, y: f32, width: f32) -> TextBox {
        TextBox::from_corners([(x, y), (x + width, y), (x + width, y + 20.0), (x, y + 20.0)])
    }

    #[test]
    fn rows_are_stretched_to_the_longest() {
        let rows = of_same_extent(&[row(10.0, 0.0, 300.0), row(10.0, 30.0, 600.0)]);
        assert!(rows.iter().all(|row| (row.width - 600.0).abs() < 0.1));
        assert!((rows[0].centre.0 - rows[1].centre.0).abs() < 0.1);
    }

    #[test]
    fn a_row_in_two_pieces_is_joined() {
        let pieces = [row(0.0, 0.0, 100.0), row(120.0, 2.0, 100.0), row(0.0, 40.0, 100.0)];
        let whole = joined(pieces[0], &pieces);
        assert!((whole.width - 220.0).abs() < 0.1);
    }

    #[test]
    fn neighbours_are_parallel_and_near() {
        let pieces =
            [row(0.0, 0.0, 300.0), row(0.0, 30.0, 300.0), row(0.0, 300.0, 300.0), row(0.0, 60.0, 40.0)];
        let group = RowGroup::around(pieces[0], &pieces);
        assert_eq!(group.len(), 1);
        assert_eq!(group[0].rows.len(), 2);
    }

    #[test]
    fn a_lonely_row_is_given_a_place_for_its_neighbour() {
        let lonely = row(0.0, 100.0, 440.0);
        let groups = RowGroup::around(lonely, &[lonely]);
        assert!(groups.iter().all(|group| group.rows.len() == 2));
        let below = groups[1].rows[1].centre.1;
        assert!((below - 110.0 - 25.0).abs() < 1.0, "{below}");
    }
}
