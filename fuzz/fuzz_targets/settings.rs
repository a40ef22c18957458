//! The text of a settings file; its first line is a value of the environment as well.
#![no_main]

use ekyc_onboarder::config::Settings;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let value = text.lines().next().unwrap_or_default().to_owned();
    let _ = Settings::parse(text, std::iter::empty());
    for name in ["EKYC_PUBLIC_URL", "EKYC_BIND", "EKYC_SESSION_HOURS"] {
        let _ = Settings::parse("", std::iter::once((name.to_owned(), value.clone())));
    }
});
