//! Which of the faces in an image is the portrait of the document that was read there.
//!
//! A machine-readable zone says where its document lies: ICAO 9303 fixes the size of the page and where on it the rows stand.
//! The portrait has to be on that page. Without a zone the size of the print says how large a portrait can be. What remains
//! is a face that is no part of the document: of whom nobody knows, beside whose name.

use super::{DocumentReading, ReadField, ReadZone};
use crate::face::{DocumentFace, FaceBox, FaceFinding, FaceProblem};
use crate::mrz::MrzFormat;
use crate::policy::FaceRules;
use crate::score::Score;

/// Millimetres from one character to the next, and from one row to the next (ICAO 9303 part 3, 4.2).
const CHARACTER: f32 = 2.54;
const ROW: f32 = 6.35;
/// Millimetres from the middle of a zone to the lower edge of its page.
const BELOW: f32 = 12.8;
/// Widths of the face on a portrait, in millimetres. It is 35 millimetres wide at most and filled by the face; those of 22
/// specimens were 14 to 22.
const PORTRAIT_WIDTHS: std::ops::Range<f32> = 8.0..32.0;
/// Where on its page the middle of a portrait stands that is at the left, in widths of the page from its middle: at -0.36 to -0.29
/// on 16 specimens.
const PORTRAIT_ZONE: std::ops::Range<f32> = -0.45..-0.2;
/// By how much the two measures of a zone's scale, length and distance of its rows, may differ.
const SCALE_AGREES: std::ops::Range<f32> = 0.8..1.25;
/// Where no zone gives the scale: the largest portrait, in heights of the lines of print.
const WIDEST_IN_LINES: f32 = 14.0;
/// A face beside the page that is this wide, in widths of the portrait, is no poster at the back.
const BESIDE: f32 = 0.5;
/// The holder's own picture on the facing page is not larger than the portrait by more than this.
const FACING_PAGE: f32 = 1.2;
/// Another face on the document that is this wide, in widths of the portrait, is compared with it: from the first on it is
/// somebody else where the two are clearly unlike, from the second on where they do not match.
const GHOST: f32 = 0.5;
const AS_LARGE: f32 = 0.75;

/// Where a page lies in an image, in pixels; it may reach beyond the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageArea {
    /// The middle of the page.
    pub centre: (f32, f32),
    /// Unit vector in the direction of reading.
    pub along: (f32, f32),
    /// Width and height of the page.
    pub size: (f32, f32),
    /// Pixels per millimetre.
    pub scale: f32,
    /// Whether the portrait stands at the left of the page: on all but cards of credit-card size, whose zone is mostly on the
    /// back (ICAO 9303 parts 4 to 7, zone V).
    pub portrait_left: bool,
}

impl PageArea {
    /// The page on which a reading's zone stands; none without a zone, or where its check digits do not say that it is one.
    pub fn of(reading: &DocumentReading) -> Option<Self> {
        let zone = &reading.mrz.as_ref()?.mrz;
        let digits = zone.check_digits();
        let right = digits.iter().filter(|digit| digit.ok()).count();
        if right * 2 <= digits.iter().count() {
            return None;
        }
        let (width, height) = (reading.quality.width as f32, reading.quality.height as f32);
        let rows: Vec<Row> = reading
            .zones
            .iter()
            .filter(|zone| zone.field == ReadField::MrzRow)
            .map(|zone| Row::of(zone, (width, height)))
            .collect();
        Self::around(&rows, zone.format())
    }

    fn around(rows: &[Row], format: MrzFormat) -> Option<Self> {
        let (first, last) = (rows.first()?, rows.last()?);
        let count = rows.len() as f32;
        let mean = |of: fn(&Row) -> f32| rows.iter().map(of).sum::<f32>() / count;
        let (x, y) = (mean(|row| row.along.0), mean(|row| row.along.1));
        let length = x.hypot(y);
        let along = (x / length, y / length);
        let down = (-along.1, along.0);
        let middle = (mean(|row| row.centre.0), mean(|row| row.centre.1));
        let between = (last.centre.0 - first.centre.0, last.centre.1 - first.centre.1);
        let pitch = (between.0 * down.0 + between.1 * down.1) / (count - 1.0).max(1.0);
        let by_length = mean(|row| row.width) / (format.row_length() as f32 * CHARACTER);
        let by_distance = pitch / ROW;
        // Detectors lose the fillers at the end of rows, and one of two rows may have been a guess: the larger page then.
        let scale = if SCALE_AGREES.contains(&(by_length / by_distance)) {
            f32::midpoint(by_length, by_distance)
        } else {
            by_length.max(by_distance)
        };
        let (wide, high) = page_size(format);
        let up = (high / 2.0 - BELOW) * scale;
        // Rows that are too short lost their end, not their beginning.
        let missing = format.row_length() as f32 * CHARACTER * scale - mean(|row| row.width);
        let right = if by_length / by_distance < SCALE_AGREES.start { missing / 2.0 } else { 0.0 };
        let centre = (middle.0 + along.0 * right - down.0 * up, middle.1 + along.1 * right - down.1 * up);
        let portrait_left = format != MrzFormat::Td1;
        let area = Self { centre, along, size: (wide * scale, high * scale), scale, portrait_left };
        (length.is_finite() && length > 0.0 && scale.is_finite() && scale > 0.0).then_some(area)
    }

