//! What series of numbers over the frames say: a turn of the head, a blink, one face or several.
//!
//! Pure arithmetic; it has never seen an image.

use domain::face::FaceTemplate;
use domain::score::Score;

/// At most this many frames at the start say where the head was before it turned.
const BASELINE_FRAMES: usize = 3;
/// The eye network misjudges the far eye of a turned head: eyes count within this many degrees of the start.
const EYES_WITHIN: f32 = 15.0;
/// Share by which the lid opening of shut eyes shrinks, as the landmarks see it: 0.25 to 0.45 on synthetic blinks.
const FULL_LID_DIP: f32 = 0.33;
/// Eyes that the network does not call open at rest give no baseline.
const MIN_BASELINE: f32 = 0.5;

/// Largest turn to the person's left and right, from the pose at the start, in tenths of a degree; `yaws` in degrees.
///
/// Single frames in which the pose jumps do not count. None with fewer than three frames.
pub fn head_turn(yaws: &[f32]) -> Option<(u16, u16)> {
    if yaws.len() < 3 {
        return None;
    }
    let start = baseline(yaws)?;
    let steady = smoothed(yaws);
    let furthest = |sign: f32| steady.iter().map(|yaw| sign * (yaw - start)).fold(0.0, f32::max);
    let tenths = |degrees: f32| (degrees * 10.0).round() as u16;
    Some((tenths(furthest(1.0)), tenths(furthest(-1.0))))
}

/// The eyes of one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lids {
    /// Probability that the eye that is further open is open.
    pub open: f32,
    /// Mean height of the lid openings in widths of the eye.
    pub height: f32,
}

/// How far both eyes closed and opened again, against the session's own baseline.
///
/// Two witnesses must agree, frame by frame: the eye network, which errs on turned and smiling faces, and the
/// landmarks of the lids, which never come quite together. None where the eyes cannot be read at rest.
pub fn eye_dip(yaws: &[f32], lids: &[Lids]) -> Option<Score> {
    let start = baseline(yaws)?;
    let frontal: Vec<Lids> = yaws
        .iter()
        .zip(lids)
        .filter(|(yaw, _)| (*yaw - start).abs() <= EYES_WITHIN)
        .map(|(_, lids)| *lids)
        .collect();
    if frontal.len() < 3 {
        return None;
    }
    let open: Vec<f32> = frontal.iter().map(|lids| lids.open).collect();
    let height: Vec<f32> = frontal.iter().map(|lids| lids.height).collect();
    median(open.clone()).filter(|rest| *rest >= MIN_BASELINE)?;
    let (network, landmarks) = (dips(&open)?, dips(&height)?);
    let agreed = network.iter().zip(landmarks).map(|(n, l)| n.min((l / FULL_LID_DIP).min(1.0)));
    Some(Score::quantise(agreed.fold(0.0, f32::max)))
}

/// For each frame, how far below both what was before and what came after it lies, in shares of the median.
fn dips(series: &[f32]) -> Option<Vec<f32>> {
    let rest = median(series.to_vec()).filter(|rest| *rest > 0.0)?;
    let highest = |part: &[f32]| part.iter().copied().fold(0.0, f32::max).min(rest);
    let dip = |index: usize| highest(&series[..index]).min(highest(&series[index + 1..])) - series[index];
    Some((0..series.len()).map(|index| (dip(index) / rest).max(0.0)).collect())
}

/// Smallest similarity to the medoid, the face that is most like all others. None for a single face.
pub fn consistency(templates: &[FaceTemplate]) -> Option<Score> {
    let closeness =
        |medoid: &FaceTemplate| templates.iter().map(|other| i64::from(medoid.cosine(other))).sum::<i64>();
    let medoid = templates.iter().max_by_key(|medoid| closeness(medoid))?;
    if templates.len() < 2 {
        return None;
    }
    templates.iter().map(|other| medoid.similarity(other)).min()
}

/// Up to `wanted` of `count` positions, evenly spread, each once.
pub fn spread(count: usize, wanted: usize) -> impl Iterator<Item = usize> {
    let taken = wanted.min(count);
    (0..taken).map(move |k| (2 * k + 1) * count / (2 * taken))
}

