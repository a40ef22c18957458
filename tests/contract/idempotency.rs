//! Idempotent requests: who works on a key, and what is answered to whoever asks again.

use chrono::{DateTime, Duration, Utc};
use domain::ids::{PartnerId, SessionId};
use ekyc_onboarder::store::idempotency::{Claim, IdempotentRequest, KEPT};
use uuid::Uuid;

use super::place::Place;

on_both_stores!(
    a_key_is_worked_on_once_and_then_answers_the_same,
    a_key_that_is_given_back_or_left_lying_keeps_its_session,
    a_key_is_forgotten_after_a_day,
    of_many_who_ask_at_once_one_works,
);

fn noon() -> DateTime<Utc> {
    "2024-01-15T12:00:00Z".parse().unwrap()
}

fn session(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

fn request(fingerprint: u8) -> IdempotentRequest {
    IdempotentRequest {
        partner: PartnerId::new(Uuid::from_u128(1)),
        route: "POST /partner/sessions",
        key: [7; 32],
        fingerprint: [fingerprint; 32],
    }
}

async fn a_key_is_worked_on_once_and_then_answers_the_same(place: &Place) {
    let store = place.store().await;
    let (ours, theirs) = (request(1), request(2));
    assert_eq!(store.claim_idempotency(&ours, session(1), noon()).await.unwrap(), Claim::Ours(session(1)));
    assert_eq!(store.claim_idempotency(&ours, session(2), noon()).await.unwrap(), Claim::Running);
    assert_eq!(store.claim_idempotency(&theirs, session(2), noon()).await.unwrap(), Claim::OtherRequest);
    store.answer_idempotency(&ours, 3, 200).await.unwrap();
    let answered = Claim::Answered { session: session(1), version: 3, status: 200 };
    assert_eq!(store.claim_idempotency(&ours, session(2), noon()).await.unwrap(), answered);
    let elsewhere = IdempotentRequest { route: "POST /elsewhere", ..ours };
    let claim = store.claim_idempotency(&elsewhere, session(2), noon()).await.unwrap();
    assert_eq!(claim, Claim::Ours(session(2)));
}

async fn a_key_that_is_given_back_or_left_lying_keeps_its_session(place: &Place) {
    let store = place.store().await;
    let ours = request(1);
    store.claim_idempotency(&ours, session(1), noon()).await.unwrap();
    store.release_idempotency(&ours).await.unwrap();
    let claim = store.claim_idempotency(&ours, session(2), noon()).await.unwrap();
    assert_eq!(claim, Claim::Ours(session(1)), "given back");
    let later = noon() + Duration::minutes(2);
    let claim = store.claim_idempotency(&ours, session(3), later).await.unwrap();
    assert_eq!(claim, Claim::Ours(session(1)), "left lying");
    // A file has one server: whoever opened it before has crashed. A PostgreSQL has other nodes, which work.
    let claim = place.store().await.claim_idempotency(&ours, session(4), later).await.unwrap();
    let expected = match place {
        Place::File(_) => Claim::Ours(session(1)),
        Place::Server(_) => Claim::Running,
    };
    assert_eq!(claim, expected, "another opening");
}

async fn a_key_is_forgotten_after_a_day(place: &Place) {
    let store = place.store().await;
    let ours = request(1);
    store.claim_idempotency(&ours, session(1), noon()).await.unwrap();
    store.answer_idempotency(&ours, 1, 200).await.unwrap();
    let next_day = noon() + KEPT + Duration::seconds(1);
    let claim = store.claim_idempotency(&ours, session(2), next_day).await.unwrap();
    assert_eq!(claim, Claim::Ours(session(2)));
    assert_eq!(store.sweep_idempotency(next_day).await.unwrap(), 0);
    assert_eq!(store.sweep_idempotency(next_day + KEPT + Duration::seconds(1)).await.unwrap(), 1);
}

async fn of_many_who_ask_at_once_one_works(place: &Place) {
    let store = place.store().await;
    let asking: Vec<_> = (0..16)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.claim_idempotency(&request(1), session(number), noon()).await })
        })
        .collect();
    let mut works = 0;
    for asked in asking {
        match asked.await.unwrap().unwrap() {
            Claim::Ours(_) => works += 1,
            claim => assert_eq!(claim, Claim::Running),
        }
    }
    assert_eq!(works, 1);
}
