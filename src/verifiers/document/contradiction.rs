//! Decides between a valid reading of a zone and other looks that surely saw another character under a check digit.
//!
//! Looks go on until one is valid, so that one which happens to turn a wrong digit into the right one would be taken.
//! But a poor look must not stand against a better one for good either: further looks by the best networks decide.

use chrono::NaiveDate;

use super::crop_reader::CropReader;
use super::mrz_read::{self, MrzReading};
use super::mrz_rows::RowGroup;
use super::page::LOOKS;
use crate::verifiers::runtime::RuntimeError;

/// Confidence from which a character of another look stands against the one of a valid reading.
const SURE: f32 = 0.97;

/// Whether `valid` does not stand against what other looks saw. `arbiter` has the best networks.
pub(super) fn is_contradicted(
    readings: &[MrzReading],
    valid: &MrzReading,
    arbiter: &CropReader<'_>,
    today: NaiveDate,
) -> Result<bool, RuntimeError> {
    let against: Vec<&MrzReading> =
        readings.iter().filter(|other| !disputed(other, valid).is_empty()).collect();
    let Some(best_tier) = against.iter().map(|other| other.tier).max() else { return Ok(false) };
    let mut places: Vec<(usize, usize)> = against.iter().flat_map(|other| disputed(other, valid)).collect();
    places.sort_unstable();
    places.dedup();
    // Poorer networks are outvoted by one further look, equal ones by two.
    let needed = if best_tier < valid.tier { 1 } else { 2 };
    let group = RowGroup { rows: valid.areas.clone() };
    let mut votes = 0;
    for look in LOOKS {
        let taken = |other: &MrzReading| other.tier == arbiter.tier() && other.look == look;
        if taken(valid) || against.iter().any(|other| taken(other)) {
            continue;
        }
        let Some(next) = mrz_read::read_group(arbiter, &group, look, today)? else { continue };
        if !agree(&next, valid, &places) {
            return Ok(true);
        }
        votes += 1;
        if votes == needed {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where `other` surely has another character than `valid` under a check digit.
fn disputed(other: &MrzReading, valid: &MrzReading) -> Vec<(usize, usize)> {
    if other.format != valid.format || !other.lies_on(valid) {
        return Vec::new();
    }
    let mut places = Vec::new();
    for row in valid.data_rows() {
        let pairs = other.rows[row].bytes().zip(valid.rows[row].bytes());
        for (position, ((theirs, ours), sure)) in pairs.zip(&other.confidences[row]).enumerate() {
            if theirs != ours && theirs != b'<' && ours != b'<' && *sure >= SURE {
                places.push((row, position));
            }
        }
    }
    places
}

fn agree(one: &MrzReading, other: &MrzReading, places: &[(usize, usize)]) -> bool {
    let same = |(row, position): &(usize, usize)| {
        one.rows[*row].as_bytes()[*position] == other.rows[*row].as_bytes()[*position]
    };
    one.format == other.format && places.iter().all(same)
}

#[cfg(test)]
mod tests {
    use super::super::mrz_read::tests::passport;
    use super::*;

    const VALID: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const OTHER: &str = "L898902C36UTO7408123F1204159ZE184226B<<<<<10";

    #[test]
    fn only_a_sure_character_stands_against_a_valid_reading() {
        let valid = passport(VALID, 0.9);
        assert_eq!(disputed(&passport(OTHER, 0.99), &valid), [(1, 19)]);
        assert!(disputed(&passport(OTHER, 0.8), &valid).is_empty());
        assert!(disputed(&valid, &valid).is_empty());
    }

    #[test]
    fn looks_agree_where_it_is_disputed() {
        let valid = passport(VALID, 0.9);
        assert!(agree(&passport(VALID, 0.5), &valid, &[(1, 19)]));
        assert!(!agree(&passport(OTHER, 0.5), &valid, &[(1, 19)]));
        assert!(agree(&passport(OTHER, 0.5), &valid, &[(1, 20)]));
    }
}
