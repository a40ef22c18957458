//! The text of a policy file.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = domain::policy::Policy::parse(text);
});
