//! An upload: first the look at its header, then decoding within limits.
#![no_main]

use ekyc_onboarder::verifiers::image_guard;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(image) = image_guard::inspect(bytes.to_vec().into()) {
        // Large pictures only make the fuzzer slow; their limits are tested elsewhere.
        if image.decoded_bytes() < 3 * 512 * 512 {
            let _ = image_guard::decode(bytes);
        }
    }
});
