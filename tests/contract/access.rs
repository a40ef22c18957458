//! Partners, their keys and operators: events of the log, and what follows from them.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use domain::branding::{BrandName, Branding, Logo};
use domain::ids::OperatorId;
use domain::operator::{OperatorAction, OperatorError, Role};
use domain::partner::{NewBranding, NewLogo, PartnerAction, PartnerError};
use domain::ports::Clock;
use ekyc_onboarder::operators::{Operators, OperatorsError, Password};
use ekyc_onboarder::partners::{KeyRequest, Partners, PartnersError};
use ekyc_onboarder::sessions::Actor;
use ekyc_onboarder::store::Store;
use ekyc_onboarder::store::access::{AccessProjection, ApiKey, Scope};
use ekyc_onboarder::vault::{KeyVault, MasterKey};

use uuid::Uuid;

use super::place::Place;

on_both_stores!(
    a_key_authenticates_until_it_expires_or_is_revoked,
    a_suspended_partner_has_no_working_key_until_it_is_reinstated,
    a_key_has_its_own_limit_or_its_partners,
    a_partners_look_is_the_last_one_that_it_was_given,
    the_last_use_of_a_key_is_written_later_and_never_goes_back,
    keys_of_an_older_version_go_on_working_and_are_in_the_log,
    operators_are_in_the_log_and_their_names_are_not,
    admins_who_disable_or_demote_each_other_at_once_leave_one,
    nobody_is_alone_at_the_same_thing_as_another,
    an_operators_browser_is_known_until_its_session_ends,
);

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        noon()
    }
}

fn noon() -> DateTime<Utc> {
    "2024-01-15T12:00:00Z".parse().unwrap()
}

fn partners(store: &Store) -> Partners {
    Partners::new(store, Arc::new(Noon))
}

fn cli() -> Actor {
    Actor::command_line()
}

async fn a_key_authenticates_until_it_expires_or_is_revoked(place: &Place) {
    let store = place.store().await;
    let partners = partners(&store);
    let owner = partners.register("Acme", &cli()).await.unwrap();
    assert_eq!(partners.register(" Acme ", &cli()).await.unwrap(), owner);
    let request = KeyRequest {
        name: "production".into(),
        scopes: vec![Scope::SessionsRead, Scope::KycWrite],
        requests_per_minute: None,
        expires_at: Some(noon() + Duration::days(1)),
    };
    let (id, key) = partners.issue_key(owner.id, request, &cli()).await.unwrap();
    let caller = store.authenticate(&key.hash(), noon()).await.unwrap().unwrap();
    assert_eq!((caller.partner_id, caller.may(Scope::KycWrite)), (owner.id, true));
    assert!(!caller.may(Scope::SessionsWrite));
    assert!(store.authenticate(&[0; 32], noon()).await.unwrap().is_none());
    assert!(store.authenticate(&key.hash(), noon() + Duration::days(1)).await.unwrap().is_none());
    partners.revoke_key(id, &cli()).await.unwrap();
    partners.revoke_key(id, &cli()).await.unwrap();
    assert!(store.authenticate(&key.hash(), noon()).await.unwrap().is_none());
    let history = store.load_raw("partner", &owner.id.to_string(), 0).await.unwrap();
    let types: Vec<_> = history.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["PartnerRegistered", "ApiKeyIssued", "ApiKeyRevoked"]);
    assert!(history.iter().all(|event| event.metadata.contains("cli")), "{history:?}");
}

async fn a_suspended_partner_has_no_working_key_until_it_is_reinstated(place: &Place) {
    let store = place.store().await;
    let partners = partners(&store);
    let owner = partners.register("Acme", &cli()).await.unwrap().id;
    let (_, key) = partners.issue_key(owner, KeyRequest::with_every_scope("k"), &cli()).await.unwrap();
    let works = async || store.authenticate(&key.hash(), noon()).await.unwrap().is_some();
    assert!(works().await);
    partners.change(owner, PartnerAction::Suspend, &cli()).await.unwrap();
    assert!(!works().await);
    let refused = partners.issue_key(owner, KeyRequest::with_every_scope("k"), &cli()).await.unwrap_err();
    assert!(matches!(refused, PartnersError::Refused(PartnerError::Suspended)), "{refused}");
    partners.change(owner, PartnerAction::Reinstate, &cli()).await.unwrap();
    assert!(works().await);
}

async fn a_key_has_its_own_limit_or_its_partners(place: &Place) {
    let store = place.store().await;
    let partners = partners(&store);
    let owner = partners.register("Acme", &cli()).await.unwrap().id;
    let limit = |requests| NonZeroU32::new(requests);
    let own = KeyRequest { requests_per_minute: limit(20), ..KeyRequest::with_every_scope("own") };
    let (_, own) = partners.issue_key(owner, own, &cli()).await.unwrap();
    let (_, plain) = partners.issue_key(owner, KeyRequest::with_every_scope("plain"), &cli()).await.unwrap();
    let of = async |key: &ApiKey| {
        store.authenticate(&key.hash(), noon()).await.unwrap().unwrap().requests_per_minute
    };
    assert_eq!((of(&own).await, of(&plain).await), (limit(20), None));
    partners.change(owner, PartnerAction::LimitRequests(limit(50)), &cli()).await.unwrap();
    assert_eq!((of(&own).await, of(&plain).await), (limit(20), limit(50)));
}

