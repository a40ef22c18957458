//! Synthesises liveness frames from one picture: a head that turns, eyes that blink, a camera held by hand.
//!
//! The head is an ellipsoid fitted to the face box and re-projected; the eyelids are stretched over the eyes. Whoever
//! shows these frames to a person says that they are synthetic.

use image::RgbImage;
use rand::RngExt;
use rand::rngs::StdRng;

use super::pixels::{expose, remap, smoothstep};
use super::portrait::{FoundFace, Subject};

/// Which way a head turns, as the person means it: their left is on the right of an unmirrored picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// To the person's left.
    Left,
    /// To the person's right.
    Right,
}

impl Turn {
    /// The other way.
    pub fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// What the person does before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Looks ahead, turns the head by about 35 degrees and comes half-way back.
    HeadTurn(Turn),
    /// Looks ahead and closes both eyes once.
    Blink,
    /// Only looks ahead.
    Still,
}

/// Degrees of yaw, frame by frame.
const TURNING: [f32; 12] = [0.0, 0.0, 3.0, 8.0, 15.0, 22.0, 28.0, 33.0, 36.0, 35.0, 27.0, 16.0];
/// How far the lids are closed, frame by frame: 0 open, 1 shut.
const BLINKING: [f32; 12] = [0.0, 0.0, 0.0, 0.0, 0.45, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0];

/// Twelve frames in the order in which a camera would have taken them, unmirrored.
pub fn frames(subject: &Subject, motion: Motion, rng: &mut StdRng) -> Vec<RgbImage> {
    (0..TURNING.len())
        .map(|index| match motion {
            Motion::HeadTurn(Turn::Left) => frame(subject, TURNING[index], 0.0, rng),
            Motion::HeadTurn(Turn::Right) => frame(subject, -TURNING[index], 0.0, rng),
            Motion::Blink => frame(subject, 0.0, BLINKING[index], rng),
            Motion::Still => frame(subject, 0.0, 0.0, rng),
        })
        .collect()
}

/// Frames of [`feed`] a second.
pub const FEED_RATE: usize = 10;
/// Frames of a feed before the motion begins: the page counts down for three seconds, and needs a second of rest first.
const BEFORE: usize = 42;
/// Frames that the motion takes, back to where it began.
const DURING: usize = 28;
/// Frames after it.
const AFTER: usize = 80;
/// Frames at rest that are different; they come again and again.
const RESTING: usize = 20;

/// What a camera sees of a person who looks ahead for some seconds, makes the motion once, and looks ahead again: pictures, and
/// the order in which they come.
pub fn feed(subject: &Subject, motion: Motion, rng: &mut StdRng) -> (Vec<RgbImage>, Vec<usize>) {
    let mut pictures: Vec<RgbImage> = (0..RESTING).map(|_| frame(subject, 0.0, 0.0, rng)).collect();
    let strength = |series: &[f32; 12], index: usize| {
        let at = index as f32 / DURING as f32 * series.len() as f32;
        let value = |index: usize| series.get(index).copied().unwrap_or(0.0);
        let (before, part) = (at as usize, at.fract());
        value(before) * (1.0 - part) + value(before + 1) * part
    };
    for index in 0..DURING {
        let (yaw, closed) = match motion {
            Motion::HeadTurn(Turn::Left) => (strength(&TURNING, index), 0.0),
            Motion::HeadTurn(Turn::Right) => (-strength(&TURNING, index), 0.0),
            Motion::Blink => (0.0, strength(&BLINKING, index)),
            Motion::Still => (0.0, 0.0),
        };
        pictures.push(frame(subject, yaw, closed, rng));
    }
    let rest = |count: usize| (0..count).map(|index| index % RESTING);
    let order = rest(BEFORE).chain(RESTING..RESTING + DURING).chain(rest(AFTER)).collect();
    (pictures, order)
}

/// One frame: yaw in degrees (positive to the person's left), lids from 0 (open) to 1 (shut).
fn frame(subject: &Subject, yaw: f32, closed: f32, rng: &mut StdRng) -> RgbImage {
    let hand = (rng.random_range(-3.0..3.0), rng.random_range(-3.0..3.0));
    let zoom: f32 = rng.random_range(0.992..1.008);
    let head = Head::of(&subject.face);
    let lids = Lid::pair(&subject.face);
    let (cx, cy) = subject.face.centre();
    let mut image = remap(&subject.image, subject.image.dimensions(), |x, y| {
        let steady = (cx + (x - cx - hand.0) / zoom, cy + (y - cy - hand.1) / zoom);
        let front = head.seen_from_front(steady, yaw);
        lids.iter().fold(front, |point, lid| lid.opened(point, closed))
    });
    if closed > 0.0 {
        draw_lashes(&mut image, &lids, closed);
    }
    expose(&mut image, rng.random_range(0.97..1.03), 2.0, rng);
    image
}

fn draw_lashes(image: &mut RgbImage, lids: &[Lid; 2], closed: f32) {
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let light: f32 = lids.iter().map(|lid| 1.0 - lid.lashes((x as f32, y as f32), closed)).product();
        pixel.0 = pixel.0.map(|channel| (f32::from(channel) * light) as u8);
    }
}

/// The head as an ellipsoid: centre and half-axes in pixels.
struct Head {
    centre: (f32, f32),
    across: f32,
    along: f32,
}

impl Head {
    /// The box spans forehead to chin and cheek to cheek; the skull reaches further up and out to the hair.
    fn of(face: &FoundFace) -> Self {
        let (x, y) = face.centre();
        Self { centre: (x, y - 0.08 * face.height), across: face.width * 0.65, along: face.height * 0.8 }
    }

