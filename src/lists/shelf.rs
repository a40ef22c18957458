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
use domain::screening::ListVersion;
use serde::{Deserialize, Serialize};

use super::format::{Naming, load};
use super::{ListError, RowProblem, SanctionsList, demonstration, ofac};

const CARD: &str = "card.json";
/// Says whether the demonstration list stays: [`KEPT`] or [`REMOVED`].
const DEMONSTRATION: &str = ".demonstration";
const KEPT: &str = "kept";
const REMOVED: &str = "removed";
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

impl Card {
    /// The list as screenings name it.
    pub fn list_version(&self) -> ListVersion {
        ListVersion {
            name: self.name.clone(),
            version: self.version.clone(),
            date: self.date,
            entities: self.entities,
            demonstration: false,
            confirmed: self.confirmed_at.map(|at| at.date_naive()),
        }
    }
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
    /// The list that was to be renewed is there no more.
    #[error("the list {name} was removed meanwhile and stays so")]
    RemovedMeanwhile {
        /// The list.
        name: String,
    },
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
    /// Whether it is the current version of the source that the demonstration list is an old one of, and takes its place.
    pub replaces_demonstration: bool,
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
    /// Whether it renews a list that is there: not if that is removed meanwhile.
    pub renews: bool,
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
        if offer.renews && before.is_none() {
            return Err(ShelfError::RemovedMeanwhile { name: version.name });
        }
        let demonstration_stays = self.settle_demonstration()?;
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
        let before_is_none = before.is_none();
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
        let replaces_demonstration =
            demonstration_stays && before_is_none && card.name == demonstration::LIST_NAME;
        Ok(Taken { card, is_new, replaces_demonstration })
    }

    /// Notes that the publisher has nothing newer than what is in force.
    pub fn confirm(&self, name: &str, now: Timestamp) -> Result<(), ShelfError> {
        let _alone = self.alone()?;
        match self.card(name)? {
            Some(card) => self.save(&Card { confirmed_at: Some(now), ..card }),
            None => Ok(()),
        }
    }

    /// Removes a list; false if it is not there. `is_demonstration` says that the demonstration list is in force under this name;
    /// it goes with its source and does not come back by itself.
    pub fn remove(&self, name: &str, is_demonstration: bool) -> Result<bool, ShelfError> {
        let _alone = self.alone()?;
        let demonstration_stays = self.settle_demonstration()?;
        let is_there = self.card(name)?.is_some();
        if name == demonstration::LIST_NAME && (is_there || is_demonstration) {
            // First: a crash in between must not bring the old version of a removed source into force.
            self.note_demonstration(REMOVED)?;
        }
        if is_there {
            // Without its card a folder is no list any more, whatever becomes of the rest.
            let folder = self.folder.join(name);
            fs::remove_file(folder.join(CARD)).map_err(at(&folder))?;
            fs::remove_dir_all(&folder).map_err(at(&folder))?;
        }
        Ok(is_there || is_demonstration && demonstration_stays)
    }

    /// Whether the demonstration list is in force where no list of its name lies here: until it is removed. In a folder from
    /// before this was noted any list took its place.
    pub fn keeps_demonstration(&self) -> Result<bool, ShelfError> {
        let path = self.folder.join(DEMONSTRATION);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim() == KEPT),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.cards()?.is_empty()),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Lets the demonstration list be in force again.
    pub fn restore_demonstration(&self) -> Result<(), ShelfError> {
        let _alone = self.alone()?;
        self.note_demonstration(KEPT)
    }

    /// Notes whether the demonstration list stays, before lists come and go; whether it does.
    fn settle_demonstration(&self) -> Result<bool, ShelfError> {
        let stays = self.keeps_demonstration()?;
        if !self.folder.join(DEMONSTRATION).exists() {
            self.note_demonstration(if stays { KEPT } else { REMOVED })?;
        }
        Ok(stays)
    }

    fn note_demonstration(&self, state: &str) -> Result<(), ShelfError> {
        let path = self.folder.join(DEMONSTRATION);
        self.write(&self.folder, state.as_bytes(), &path)
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
        self.write(&folder, &text, &folder.join(CARD))
    }

    fn write(&self, folder: &Path, text: &[u8], path: &Path) -> Result<(), ShelfError> {
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(at(folder))?;
        io::Write::write_all(&mut file, text).map_err(at(folder))?;
        file.as_file().sync_all().map_err(at(folder))?;
        file.persist(path).map_err(|error| at(path)(error.error))?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
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
mod tests;
