//! Rows of text, as a recogniser might read them off anything, to the parser of machine-readable zones.
#![no_main]

use chrono::NaiveDate;
use domain::mrz::Mrz;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let today = NaiveDate::from_ymd_opt(2026, 11, 26).expect("a date");
    let rows: Vec<&str> = text.lines().collect();
    if let Ok(mrz) = Mrz::parse(&rows, today) {
        assert!(mrz.birth_date().is_none_or(|date| date <= today));
        let _ = (mrz.check_digits().all_valid(), mrz.name().full());
    }
});
