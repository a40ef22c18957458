//! The folder of the operator's lists: the last good version of each, taken whole or not at all.
//!
//! A list is a folder with a `card.json` that names the version in force and a folder of that version's files. A new version
//! is read to its end before the card points at it, so a file that breaks off, names nobody or suddenly names far fewer
//! leaves the last good one in force. Commands and a running server share the folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::format::{Naming, load};
use super::{ListError, RowProblem, SanctionsList, ofac};

const CARD: &str = "card.json";
/// A list that keeps less than this share of its entities was more likely cut off than shortened.
const LEAST_KEPT: f64 = 0.8;
/// Problems that a card keeps; it counts them all.
const PROBLEMS_KEPT: usize = 200;

/// What is known of a list beside its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Name of the list.
    pub name: String,
    /// The version in force.
    pub version: String,
    /// The publisher's date.
    pub date: NaiveDate,
    /// When its publisher last said that there is none newer.
    pub confirmed_at: Option<Timestamp>,
    /// When this version was taken.
    pub taken_at: Timestamp,
    /// The main file, in the folder of the version.
    file: String,
    /// Entities of this version.
    pub entities: u32,
    /// Rows that were rejected.
    pub rejected_rows: usize,
    /// What could not be read; the first ones.
    pub problems: Vec<RowProblem>,
    /// What the publisher's server called this version, one tag a file.
    #[serde(default)]
    pub etags: Vec<String>,
}

/// The shelf cannot take a list.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The new file is no whole list; the last good version stays.
    #[error(transparent)]
    List(#[from] ListError),
    /// The new file names far fewer; the last good version stays.
    #[error(
        "the list {name} would shrink from {before} to {after} entities, which looks like a file that was cut off; \
         import it with --accept-shrink if it is right"
    )]
    Shrunk {
        /// The list.
        name: String,
        /// Entities in force.
        before: u32,
        /// Entities of the new file.
        after: u32,
    },
    /// The name cannot be that of a list.
    #[error("a list's name is made of lower-case letters, digits, - and _, at most 64 of them")]
    Name,
    /// The folder cannot be read or written.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// A list that was taken, or that was there already.
#[derive(Debug)]
pub struct Taken {
    /// Its card.
    pub card: Card,
    /// Whether it is another version than before.
    pub is_new: bool,
}

/// What an operator or a publisher's server says beside the files.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// Name and date, where they are not those of the file.
    pub naming: Naming,
    /// Take it even if it shrinks.
    pub accept_shrink: bool,
    /// Tags of the publisher's server.
    pub etags: Vec<String>,
    /// Whether it comes from the publisher just now.
    pub is_current: bool,
}

