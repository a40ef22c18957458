//! The body of an upload with the boundary `b`, arriving in pieces whose length the first byte tells.
#![no_main]

use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use bytes::Bytes;
use ekyc_onboarder::http::parts::Parts;
use ekyc_onboarder::http::upload::{DOCUMENT, FRAMES, Upload, UploadBudget};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((size, body)) = bytes.split_first() else { return };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    for limits in [&DOCUMENT, &FRAMES] {
        let pieces: Vec<Result<Bytes, PayloadError>> =
            body.chunks(usize::from(*size).max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let body = futures_util::stream::iter(pieces);
        let budget = UploadBudget::new(256 << 20, Default::default());
        let Ok(claim) = budget.claim(&[]) else { unreachable!("an empty budget has room") };
        let _ = runtime.block_on(Upload::read(Parts::new(&headers, body), limits, claim.into()));
    }
});
