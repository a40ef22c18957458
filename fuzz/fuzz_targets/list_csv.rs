//! The two files of a sanctions list, divided by a byte that neither has.
#![no_main]

use std::io::Write;

use chrono::NaiveDate;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut halves = bytes.splitn(2, |byte| *byte == 0);
    let files = [(); 2].map(|()| {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(halves.next().unwrap_or_default()).expect("a written file");
        file
    });
    let date = NaiveDate::from_ymd_opt(2024, 1, 2).expect("a date");
    let _ = ekyc_onboarder::lists::ofac::load(files[0].path(), files[1].path(), date);
});
