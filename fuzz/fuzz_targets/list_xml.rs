//! Sanctions lists as XML: of the United Nations, the European Union, the United Kingdom and OFAC.
#![no_main]

use chrono::NaiveDate;
use ekyc_onboarder::lists::format::{Naming, load};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("list");
    std::fs::write(&file, bytes).expect("a written file");
    let date = NaiveDate::from_ymd_opt(2024, 1, 2);
    let _ = load(&file, &Naming { date, ..Naming::default() });
});