/// The median; the mean of the middle two of an even number. None of nothing.
pub fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some((lower + upper) / 2.0)
}

/// The pose at the start: the fewer the frames, the sooner the head turns.
fn baseline(yaws: &[f32]) -> Option<f32> {
    let frames = (yaws.len() / 4).clamp(1, BASELINE_FRAMES).min(yaws.len());
    median(yaws[..frames].to_vec())
}

/// Running median of three; with few frames every one counts.
fn smoothed(yaws: &[f32]) -> Vec<f32> {
    if yaws.len() < 6 {
        return yaws.to_vec();
    }
    yaws.windows(3).filter_map(|window| median(window.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::face::TEMPLATE_LENGTH;

    #[test]
    fn a_turn_is_measured_from_where_the_head_was_at_the_start() {
        let yaws = [5.0, 5.0, 5.0, 9.0, 15.0, 21.0, 25.0, 25.0, 14.0];
        assert_eq!(head_turn(&yaws), Some((200, 0)));
    }

    #[test]
    fn a_pose_that_jumps_in_a_single_frame_is_no_turn() {
        let yaws = [0.0, 1.0, 0.0, -78.0, 0.0, 1.0, 0.0, 1.0];
        assert_eq!(head_turn(&yaws), Some((5, 5)));
    }

    #[test]
    fn three_frames_are_enough_to_show_a_turn() {
        assert_eq!(head_turn(&[0.0, -10.0, -20.0]), Some((0, 200)));
        assert_eq!(head_turn(&[0.0, -20.0]), None);
    }

    fn lids(open: &[f32]) -> Vec<Lids> {
        open.iter().map(|open| Lids { open: *open, height: 0.15 + 0.15 * open }).collect()
    }

    #[test]
    fn eyes_that_close_and_open_again_have_blinked() {
        assert_eq!(eye_dip(&[0.0; 5], &lids(&[1.0, 1.0, 0.1, 1.0, 1.0])).map(Score::steps), Some(9_000));
    }

    #[test]
    fn eyes_that_stay_shut_have_not_blinked() {
        assert_eq!(eye_dip(&[0.0; 5], &lids(&[1.0, 1.0, 1.0, 0.0, 0.0])), Some(Score::ZERO));
    }

    #[test]
    fn lids_that_do_not_move_contradict_the_network() {
        let mut still = lids(&[1.0, 1.0, 0.0, 1.0, 1.0]);
        still.iter_mut().for_each(|lids| lids.height = 0.3);
        assert_eq!(eye_dip(&[0.0; 5], &still), Some(Score::ZERO));
    }

    #[test]
    fn eyes_of_a_turned_head_do_not_count() {
        let yaws = [0.0, 0.0, 30.0, 0.0, 0.0];
        assert_eq!(eye_dip(&yaws, &lids(&[1.0, 1.0, 0.0, 1.0, 1.0])), Some(Score::ZERO));
    }

    #[test]
    fn eyes_that_cannot_be_read_at_rest_are_not_judged() {
        assert_eq!(eye_dip(&[0.0; 5], &lids(&[0.1, 0.2, 0.1, 0.9, 0.1])), None);
    }

    #[test]
    fn a_swapped_face_stands_out() {
        let face = |seed: f32| {
            let embedding: Vec<f32> = (0..TEMPLATE_LENGTH).map(|i| (i as f32 * seed).sin()).collect();
            FaceTemplate::from_embedding(&embedding).unwrap()
        };
        let same = [face(0.7), face(0.7), face(0.7)];
        let swapped = [face(0.7), face(0.7), face(1.9)];
        assert_eq!(consistency(&same), Some(Score::ONE));
        assert!(consistency(&swapped).unwrap() < Score::saturating(2_000));
        assert_eq!(consistency(&same[..1]), None);
    }

    #[test]
    fn spread_positions_are_different_and_inside() {
        assert_eq!(spread(10, 5).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
        assert_eq!(spread(3, 5).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(spread(0, 5).count(), 0);
    }
}
