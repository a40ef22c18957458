use super::*;

fn entities(count: usize) -> String {
    let line = |n| {
        format!(r#"{{"id":"{n}","schema":"Person","properties":{{"name":["Ilmar {n}"]}},"target":true}}"#)
    };
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

fn offer() -> Offer {
    let naming =
        Naming { name: Some("own".into()), date: NaiveDate::from_ymd_opt(2024, 1, 2), ..Naming::default() };
    Offer { naming, ..Offer::default() }
}

fn now() -> Timestamp {
    "2024-01-03T04:05:06Z".parse().unwrap()
}

fn take(shelf: &Shelf, text: &str, offer: &Offer) -> Result<Taken, ShelfError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("entities.ftm.json");
    fs::write(&file, text).unwrap();
    shelf.take(&file, offer, now())
}

#[test]
fn a_taken_list_can_be_loaded_after_its_file_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().join("lists"));
    assert_eq!(shelf.cards().unwrap(), []);
    let taken = take(&shelf, &entities(3), &Offer { is_current: true, ..offer() }).unwrap();
    assert!(taken.is_new && !take(&shelf, &entities(3), &offer()).unwrap().is_new);
    let list = shelf.load(&taken.card).unwrap();
    assert_eq!((list.entities.len(), list.version.name.as_str()), (3, "own"));
    assert_eq!(list.version.confirmed, NaiveDate::from_ymd_opt(2024, 1, 3));
}

#[test]
fn what_is_no_whole_list_leaves_the_last_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    take(&shelf, &entities(10), &offer()).unwrap();
    assert!(matches!(take(&shelf, "hello", &offer()), Err(ShelfError::List(ListError::Format { .. }))));
    assert!(matches!(take(&shelf, "{}", &offer()), Err(ShelfError::List(ListError::Empty { .. }))));
    let shrunk = take(&shelf, &entities(7), &offer());
    assert!(matches!(shrunk, Err(ShelfError::Shrunk { before: 10, after: 7, .. })), "{shrunk:?}");
    assert_eq!(shelf.load(&shelf.card("own").unwrap().unwrap()).unwrap().entities.len(), 10);
    take(&shelf, &entities(7), &Offer { accept_shrink: true, ..offer() }).unwrap();
    assert_eq!(shelf.load(&shelf.card("own").unwrap().unwrap()).unwrap().entities.len(), 7);
    // The files of the version before are gone, and nothing else is there.
    assert_eq!(fs::read_dir(folder.path().join("own")).unwrap().count(), 2);
}

#[test]
fn a_confirmation_changes_the_day_and_nothing_else_and_a_removal_everything() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    let card = take(&shelf, &entities(1), &offer()).unwrap().card;
    shelf.confirm("own", now()).unwrap();
    assert_eq!(shelf.card("own").unwrap(), Some(Card { confirmed_at: Some(now()), ..card }));
    shelf.confirm("another", now()).unwrap();
    assert!(shelf.remove("own", false).unwrap() && !shelf.remove("own", false).unwrap());
    assert_eq!(shelf.cards().unwrap(), []);
}

#[test]
fn the_demonstration_list_stays_beside_other_lists_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    assert!(shelf.keeps_demonstration().unwrap());
    assert!(!take(&shelf, &entities(1), &offer()).unwrap().replaces_demonstration);
    assert!(shelf.keeps_demonstration().unwrap());
    assert!(shelf.remove(demonstration::LIST_NAME, true).unwrap());
    assert!(!shelf.remove(demonstration::LIST_NAME, true).unwrap());
    shelf.remove("own", false).unwrap();
    assert!(!shelf.keeps_demonstration().unwrap(), "it does not come back with the last list");
    shelf.restore_demonstration().unwrap();
    assert!(shelf.keeps_demonstration().unwrap());
}

#[test]
fn a_current_list_of_the_demonstrations_source_replaces_it_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    let naming = Naming { name: Some(demonstration::LIST_NAME.into()), ..offer().naming };
    let offer = Offer { naming, ..offer() };
    assert!(take(&shelf, &entities(1), &offer).unwrap().replaces_demonstration);
    assert!(!take(&shelf, &entities(2), &offer).unwrap().replaces_demonstration);
    assert!(shelf.remove(demonstration::LIST_NAME, false).unwrap());
    assert!(!shelf.keeps_demonstration().unwrap());
}

#[test]
fn in_a_folder_from_before_this_was_noted_a_list_has_replaced_the_demonstration() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    take(&shelf, &entities(1), &offer()).unwrap();
    fs::remove_file(folder.path().join(DEMONSTRATION)).unwrap();
    assert!(!shelf.keeps_demonstration().unwrap());
    shelf.remove("own", false).unwrap();
    assert!(!shelf.keeps_demonstration().unwrap());
}

#[test]
fn a_list_that_is_removed_while_it_is_fetched_stays_removed() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    take(&shelf, &entities(1), &offer()).unwrap();
    shelf.remove("own", false).unwrap();
    let late = take(&shelf, &entities(2), &Offer { renews: true, ..offer() });
    assert!(matches!(late, Err(ShelfError::RemovedMeanwhile { .. })), "{late:?}");
    assert_eq!(shelf.cards().unwrap(), []);
}

#[test]
fn whoever_changes_a_list_at_the_same_time_leaves_one_whole_version_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    std::thread::scope(|scope| {
        for count in [10, 11, 12] {
            let shelf = &shelf;
            scope.spawn(move || {
                for _ in 0..60 {
                    take(shelf, &entities(count), &offer()).unwrap();
                }
            });
        }
    });
    let card = shelf.card("own").unwrap().unwrap();
    assert_eq!(shelf.load(&card).unwrap().entities.len(), card.entities as usize);
    assert_eq!(fs::read_dir(folder.path().join("own")).unwrap().count(), 2);
}

#[test]
fn a_name_that_would_lead_out_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    for name in ["../x", "", "a/b", "A", "."] {
        let naming = Naming { name: Some(name.into()), ..offer().naming };
        let refused = take(&shelf, &entities(1), &Offer { naming, ..offer() });
        assert!(matches!(refused, Err(ShelfError::Name)), "{name}");
    }
}