    /// Where a point of the turned head was when it looked ahead. Outside the skull the motion fades out.
    fn seen_from_front(&self, (x, y): (f32, f32), yaw: f32) -> (f32, f32) {
        let (sine, cosine) = yaw.to_radians().sin_cos();
        let (u, v) = ((x - self.centre.0) / self.across, (y - self.centre.1) / self.along);
        let radius = u.hypot(v);
        let depth = (1.0 - radius * radius).max(0.0).sqrt();
        let held = smoothstep(1.7, 0.9, radius);
        let shrunk = 1.0 + (cosine - 1.0) * held;
        (self.centre.0 + self.across * (u * shrunk - depth * sine), y)
    }
}

/// The lids of one eye; lengths are shares of the distance between the eyes (adult means: slit 30 x 10 of 63 mm).
struct Lid {
    eye: (f32, f32),
    distance: f32,
    /// Cosine and sine of the line through both eyes.
    axis: (f32, f32),
}

/// Half the slit's width.
const HALF_SLIT: f32 = 0.27;
/// From the slit's middle up to the skin below the brow.
const BROW: f32 = 0.24;
/// From the slit's middle up or down to the edge of an open lid.
const OPEN_EDGE: f32 = 0.095;

impl Lid {
    fn pair(face: &FoundFace) -> [Self; 2] {
        let [left, right, ..] = face.points;
        let distance = face.eye_distance();
        let axis = ((right.0 - left.0) / distance, (right.1 - left.1) / distance);
        [left, right].map(|eye| Self { eye, distance, axis })
    }

    /// Along and across the line through the eyes, in shares of their distance.
    fn local(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (dx, dy) = ((x - self.eye.0) / self.distance, (y - self.eye.1) / self.distance);
        (dx * self.axis.0 + dy * self.axis.1, dy * self.axis.0 - dx * self.axis.1)
    }

    /// Height of the arch of the lids beside the slit's middle: 1 there, 0 at the corners and beyond.
    fn arch(along: f32) -> f32 {
        (1.0 - (along / HALF_SLIT).powi(2)).max(0.0)
    }

    /// Where the upper lid's edge is, `closed` from 0 (open) to 1 (shut).
    fn edge(along: f32, closed: f32) -> f32 {
        Self::arch(along) * OPEN_EDGE * (1.85 * closed - 1.0)
    }

    /// Where a point of the half-shut eye was when it was open.
    ///
    /// The skin between brow and lid is stretched down over the eye; what was visible is squeezed onto the lower lid.
    fn opened(&self, point: (f32, f32), closed: f32) -> (f32, f32) {
        let (along, down) = self.local(point);
        let lower = Self::arch(along) * OPEN_EDGE;
        if closed <= 0.0 || lower <= 0.0 || down <= -BROW || down >= lower {
            return point;
        }
        let edge = Self::edge(along, closed);
        let opened = if down < edge {
            -BROW + (down + BROW) * (BROW - lower) / (BROW + edge)
        } else {
            -lower + (down - edge) * 2.0 * lower / (lower - edge)
        };
        let moved = (opened - down) * self.distance;
        (point.0 - moved * self.axis.1, point.1 + moved * self.axis.0)
    }

    /// How dark the lashes make a point: 0 not at all, 1 black.
    fn lashes(&self, point: (f32, f32), closed: f32) -> f32 {
        let (along, down) = self.local(point);
        let off = (down - Self::edge(along, closed)) / 0.022;
        0.75 * closed * Self::arch(along).sqrt() * (-off * off).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::persona::stream;
    use crate::demo::portrait::tests::disc;

    #[test]
    fn turning_left_moves_the_nose_to_the_right_of_the_picture() {
        let subject = disc();
        let head = Head::of(&subject.face);
        let nose = subject.face.points[2];
        let shown = (0..100).map(|step| nose.0 - 50.0 + step as f32).min_by(|a, b| {
            let miss = |x: f32| (head.seen_from_front((x, nose.1), 20.0).0 - nose.0).abs();
            miss(*a).total_cmp(&miss(*b))
        });
        assert!(shown.expect("a column") > nose.0 + 10.0);
    }

    #[test]
    fn a_head_that_looks_ahead_stays_as_it_is() {
        let head = Head::of(&disc().face);
        for point in [(150.0, 180.0), (20.0, 40.0), (199.0, 170.0)] {
            let (x, y) = head.seen_from_front(point, 0.0);
            assert!((x - point.0).abs() < 1e-3 && y == point.1);
        }
    }

    #[test]
    fn shut_lids_show_skin_from_above_the_eye_where_the_eye_was() {
        let lid = Lid { eye: (100.0, 100.0), distance: 100.0, axis: (1.0, 0.0) };
        assert!(lid.opened((100.0, 100.0), 1.0).1 < 90.0);
        assert_eq!(lid.opened((100.0, 100.0), 0.0), (100.0, 100.0));
        assert_eq!(lid.opened((140.0, 100.0), 1.0), (140.0, 100.0));
    }

    #[test]
    fn a_feed_moves_in_its_middle_and_no_two_neighbours_are_the_same() {
        let (pictures, order) = feed(&disc(), Motion::HeadTurn(Turn::Left), &mut stream(1, "feed"));
        assert_eq!(order.len(), BEFORE + DURING + AFTER);
        assert!(order.windows(2).all(|pair| pictures[pair[0]] != pictures[pair[1]]));
        assert!(order[..BEFORE].iter().chain(&order[BEFORE + DURING..]).all(|picture| *picture < RESTING));
    }

    #[test]
    fn no_two_frames_are_the_same_and_the_seed_repeats_them() {
        let take = |seed| frames(&disc(), Motion::Still, &mut stream(seed, "frames"));
        let frames = take(1);
        assert!(frames.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(frames == take(1));
    }
}