    /// Where a point lies as seen from the middle of the page, in its widths and heights.
    fn relative(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        let (along, down) = (self.along, (-self.along.1, self.along.0));
        ((dx * along.0 + dy * along.1) / self.size.0, (dx * down.0 + dy * down.1) / self.size.1)
    }

    /// Whether a point of the image, in pixels, lies on the page.
    pub fn contains(&self, point: (f32, f32)) -> bool {
        let (x, y) = self.relative(point);
        x.abs() < 0.5 && y.abs() < 0.5
    }

    /// Whether a face of a portrait's size lies where the page may have one, upright on it.
    fn holds(&self, face: &Seen<'_>) -> bool {
        self.is_portraits(face.centre)
            && PORTRAIT_WIDTHS.contains(&(face.width / self.scale))
            && face.stands_on(self.along)
    }

    /// Whether the middle of a portrait may lie there.
    fn is_portraits(&self, point: (f32, f32)) -> bool {
        self.contains(point) && (!self.portrait_left || PORTRAIT_ZONE.contains(&self.relative(point).0))
    }
}

/// A row of a zone in pixels.
struct Row {
    centre: (f32, f32),
    along: (f32, f32),
    width: f32,
}

impl Row {
    fn of(zone: &ReadZone, (width, height): (f32, f32)) -> Self {
        let [top_left, top_right, bottom_right, bottom_left] =
            zone.corners.map(|place| (share(place.x) * width, share(place.y) * height));
        let middle = |one: (f32, f32), other: (f32, f32)| {
            (f32::midpoint(one.0, other.0), f32::midpoint(one.1, other.1))
        };
        let (left, right) = (middle(top_left, bottom_left), middle(top_right, bottom_right));
        let (dx, dy) = (right.0 - left.0, right.1 - left.1);
        let width = dx.hypot(dy);
        let unit = width.max(f32::EPSILON);
        Self { centre: middle(left, right), along: (dx / unit, dy / unit), width }
    }
}

/// Width and height of the page, in millimetres (ICAO 9303 parts 4 to 7).
const fn page_size(format: MrzFormat) -> (f32, f32) {
    match format {
        MrzFormat::Td1 => (85.6, 54.0),
        MrzFormat::Td2 | MrzFormat::MrvB | MrzFormat::FrenchId => (105.0, 74.0),
        MrzFormat::Td3 => (125.0, 88.0),
        MrzFormat::MrvA => (120.0, 80.0),
    }
}

fn share(score: Score) -> f32 {
    f32::from(score.steps()) / 10_000.0
}

/// A face with its place in pixels.
struct Seen<'a> {
    face: &'a DocumentFace,
    centre: (f32, f32),
    width: f32,
}

impl<'a> Seen<'a> {
    fn of(face: &'a DocumentFace, (width, height): (f32, f32)) -> Option<Self> {
        let FaceBox { left, top, width: wide, height: high } = face.finding.face?;
        let (wide, high) = (share(wide) * width, share(high) * height);
        let centre = (share(left) * width + wide / 2.0, share(top) * height + high / 2.0);
        // Boxes are higher than wide; of a face that lies on its side the box lies too.
        Some(Self { face, centre, width: wide.min(high) })
    }

    /// Whether the face is upright for whoever reads in this direction, give or take 60 degrees.
    fn stands_on(&self, along: (f32, f32)) -> bool {
        let upright_along = match self.face.quarter_turns % 4 {
            0 => (1.0, 0.0),
            1 => (0.0, -1.0),
            2 => (-1.0, 0.0),
            _ => (0.0, 1.0),
        };
        along.0 * upright_along.0 + along.1 * upright_along.1 > 0.5
    }

