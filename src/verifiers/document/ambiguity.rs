//! Finds characters that could as well be others of the same shape.
//!
//! A check digit does not notice every such error: O counts 24 and 0 counts 0, so that two of them may cancel, and G
//! and 6, or L and 1, differ by a multiple of ten. A reading of which another one with right check digits is nearly as
//! likely is neither valid nor wrong.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Odds (natural logarithm) from which one reading rules out another.
pub(super) const DECIDED: f32 = 3.5;
/// Readings that are tried at most; where even so many leave it open, it stays open.
const MOST_TRIED: usize = 3_000;

/// Characters that share a shape in the print of machine-readable zones.
const SHAPES: [&[u8]; 6] = [b"0OQD", b"1IL", b"2Z", b"5S", b"6G", b"8B"];

/// A digit and the letter of its shape, and what a network's word is worth between them.
#[derive(Clone, Copy)]
pub(super) struct Twins {
    digit: u8,
    letter: u8,
    /// Odds for the digit (natural logarithm) that networks give on the whole where the letter is as likely.
    bias: f32,
    /// The most that the word counts for.
    trust: f32,
    /// The same, where nothing else tells them apart.
    trust_alone: f32,
    /// The most that what they look like counts for.
    shape_trust: f32,
}

/// Measured on rows printed in OCR-B: between O and 0 networks follow the neighbours (a median of 7.8 for true zeros, of
/// 6.8 for letters), between I and 1 their odds part at 5.5, the others they know by shape.
const TWINS: [Twins; 6] = [
    Twins { digit: b'0', letter: b'O', bias: 0.0, trust: 1.2, trust_alone: 2.5, shape_trust: 9.0 },
    Twins { digit: b'1', letter: b'I', bias: 5.5, trust: 4.5, trust_alone: 4.5, shape_trust: 1.5 },
    Twins { digit: b'2', letter: b'Z', bias: 0.0, trust: 7.0, trust_alone: 7.0, shape_trust: 4.0 },
    Twins { digit: b'5', letter: b'S', bias: 0.0, trust: 7.0, trust_alone: 7.0, shape_trust: 4.0 },
    Twins { digit: b'6', letter: b'G', bias: 0.0, trust: 7.0, trust_alone: 7.0, shape_trust: 4.0 },
    Twins { digit: b'8', letter: b'B', bias: 0.0, trust: 7.0, trust_alone: 7.0, shape_trust: 4.0 },
];

impl Twins {
    /// The pair that `byte` belongs to.
    pub(super) fn of(byte: u8) -> Option<Self> {
        TWINS.into_iter().find(|twins| byte == twins.digit || byte == twins.letter)
    }

    /// The other one of the pair.
    pub(super) const fn other(&self, byte: u8) -> u8 {
        if byte == self.digit { self.letter } else { self.digit }
    }

    /// How much likelier the digit is than the letter by a network's odds and, where it tells, by what it looks like.
    pub(super) fn odds_of_digit(&self, network: f32, shape: Option<f32>) -> f32 {
        let trust = if shape.is_some() { self.trust } else { self.trust_alone };
        let word = (network - self.bias).clamp(-trust, trust);
        word + shape.unwrap_or_default().clamp(-self.shape_trust, self.shape_trust)
    }

    pub(super) const fn digit(&self) -> u8 {
        self.digit
    }

    pub(super) const fn letter(&self) -> u8 {
        self.letter
    }
}

/// The characters of the shape of `byte`, itself excepted.
pub(super) fn same_shape(byte: u8) -> impl Iterator<Item = u8> {
    let group = SHAPES.iter().find(|group| group.contains(&byte)).copied().unwrap_or_default();
    group.iter().copied().filter(move |other| *other != byte)
}

/// Another character that a position may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Swap {
    pub(super) row: usize,
    pub(super) position: usize,
    pub(super) other: u8,
    /// How much less likely it is than what was read, in natural logarithms of odds; not negative.
    pub(super) cost: f32,
}

/// What stands against one reading.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rival {
    /// No other reading of these shapes has right check digits.
    None,
    /// The likeliest one that has: which swaps make it.
    Found(Vec<Swap>),
    /// Too many swaps are possible to try all.
    TooMany,
}

/// The likeliest other reading that `is_right` accepts and that is not ruled out.
pub(super) fn rival(rows: &[String], swaps: &[Swap], is_right: impl Fn(&[String]) -> bool) -> Rival {
    let mut swaps: Vec<Swap> = swaps.iter().copied().filter(|swap| swap.cost < DECIDED).collect();
    swaps.sort_by(|a, b| a.cost.total_cmp(&b.cost).then((a.row, a.position).cmp(&(b.row, b.position))));
    let mut open = BinaryHeap::from([Candidate { cost: 0.0, chosen: vec![] }]);
    let mut tried = 0;
    while let Some(Candidate { cost, chosen }) = open.pop() {
        tried += 1;
        if tried > MOST_TRIED {
            return Rival::TooMany;
        }
        if !chosen.is_empty() && is_right(&swapped(rows, &swaps, &chosen)) {
            return Rival::Found(chosen.iter().map(|index| swaps[*index]).collect());
        }
        let next = chosen.last().map_or(0, |last| last + 1);
        for (index, swap) in swaps.iter().enumerate().skip(next) {
            if cost + swap.cost >= DECIDED {
                break;
            }
            let taken =
                |other: &usize| (swaps[*other].row, swaps[*other].position) == (swap.row, swap.position);
            if !chosen.iter().any(taken) {
                let chosen = chosen.iter().copied().chain([index]).collect();
                open.push(Candidate { cost: cost + swap.cost, chosen });
            }
        }
    }
    Rival::None
}

