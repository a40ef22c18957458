//! What everybody was last matched against: a file a list with the fingerprint of each of its persons.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::screening::ListChange;

use crate::lists::{SanctionsList, Schema};
use crate::verifiers::screening::ALGORITHM;
use crate::verifiers::screening::index::Index;

/// The baseline cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}", path = path.display())]
pub struct BaselineError {
    path: PathBuf,
    error: io::Error,
}

/// What changed since everybody was last matched.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    /// Persons who are new or modified, by their ids.
    pub changed: Arc<BTreeSet<String>>,
    /// The lists that changed, with how many are new, modified or listed no more.
    pub changes: Vec<ListChange>,
}

impl Delta {
    /// Whether nobody has to be matched.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The files.
#[derive(Clone, Debug)]
pub struct Baseline {
    folder: PathBuf,
}

type Fingerprints = HashMap<String, String>;

impl Baseline {
    /// In a folder that may not be there yet.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is other in `index` than when everybody was last matched. Another algorithm may score anybody differently, so
    /// everything counts as modified then; and so does whoever was `disturbed` meanwhile.
    pub fn delta(&self, index: &Index, disturbed: &BTreeSet<String>) -> Result<Delta, BaselineError> {
        let (mut changed, mut changes) = (BTreeSet::new(), Vec::new());
        let mut known = self.names()?;
        for list in index.lists() {
            let before = if known.remove(&list.version.name) {
                self.read(&list.version.name)?
            } else {
                HashMap::new()
            };
            let now = fingerprints(list);
            let other: Vec<&String> = now
                .iter()
                .filter(|(id, print)| before.get(*id) != Some(print) || disturbed.contains(*id))
                .map(|(id, _)| id)
                .collect();
            let missing = before.keys().filter(|id| !now.contains_key(*id)).count();
            if !other.is_empty() || missing > 0 {
                changes.push(ListChange {
                    list: list.version.name.clone(),
                    version: Some(list.version.version.clone()),
                    date: Some(list.version.date),
                    added_or_modified: other.len() as u32,
                    delisted: missing as u32,
                });
            }
            changed.extend(other.into_iter().cloned());
        }
        for dropped in known {
            let before = self.read(&dropped)?;
            changes.push(ListChange {
                list: dropped,
                version: None,
                date: None,
                added_or_modified: 0,
                delisted: before.len() as u32,
            });
        }
        Ok(Delta { changed: Arc::new(changed), changes })
    }

    /// Notes who is not in force, as everybody was matched against it, any more: should it be so again, it counts as new, since
    /// somebody may have been screened meanwhile.
    pub fn narrow(&self, index: &Index, disturbed: &BTreeSet<String>) -> Result<(), BaselineError> {
        for name in self.names()? {
            let list = index.lists().iter().find(|list| list.version.name == name);
            let now = list.map(|list| fingerprints(list)).unwrap_or_default();
            let mut before = self.read(&name)?;
            let count = before.len();
            before.retain(|id, print| now.get(id) == Some(print) && !disturbed.contains(id));
            if before.len() < count {
                self.write(&name, before)?;
            }
        }
        Ok(())
    }

    /// Notes that everybody was matched against `index`.
    pub fn save(&self, index: &Index) -> Result<(), BaselineError> {
        fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        let mut old = self.names()?;
        for list in index.lists() {
            old.remove(&list.version.name);
            self.write(&list.version.name, fingerprints(list))?;
        }
        for dropped in old {
            let path = self.folder.join(dropped);
            fs::remove_file(&path).map_err(at(&path))?;
        }
        Ok(())
    }

    fn write(&self, name: &str, fingerprints: Fingerprints) -> Result<(), BaselineError> {
        let sorted: BTreeMap<String, String> = fingerprints.into_iter().collect();
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(at(&self.folder))?;
        let mut text = header() + "\n";
        sorted.iter().for_each(|(id, fingerprint)| text.push_str(&format!("{fingerprint} {id}\n")));
        let path = self.folder.join(name);
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(at(&path))?;
        file.persist(&path).map(drop).map_err(|error| at(&path)(error.error))
    }

