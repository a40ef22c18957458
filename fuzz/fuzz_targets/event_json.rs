//! The stored text of an event; what parses is folded, for a store may hold it.
#![no_main]

use cqrs_es::Aggregate;
use domain::session::{Session, SessionEvent};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(event) = serde_json::from_slice::<SessionEvent>(bytes) {
        let mut session = Session::default();
        session.apply(event.clone());
        session.apply(event.clone());
        let again = serde_json::to_vec(&event).expect("an event serialises");
        let back: SessionEvent = serde_json::from_slice(&again).expect("what was written reads back");
        assert!(back == event);
    }
});