async fn a_partners_look_is_the_last_one_that_it_was_given(place: &Place) {
    let store = place.store().await;
    let partners = partners(&store);
    let [owner, other] = [
        partners.register("Acme", &cli()).await.unwrap().id,
        partners.register("Other", &cli()).await.unwrap().id,
    ];
    let name = |name: &str| BrandName::try_from(name.to_owned()).unwrap();
    let png = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\0\x09\0\0\0\x07".to_vec();
    let logo = Logo::from_png(png).unwrap();
    let blue = "#0a58b5".parse().unwrap();
    let look = |name, logo| PartnerAction::Brand(NewBranding { name, colour: blue, logo });
    partners.change(owner, look(name("Old"), NewLogo::Replace(logo.clone())), &cli()).await.unwrap();
    partners.change(owner, look(name("Acme"), NewLogo::Keep), &cli()).await.unwrap();
    let expected = Branding { name: name("Acme"), colour: blue, logo: Some(logo) };
    assert_eq!(store.branding(owner).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.branding(other).await.unwrap(), None);
    store.rebuild(&AccessProjection, |_, _| {}).await.unwrap();
    assert_eq!(store.branding(owner).await.unwrap(), Some(expected));
    partners.change(owner, look(name("Acme"), NewLogo::Remove), &cli()).await.unwrap();
    assert_eq!(store.branding(owner).await.unwrap().unwrap().logo, None);
    partners.change(owner, PartnerAction::Unbrand, &cli()).await.unwrap();
    assert_eq!(store.branding(owner).await.unwrap(), None);
}

async fn the_last_use_of_a_key_is_written_later_and_never_goes_back(place: &Place) {
    let store = place.store().await;
    let partners = partners(&store);
    let owner = partners.register("Acme", &cli()).await.unwrap().id;
    let (_, key) = partners.issue_key(owner, KeyRequest::with_every_scope("k"), &cli()).await.unwrap();
    store.authenticate(&key.hash(), noon()).await.unwrap();
    assert_eq!(store.list_keys().await.unwrap()[0].last_used_at, None);
    store.save_key_uses().await.unwrap();
    assert_eq!(store.list_keys().await.unwrap()[0].last_used_at, Some(noon()));
    let other = place.store().await;
    other.authenticate(&key.hash(), noon() - Duration::hours(1)).await.unwrap();
    other.save_key_uses().await.unwrap();
    assert_eq!(store.list_keys().await.unwrap()[0].last_used_at, Some(noon()));
}

async fn keys_of_an_older_version_go_on_working_and_are_in_the_log(place: &Place) {
    let store = place.store().await;
    let (working, revoked) = (ApiKey::generate(), ApiKey::generate());
    let partner = "par_00000000000000000000000000000009";
    let blob = |key: &ApiKey| {
        let hex = hex::encode(key.hash());
        place.either(&format!("x'{hex}'"), &format!("'\\x{hex}'")).to_owned()
    };
    let insert = |number: u8, key: &ApiKey, revoked_at: &str| {
        format!(
            "INSERT INTO adoptable_keys (id, partner_id, name, hash, scopes, created_at, revoked_at) \
             VALUES ('key_0000000000000000000000000000000{number}', '{partner}', 'old', {}, 'kyc:write', 5, {revoked_at})",
            blob(key)
        )
    };
    let registered =
        format!("INSERT INTO adoptable_partners (id, name, created_at) VALUES ('{partner}', 'Old', 4)");
    for sql in [registered, insert(1, &working, "NULL"), insert(2, &revoked, "6")] {
        place.execute(&sql).await.unwrap();
    }
    let partners = partners(&store);
    partners.adopt().await.unwrap();
    partners.adopt().await.unwrap();
    let caller = store.authenticate(&working.hash(), noon()).await.unwrap().unwrap();
    assert_eq!(caller.partner_id.to_string(), partner);
    assert!(store.authenticate(&revoked.hash(), noon()).await.unwrap().is_none());
    assert_eq!(store.load_raw("partner", partner, 0).await.unwrap().len(), 4);
    assert_eq!(partners.register("Old", &cli()).await.unwrap().id.to_string(), partner);
    assert!(store.adoptable_keys().await.unwrap().is_empty());
}

