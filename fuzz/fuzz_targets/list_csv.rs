//! Sanctions lists as CSV: OFAC's two files, the UK's, the simple format of OpenSanctions. A byte that none has divides the
//! main file from the aliases.
#![no_main]

use chrono::NaiveDate;
use ekyc_onboarder::lists::format::{Naming, load};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut halves = bytes.splitn(2, |byte| *byte == 0);
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["sdn.csv", "alt.csv"] {
        std::fs::write(folder.path().join(name), halves.next().unwrap_or_default()).expect("a written file");
    }
    let date = NaiveDate::from_ymd_opt(2024, 1, 2);
    let _ = load(&folder.path().join("sdn.csv"), &Naming { date, ..Naming::default() });
});