    fn likeness(&self, other: &Self) -> Option<Score> {
        let (one, two) = (self.face.finding.template.as_ref()?, other.face.finding.template.as_ref()?);
        Some(one.similarity(two))
    }
}

/// The page on which the portrait has to stand: that of the zone, unless it is the back of a card whose front lies beside it and
/// repeats what the zone says.
fn page_of_portrait<'a>(
    page: Option<&'a PageArea>,
    faces: &[Seen<'_>],
    reading: &DocumentReading,
) -> Option<&'a PageArea> {
    page.filter(|page| !reading.front_beside || faces.iter().any(|face| page.holds(face)))
}

/// Whether the page of a zone shows no portrait so far, so that looking at it closely is worth the while.
pub fn lacks_portrait(page: &PageArea, faces: &[DocumentFace], reading: &DocumentReading) -> bool {
    !seen(faces, reading).iter().any(|face| page.holds(face))
}

/// The portrait among the faces of a document's image. A face that is no part of the document is a problem of the finding.
pub fn portrait_of(
    faces: &[DocumentFace],
    page: Option<&PageArea>,
    reading: &DocumentReading,
    rules: &FaceRules,
) -> FaceFinding {
    let seen = seen(faces, reading);
    let page = page_of_portrait(page, &seen, reading);
    let may_be = |face: &&Seen<'_>| match page {
        Some(page) => page.holds(face),
        None => face.width <= widest_without_zone(reading),
    };
    let widest = |sure: bool| {
        let among = seen.iter().filter(may_be).filter(|face| face.face.sure || !sure);
        among.max_by(|one, other| one.width.total_cmp(&other.width))
    };
    let Some(portrait) = widest(true).or_else(|| widest(false)) else {
        let is_foreign = seen.iter().any(|face| face.face.sure && is_portrait_sized(face, page));
        let problems = [Some(FaceProblem::NoFace), is_foreign.then_some(FaceProblem::NotOnDocument)];
        let problems = problems.into_iter().flatten().collect();
        return FaceFinding { template: None, problems, face: None, live: None };
    };
    let mut finding = portrait.face.finding.clone();
    let others = seen.iter().filter(|face| !std::ptr::eq(*face, portrait) && face.face.sure);
    if others.into_iter().any(|face| is_foreign(face, portrait, page, rules)) {
        finding.problems.push(FaceProblem::NotOnDocument);
    }
    finding
}

fn seen<'a>(faces: &'a [DocumentFace], reading: &DocumentReading) -> Vec<Seen<'a>> {
    let size = (reading.quality.width as f32, reading.quality.height as f32);
    faces.iter().filter_map(|face| Seen::of(face, size)).collect()
}

/// Whether a face that is not the portrait belongs to somebody who has no business on the document.
fn is_foreign(face: &Seen<'_>, portrait: &Seen<'_>, page: Option<&PageArea>, rules: &FaceRules) -> bool {
    let relative = face.width / portrait.width.max(f32::EPSILON);
    let likeness = face.likeness(portrait);
    let is_holder = likeness.is_some_and(|score| score >= rules.match_threshold);
    if page.is_some_and(|page| !page.contains(face.centre)) {
        return relative >= BESIDE && !(is_holder && relative <= FACING_PAGE);
    }
    // Patterns of pages hold faces too: the Marianne of French passports is nearly as large as the portrait.
    if page.is_some_and(|page| !page.is_portraits(face.centre)) {
        return relative >= 1.0 && !is_holder;
    }
    let is_unlike = likeness.is_some_and(|score| score < rules.reject_below);
    let is_clear = face.face.finding.good_quality() && portrait.face.finding.good_quality();
    // Without a page nothing says that the smaller one of two is the ghost: the larger may lie beside the document.
    let least = if page.is_some() { GHOST } else { 0.0 };
    (relative >= AS_LARGE && !is_holder) || (relative >= least && is_unlike && is_clear)
}

/// Whether a face is as large as portraits are, where there is none to compare it with.
fn is_portrait_sized(face: &Seen<'_>, page: Option<&PageArea>) -> bool {
    page.is_none_or(|page| face.width / page.scale >= PORTRAIT_WIDTHS.start)
}

fn widest_without_zone(reading: &DocumentReading) -> f32 {
    reading.quality.text_height.map_or(f32::INFINITY, |height| height as f32 * WIDEST_IN_LINES)
}

#[cfg(test)]
mod tests;