async fn operators_are_in_the_log_and_their_names_are_not(place: &Place) {
    let store = place.store().await;
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.db");
    let vault = KeyVault::open(keys.clone(), &MasterKey::from_bytes(&[7; 32])).await.unwrap();
    let operators = Operators::new(&store, Arc::new(vault), Arc::new(Noon));
    let password = || Password::new("correct horse battery".to_owned().into()).unwrap();
    let anna = operators.invite("Anna.Admin@bank.example", Role::Admin, password(), &cli()).await.unwrap();
    let again = operators.invite("anna.admin@bank.example", Role::Auditor, password(), &cli()).await;
    assert!(matches!(again, Err(OperatorsError::Refused(OperatorError::AlreadyThere))));
    let last = operators.change("anna.admin@bank.example", OperatorAction::Disable, &cli()).await;
    assert!(matches!(last, Err(OperatorsError::Refused(OperatorError::LastAdmin))));
    operators.invite("bruno@bank.example", Role::Reviewer, password(), &cli()).await.unwrap();
    operators.change("bruno@bank.example", OperatorAction::ChangeRole(Role::Admin), &cli()).await.unwrap();
    operators.change("anna.admin@bank.example", OperatorAction::Disable, &cli()).await.unwrap();
    operators.set_password("bruno@bank.example", password(), &cli()).await.unwrap();
    let listed = operators.list().await.unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|one| (one.login.as_ref().unwrap().as_str(), one.info.role, one.info.disabled_at.is_some()))
        .collect();
    let expected =
        [("anna.admin@bank.example", Role::Admin, true), ("bruno@bank.example", Role::Admin, false)];
    // Both were taken on at the same instant of this test's clock.
    assert!(shown.len() == 2 && expected.iter().all(|one| shown.contains(one)), "{shown:?}");
    let history = store.load_raw("operator", &anna.to_string(), 0).await.unwrap();
    assert_eq!(history.len(), 2);
    assert!(history.iter().all(|event| !event.payload.contains("nna")), "{history:?}");
    let stored = String::from_utf8_lossy(&std::fs::read(keys).unwrap()).to_lowercase();
    assert!(!stored.contains("anna.admin"), "the name lies in clear in the key database");
}

async fn an_operators_browser_is_known_until_its_session_ends(place: &Place) {
    let store = place.store().await;
    let [ann, ben] = [1, 2].map(|number| OperatorId::new(Uuid::from_u128(number)));
    let noon = Noon.now();
    for (token, operator) in [([1; 32], ann), ([2; 32], ann), ([3; 32], ben)] {
        store.add_operator_session(&token, operator, noon).await.unwrap();
    }
    let later = noon + Duration::minutes(5);
    store.touch_operator_session(&[1; 32], later).await.unwrap();
    let known = store.operator_session(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((known.operator, known.created_at, known.seen_at), (ann, noon, later));
    assert!(store.end_operator_session(&[1; 32]).await.unwrap());
    assert!(!store.end_operator_session(&[1; 32]).await.unwrap());
    store.end_operator_sessions(ann).await.unwrap();
    assert_eq!(store.operator_session(&[2; 32]).await.unwrap(), None);
    store.sweep_operator_sessions(noon).await.unwrap();
    assert!(store.operator_session(&[3; 32]).await.unwrap().is_some());
    store.sweep_operator_sessions(later).await.unwrap();
    assert_eq!(store.operator_session(&[3; 32]).await.unwrap(), None);
}

async fn admins_who_disable_or_demote_each_other_at_once_leave_one(place: &Place) {
    let folder = tempfile::tempdir().unwrap();
    let vault =
        KeyVault::open(folder.path().join("keys.db"), &MasterKey::from_bytes(&[7; 32])).await.unwrap();
    let vault = Arc::new(vault);
    let node = async || Arc::new(Operators::new(&place.store().await, Arc::clone(&vault), Arc::new(Noon)));
    // Two processes, and two tasks in each.
    let nodes = [node().await, node().await];
    let password = || Password::new("correct horse battery".to_owned().into()).unwrap();
    let logins: Vec<String> = (0..4).map(|number| format!("admin-{number}@bank.example")).collect();
    for login in &logins {
        nodes[0].invite(login, Role::Admin, password(), &cli()).await.unwrap();
    }
    for round in 0..5 {
        let tasks: Vec<_> = logins
            .iter()
            .enumerate()
            .map(|(at, login)| {
                let (node, login) = (Arc::clone(&nodes[at % 2]), login.clone());
                let action = match (at + round) % 2 {
                    0 => OperatorAction::Disable,
                    _ => OperatorAction::ChangeRole(Role::Reviewer),
                };
                tokio::spawn(async move { node.change(&login, action, &cli()).await })
            })
            .collect();
        let mut refused = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => {}
                Err(OperatorsError::Refused(OperatorError::LastAdmin)) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        let left = nodes[1].list().await.unwrap();
        let left = left.iter().filter(|one| one.info.role == Role::Admin && one.info.disabled_at.is_none());
        assert_eq!((left.count(), refused), (1, 1), "round {round}");
        for login in &logins {
            for action in [OperatorAction::Enable, OperatorAction::ChangeRole(Role::Admin)] {
                nodes[0].change(login, action, &cli()).await.unwrap();
            }
        }
    }
}

async fn nobody_is_alone_at_the_same_thing_as_another(place: &Place) {
    let (one, other) = (place.store().await, place.store().await);
    let held = one.alone("test").await.unwrap();
    let waits = tokio::spawn(async move { other.alone("test").await.map(drop) });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!waits.is_finished());
    drop(held);
    waits.await.unwrap().unwrap();
    drop(one.alone("test").await.unwrap());
}