/// The folder of lists.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The shelf in this folder, which may not be there yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The cards of all lists, by name. A folder without a whole card is no list.
    pub fn cards(&self) -> Result<Vec<Card>, ShelfError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(at(&self.folder)(error)),
        };
        let mut cards = Vec::new();
        for entry in entries {
            let path = entry.map_err(at(&self.folder))?.path().join(CARD);
            match fs::read(&path) {
                Ok(text) => match serde_json::from_slice(&text) {
                    Ok(card) => cards.push(card),
                    Err(error) => return Err(at(&path)(io::Error::other(error))),
                },
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => return Err(at(&path)(error)),
            }
        }
        cards.sort_by(|a: &Card, b: &Card| a.name.cmp(&b.name));
        Ok(cards)
    }

    /// The card of one list, if it is there.
    pub fn card(&self, name: &str) -> Result<Option<Card>, ShelfError> {
        Ok(self.cards()?.into_iter().find(|card| card.name == name))
    }

    /// Loads the version in force of a list.
    pub fn load(&self, card: &Card) -> Result<SanctionsList, ListError> {
        let path = self.folder.join(&card.name).join(&card.version).join(&card.file);
        let naming = Naming { name: Some(card.name.clone()), date: Some(card.date), fallback_date: None };
        let mut list = load(&path, &naming)?;
        list.version.confirmed = card.confirmed_at.map(|at| at.date_naive());
        Ok(list)
    }

    /// Takes a list file with its companions, at `now`.
    pub fn take(&self, file: &Path, offer: &Offer, now: Timestamp) -> Result<Taken, ShelfError> {
        let list = load(file, &offer.naming)?;
        let SanctionsList { version, entities, problems } = list;
        if !is_name(&version.name) {
            return Err(ShelfError::Name);
        }
        let after = u32::try_from(entities.len()).unwrap_or(u32::MAX);
        let _alone = self.alone()?;
        let before = self.card(&version.name)?;
        if let Some(before) = &before
            && f64::from(after) < LEAST_KEPT * f64::from(before.entities)
            && !offer.accept_shrink
        {
            return Err(ShelfError::Shrunk { name: version.name, before: before.entities, after });
        }
        let file_name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let rejected_rows = problems.iter().filter(|row| row.problem.rejects_row()).count();
        let card = Card {
            date: version.date,
            confirmed_at: offer.is_current.then_some(now),
            taken_at: now,
            file: file_name,
            entities: after,
            rejected_rows,
            problems: problems.into_iter().take(PROBLEMS_KEPT).collect(),
            etags: offer.etags.clone(),
            name: version.name,
            version: version.version,
        };
        let is_new = before.as_ref().is_none_or(|before| before.version != card.version);
        let folder = self.folder.join(&card.name);
        let files = folder.join(&card.version);
        if is_new {
            fs::create_dir_all(&files).map_err(at(&files))?;
            for source in ofac::with_aliases(file) {
                let target = files.join(source.file_name().unwrap_or_default());
                copy_durably(&source, &target)?;
            }
        }
        self.save(&card)?;
        if is_new && let Some(before) = before {
            // What nothing points at any more; a reader that is still at it keeps its open file.
            let _ = fs::remove_dir_all(folder.join(&before.version));
        }
        Ok(Taken { card, is_new })
    }

    /// Notes that the publisher has nothing newer than what is in force.
    pub fn confirm(&self, name: &str, now: Timestamp) -> Result<(), ShelfError> {
        let _alone = self.alone()?;
        match self.card(name)? {
            Some(card) => self.save(&Card { confirmed_at: Some(now), ..card }),
            None => Ok(()),
        }
    }

    /// Drops a list; false if it is not there.
    pub fn remove(&self, name: &str) -> Result<bool, ShelfError> {
        let _alone = self.alone()?;
        let is_there = self.card(name)?.is_some();
        if is_there {
            // Without its card a folder is no list any more, whatever becomes of the rest.
            let folder = self.folder.join(name);
            fs::remove_file(folder.join(CARD)).map_err(at(&folder))?;
            fs::remove_dir_all(&folder).map_err(at(&folder))?;
        }
        Ok(is_there)
    }

    /// Waits until nobody else changes the shelf, and keeps others waiting as long as the file lives: who drops an old version must
    /// not drop the one that another takes up again.
    fn alone(&self) -> Result<fs::File, ShelfError> {
        fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        let path = self.folder.join(".lock");
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(at(&path))?;
        file.lock().map_err(at(&path))?;
        Ok(file)
    }

    /// Writes a card in one step: a crash leaves the old one or the new one.
    fn save(&self, card: &Card) -> Result<(), ShelfError> {
        let folder = self.folder.join(&card.name);
        let text = serde_json::to_vec_pretty(card).map_err(|error| at(&folder)(io::Error::other(error)))?;
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(at(&folder))?;
        io::Write::write_all(&mut file, &text).map_err(at(&folder))?;
        file.as_file().sync_all().map_err(at(&folder))?;
        let path = folder.join(CARD);
        file.persist(&path).map_err(|error| at(&path)(error.error))?;
        fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(at(&folder))
    }
}

fn copy_durably(source: &Path, target: &Path) -> Result<(), ShelfError> {
    fs::copy(source, target).map_err(at(target))?;
    fs::File::open(target).and_then(|file| file.sync_all()).map_err(at(target))
}

fn at(path: &Path) -> impl Fn(io::Error) -> ShelfError + '_ {
    move |error| ShelfError::Io { path: path.to_owned(), error }
}

/// Names become folders.
pub(super) fn is_name(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entities(count: usize) -> String {
        let line = |n| {
            format!(r#"{{"id":"{n}","schema":"Person","properties":{{"name":["Ilmar {n}"]}},"target":true}}"#)
        };
        (0..count).map(line).collect::<Vec<_>>().join("\n")
    }

    fn offer() -> Offer {
        let naming = Naming {
            name: Some("own".into()),
            date: NaiveDate::from_ymd_opt(2024, 1, 2),
            ..Naming::default()
        };
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
        assert!(shelf.remove("own").unwrap() && !shelf.remove("own").unwrap());
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
}