fn swapped(rows: &[String], swaps: &[Swap], chosen: &[usize]) -> Vec<String> {
    let mut rows = rows.to_vec();
    for index in chosen {
        let Swap { row, position, other, .. } = swaps[*index];
        rows[row].replace_range(position..=position, char::from(other).encode_utf8(&mut [0; 4]));
    }
    rows
}

/// A set of swaps, the cheapest first; of equal ones the smaller set.
struct Candidate {
    cost: f32,
    chosen: Vec<usize>,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        other.cost.total_cmp(&self.cost).then_with(|| other.chosen.cmp(&self.chosen))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use domain::mrz::Mrz;

    /// A passport's rows with this number and the digits that it demands.
    fn rows(number: &str) -> Vec<String> {
        let digit = |text: &str| domain::mrz::check_digit(text).unwrap();
        let start = format!("{number}{}", digit(number));
        let dates = ["8501019", "3212127"];
        let all = format!("{start}{}{}<<<<<<<<<<<<<<0", dates[0], dates[1]);
        let lower = format!("{start}UTO{}F{}<<<<<<<<<<<<<<0{}", dates[0], dates[1], digit(&all));
        vec!["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<".into(), lower]
    }

    fn is_right(rows: &[String]) -> bool {
        let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        Mrz::parse(rows, today).is_ok_and(|mrz| mrz.check_digits().all_valid())
    }

    fn swaps(rows: &[String], cost: f32) -> Vec<Swap> {
        let number = &rows[1].as_bytes()[..9];
        let twins = number.iter().enumerate().filter_map(|(position, byte)| {
            let other = Twins::of(*byte)?.other(*byte);
            Some(Swap { row: 1, position, other, cost })
        });
        twins.collect()
    }

    #[test]
    fn two_zeros_that_could_be_letters_leave_a_number_open() {
        let rows = rows("B00055421");
        assert!(is_right(&rows));
        let Rival::Found(found) = rival(&rows, &swaps(&rows, 1.0), is_right) else { panic!("no rival") };
        assert!(found.len() >= 2);
    }

    #[test]
    fn shapes_that_are_told_apart_leave_nothing_open() {
        let rows = rows("B00055421");
        assert_eq!(rival(&rows, &swaps(&rows, 2.0), is_right), Rival::None);
    }

    #[test]
    fn one_letter_read_as_a_digit_is_open_and_not_wrong() {
        let mut read = rows("BO1255421");
        read[1].replace_range(1..2, "0");
        assert!(!is_right(&read));
        let found = rival(&read, &swaps(&read, 1.0), is_right);
        assert!(matches!(found, Rival::Found(found) if found.iter().any(|swap| swap.position == 1)));
    }

    #[test]
    fn a_letter_that_counts_as_much_as_its_twin_is_never_sure_by_check_digits() {
        let rows = rows("G12345678");
        let found = rival(&rows, &swaps(&rows, 3.0), is_right);
        assert!(matches!(found, Rival::Found(found) if found[0].other == b'6'));
    }

    #[test]
    fn a_wrong_digit_has_no_rival() {
        let mut wrong = rows("L12345678");
        wrong[1].replace_range(9..10, "0");
        let wrong_digit = !is_right(&wrong);
        assert!(wrong_digit && rival(&wrong, &swaps(&wrong, 3.4), is_right) == Rival::None);
    }

    #[test]
    fn more_possibilities_than_can_be_tried_stay_open() {
        let rows = rows("000000000");
        assert_eq!(rival(&rows, &swaps(&rows, 0.0), |_| false), Rival::None);
        let many: Vec<Swap> =
            (0..28).map(|position| Swap { row: 1, position, other: b'O', cost: 0.0 }).collect();
        assert_eq!(rival(&rows, &many, |_| false), Rival::TooMany);
    }

    #[test]
    fn networks_decide_between_i_and_1_but_not_between_o_and_0() {
        let of = |byte: u8| Twins::of(byte).unwrap();
        assert!(of(b'I').odds_of_digit(9.2, None) > DECIDED && of(b'I').odds_of_digit(1.0, None) < -DECIDED);
        assert!(2.0 * of(b'O').odds_of_digit(9.2, Some(0.0)) < DECIDED);
        assert!(of(b'O').odds_of_digit(9.0, Some(-6.0)) < -DECIDED);
    }
}