    fn names(&self) -> Result<BTreeSet<String>, BaselineError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(at(&self.folder)(error)),
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            let name = entry.map_err(at(&self.folder))?.file_name().to_string_lossy().into_owned();
            // What a crash left of a file in the making begins with a dot.
            if !name.starts_with('.') {
                names.insert(name);
            }
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> Result<Fingerprints, BaselineError> {
        let path = self.folder.join(name);
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        let mut lines = text.lines();
        let is_same_algorithm = lines.next() == Some(header().as_str());
        let entry = |line: &str| {
            let (fingerprint, id) = line.split_once(' ')?;
            let fingerprint = if is_same_algorithm { fingerprint } else { "" };
            Some((id.to_owned(), fingerprint.to_owned()))
        };
        Ok(lines.filter_map(entry).collect())
    }
}

/// Under which algorithm who was matched. Versions before matched nobody who waits for a reviewer, and took no further entity into an
/// open alert.
fn header() -> String {
    format!("{ALGORITHM} approved+waiting+alerted")
}

fn fingerprints(list: &SanctionsList) -> Fingerprints {
    let persons = list.entities.iter().filter(|entity| entity.schema == Schema::Person);
    persons.map(|entity| (entity.id.clone(), entity.fingerprint())).collect()
}

fn at(path: &Path) -> impl Fn(io::Error) -> BaselineError + '_ {
    move |error| BaselineError { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifiers::screening::made_up;

    fn index(lists: Vec<SanctionsList>) -> Index {
        Index::build(lists.into_iter().map(Arc::new).collect())
    }

    fn none() -> BTreeSet<String> {
        BTreeSet::new()
    }

    fn ids(ids: &BTreeSet<String>) -> Vec<&str> {
        ids.iter().map(String::as_str).collect()
    }

    #[test]
    fn the_first_time_everybody_is_new_and_then_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let baseline = Baseline::new(folder.path().join("new"));
        let index = index(vec![made_up::list("1")]);
        let delta = baseline.delta(&index, &none()).unwrap();
        // Five persons; the organisation among the six is never matched.
        assert_eq!((delta.changed.len(), delta.changes[0].added_or_modified), (5, 5));
        baseline.save(&index).unwrap();
        assert!(baseline.delta(&index, &none()).unwrap().is_empty());
    }

    #[test]
    fn added_modified_and_delisted_persons_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let baseline = Baseline::new(folder.path().into());
        baseline.save(&index(vec![made_up::list("1")])).unwrap();
        let mut list = made_up::list("2");
        list.entities[0].programs.push("MORE".into());
        let mut fresh = list.entities[1].clone();
        fresh.id = "a9".into();
        list.entities[1] = fresh;
        let delta = baseline.delta(&index(vec![list]), &none()).unwrap();
        assert_eq!(ids(&delta.changed), ["a1", "a9"]);
        assert_eq!((delta.changes[0].added_or_modified, delta.changes[0].delisted), (2, 1));
    }

    #[test]
    fn a_dropped_list_delists_everybody_on_it() {
        let folder = tempfile::tempdir().unwrap();
        let baseline = Baseline::new(folder.path().into());
        let mut other = made_up::list("1");
        other.version.name = "other".into();
        other.entities.truncate(1);
        baseline.save(&index(vec![made_up::list("1"), other.clone()])).unwrap();
        let left = index(vec![other]);
        let delta = baseline.delta(&left, &none()).unwrap();
        assert_eq!((delta.changes[0].version.as_deref(), delta.changes[0].delisted), (None, 5));
        baseline.save(&left).unwrap();
        assert!(baseline.delta(&left, &none()).unwrap().is_empty());
    }

    #[test]
    fn who_was_delisted_or_other_for_a_while_is_new_when_the_list_says_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let baseline = Baseline::new(folder.path().into());
        let before = index(vec![made_up::list("1")]);
        baseline.save(&before).unwrap();
        let mut list = made_up::list("2");
        list.entities.remove(0);
        list.entities[0].programs.push("MORE".into());
        let meanwhile = index(vec![list]);
        assert_eq!(baseline.delta(&meanwhile, &none()).unwrap().changes[0].delisted, 1);
        baseline.narrow(&meanwhile, &none()).unwrap();
        let back = baseline.delta(&before, &none()).unwrap();
        assert_eq!(ids(&back.changed), ["a1", "a2"]);
        // Also where it was so for too short a time to be looked at.
        let disturbed = ["a3".to_owned()].into();
        assert_eq!(ids(&baseline.delta(&before, &disturbed).unwrap().changed), ["a1", "a2", "a3"]);
        baseline.narrow(&before, &disturbed).unwrap();
        assert_eq!(ids(&baseline.delta(&before, &none()).unwrap().changed), ["a1", "a2", "a3"]);
        // A list that was gone and is back.
        baseline.save(&before).unwrap();
        baseline.narrow(&index(vec![]), &none()).unwrap();
        assert_eq!(baseline.delta(&before, &none()).unwrap().changed.len(), 5);
    }

    #[test]
    fn a_baseline_of_a_version_that_left_people_out_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let baseline = Baseline::new(folder.path().into());
        let index = index(vec![made_up::list("1")]);
        baseline.save(&index).unwrap();
        let path = folder.path().join("made_up");
        let text = fs::read_to_string(&path).unwrap();
        let (_, entities) = text.split_once('\n').unwrap();
        fs::write(&path, format!("{ALGORITHM}\n{entities}")).unwrap();
        assert_eq!(baseline.delta(&index, &none()).unwrap().changed.len(), 5);
    }

    #[test]
    fn under_another_algorithm_everybody_is_matched_again() {
        let folder = tempfile::tempdir().unwrap();
        let baseline = Baseline::new(folder.path().into());
        let index = index(vec![made_up::list("1")]);
        baseline.save(&index).unwrap();
        let path = folder.path().join("made_up");
        let text = fs::read_to_string(&path).unwrap().replace(ALGORITHM, "another/1");
        fs::write(&path, text).unwrap();
        assert_eq!(baseline.delta(&index, &none()).unwrap().changed.len(), 5);
    }
}
