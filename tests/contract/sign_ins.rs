//! Passwords that were tried, counted before each is compared, on all nodes together.

use chrono::{DateTime, Duration, Utc};
use ekyc_onboarder::store::sign_ins::{FAILURES, FAILURES_OF_NAME, Guess, LOCKED};
use futures_util::future::join_all;

use super::place::Place;

on_both_stores!(
    sixty_guesses_at_once_on_two_nodes_are_five,
    a_lock_ends_by_its_time_and_is_not_lengthened_by_trying,
    a_right_password_and_one_that_was_not_tried_count_as_none,
    guesses_from_everywhere_lock_a_name_but_not_where_its_owner_comes_from,
    a_name_is_unlocked_everywhere_and_only_it,
);

fn noon() -> DateTime<Utc> {
    "2024-01-15T12:00:00Z".parse().unwrap()
}

const fn guess(name: u8, address: u8) -> Guess {
    Guess { name: [name; 32], address: [address; 32] }
}

async fn sixty_guesses_at_once_on_two_nodes_are_five(place: &Place) {
    let nodes = [place.store().await, place.store().await];
    let all = (0..60).map(|number| {
        let node = &nodes[number % 2];
        async move { node.note_guess(&guess(1, 1), noon()).await.unwrap() }
    });
    let admitted = join_all(all).await.into_iter().filter(Option::is_none).count();
    assert_eq!(admitted as i64, FAILURES);
}

async fn a_lock_ends_by_its_time_and_is_not_lengthened_by_trying(place: &Place) {
    let store = place.store().await;
    for _ in 0..FAILURES {
        assert_eq!(store.locked_until(&guess(1, 1), noon()).await.unwrap(), None);
        assert_eq!(store.note_guess(&guess(1, 1), noon()).await.unwrap(), None);
    }
    let end = noon() + LOCKED;
    for minutes in 1..15 {
        let later = noon() + Duration::minutes(minutes);
        assert_eq!(store.locked_until(&guess(1, 1), later).await.unwrap(), Some(end));
        assert_eq!(store.note_guess(&guess(1, 1), later).await.unwrap(), Some(end));
    }
    // From elsewhere, and at another name, it goes on.
    assert_eq!(store.note_guess(&guess(1, 2), noon()).await.unwrap(), None);
    assert_eq!(store.note_guess(&guess(2, 1), noon()).await.unwrap(), None);
    let over = end + Duration::microseconds(1);
    assert_eq!(store.locked_until(&guess(1, 1), over).await.unwrap(), None);
    for _ in 0..FAILURES {
        assert_eq!(store.note_guess(&guess(1, 1), over).await.unwrap(), None);
    }
    assert!(store.note_guess(&guess(1, 1), over).await.unwrap().is_some());
    store.sweep_sign_ins(over).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM sign_in_failures").await, 2, "one, and of everywhere");
    store.sweep_sign_ins(over + LOCKED + LOCKED).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM sign_in_failures").await, 0);
}

async fn a_right_password_and_one_that_was_not_tried_count_as_none(place: &Place) {
    let store = place.store().await;
    let admitted = async || store.note_guess(&guess(1, 1), noon()).await.unwrap().is_none();
    for _ in 0..20 {
        assert!(admitted().await);
        store.take_guess_back(&guess(1, 1)).await.unwrap();
    }
    for _ in 0..FAILURES - 1 {
        assert!(admitted().await);
    }
    assert!(admitted().await);
    store.forget_guesses(&guess(1, 1), noon()).await.unwrap();
    for _ in 0..FAILURES {
        assert!(admitted().await);
    }
    assert!(!admitted().await);
    let everywhere = "SELECT max(failures) FROM sign_in_failures";
    assert_eq!(place.number(everywhere).await, 2 * FAILURES - 1, "what was wrong stays counted for the name");
}

async fn guesses_from_everywhere_lock_a_name_but_not_where_its_owner_comes_from(place: &Place) {
    let store = place.store().await;
    assert_eq!(store.note_guess(&guess(1, 200), noon()).await.unwrap(), None);
    store.forget_guesses(&guess(1, 200), noon()).await.unwrap();
    for number in 0..FAILURES_OF_NAME {
        let from = u8::try_from(number / FAILURES).unwrap() + 1;
        assert_eq!(store.note_guess(&guess(1, from), noon()).await.unwrap(), None, "{number}");
    }
    let end = Some(noon() + LOCKED);
    assert_eq!(store.note_guess(&guess(1, 100), noon()).await.unwrap(), end);
    assert_eq!(store.locked_until(&guess(1, 100), noon()).await.unwrap(), end);
    assert_eq!(store.locked_until(&guess(1, 200), noon()).await.unwrap(), None);
    for _ in 0..FAILURES {
        assert_eq!(store.note_guess(&guess(1, 200), noon()).await.unwrap(), None);
    }
    assert_eq!(store.note_guess(&guess(1, 200), noon()).await.unwrap(), end, "five are the limit there too");
    // Known for a month, not for ever.
    let later = noon() + Duration::days(31);
    assert_eq!(store.note_guess(&guess(1, 200), later).await.unwrap(), None);
}

async fn a_name_is_unlocked_everywhere_and_only_it(place: &Place) {
    let store = place.store().await;
    assert!(!store.unlock_name(&[1; 32]).await.unwrap());
    for name in [1, 2] {
        for address in [1, 2] {
            for _ in 0..FAILURES {
                store.note_guess(&guess(name, address), noon()).await.unwrap();
            }
        }
    }
    let mut locked: Vec<_> = store.locked_names(noon()).await.unwrap();
    locked.sort();
    assert_eq!(locked, [(vec![1; 32], noon() + LOCKED), (vec![2; 32], noon() + LOCKED)]);
    assert!(store.unlock_name(&[1; 32]).await.unwrap());
    for address in [1, 2] {
        assert_eq!(store.note_guess(&guess(1, address), noon()).await.unwrap(), None);
    }
    assert!(store.note_guess(&guess(2, 1), noon()).await.unwrap().is_some());
    assert_eq!(store.locked_names(noon()).await.unwrap().len(), 1);
    assert!(store.locked_names(noon() + LOCKED * 2).await.unwrap().is_empty());
}
