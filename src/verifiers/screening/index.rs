//! The index over the natural persons of the loaded lists: which names may be the subject's.
//!
//! Candidates come from shared or similar name parts, from parts written together, and from document numbers. What
//! they are worth is not judged here.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::screening::ListVersion;

use super::evidence::DateAgreement;
use super::normal::{fold, skeleton, tokens};
use super::similarity::similarity;
use super::vocabulary::{Token, Vocabulary};
use crate::lists::{ListedEntity, ListedName, SanctionsList, Schema};

/// Names that are compared in full for one spelling of the subject.
const CANDIDATES: usize = 160;
/// What an agreeing birth date is worth among candidates: half a rare name part.
const AGREEING_DATE: f32 = 0.5;
/// What the length of a listed name takes among candidates, so that `A B` comes before `A B C D`.
const UNSHARED: f32 = 0.2;
/// Characters of a document number that is worth comparing.
const LEAST_DOCUMENT_NUMBER: usize = 5;

/// Where an entity stands: the list and its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityAt {
    list: u32,
    entity: u32,
}

/// One listed name with the numbers of its parts.
pub struct IndexedName {
    /// Whose name it is.
    pub entity: EntityAt,
    /// Its place among the names of the entity.
    pub position: u32,
    /// Numbers of its parts in the vocabulary.
    pub parts: Vec<u32>,
    /// Sum of the weights of its parts.
    weight: f32,
}

/// The index; immutable, so that readers share it.
#[derive(Default)]
pub struct Index {
    lists: Vec<Arc<SanctionsList>>,
    vocabulary: Vocabulary,
    names: Vec<IndexedName>,
    /// Names by part.
    postings: Vec<Vec<u32>>,
    /// Names by the fold or the skeleton of two neighbouring parts written together.
    joined: HashMap<String, Vec<u32>>,
    documents: HashMap<String, Vec<EntityAt>>,
}

impl Index {
    /// Indexes the persons of `lists`.
    pub fn build(lists: Vec<Arc<SanctionsList>>) -> Self {
        let mut index = Self { lists: lists.clone(), ..Self::default() };
        let mut persons = 0;
        for (list_number, list) in (0u32..).zip(&lists) {
            for (entity_number, entity) in (0u32..).zip(&list.entities) {
                if entity.schema == Schema::Person {
                    persons += 1;
                    index.add(EntityAt { list: list_number, entity: entity_number }, entity);
                }
            }
        }
        let occurrences: Vec<usize> = index.postings.iter().map(|names| index.entities_of(names)).collect();
        index.vocabulary.weigh(&occurrences, persons);
        for name in &mut index.names {
            name.weight = name.parts.iter().map(|part| index.vocabulary.token(*part).weight).sum();
        }
        index
    }

    fn add(&mut self, at: EntityAt, entity: &ListedEntity) {
        for (position, name) in (0u32..).zip(&entity.names) {
            let number = u32::try_from(self.names.len()).expect("fewer names than 2^32");
            let texts = tokens(&name.text);
            let parts: Vec<u32> = texts.iter().map(|text| self.vocabulary.add(text)).collect();
            self.postings.resize_with(self.vocabulary.len(), Vec::new);
            for part in &parts {
                let names = &mut self.postings[*part as usize];
                if names.last() != Some(&number) {
                    names.push(number);
                }
            }
            for pair in texts.windows(2) {
                for key in joined_keys(&pair.concat()) {
                    self.joined.entry(key).or_default().push(number);
                }
            }
            self.names.push(IndexedName { entity: at, position, parts, weight: 0.0 });
        }
        for number in entity.documents.iter().filter_map(|number| document_key(number)) {
            self.documents.entry(number).or_default().push(at);
        }
    }

    fn entities_of(&self, names: &[u32]) -> usize {
        let mut entities: Vec<EntityAt> =
            names.iter().map(|name| self.names[*name as usize].entity).collect();
        // Names of one entity stand together.
        entities.dedup();
        entities.len()
    }

    /// Versions of the lists behind the index.
    pub fn versions(&self) -> Vec<ListVersion> {
        self.lists.iter().map(|list| list.version.clone()).collect()
    }

    /// The lists behind the index.
    pub fn lists(&self) -> &[Arc<SanctionsList>] {
        &self.lists
    }

    /// How many distinct name parts the index holds.
    pub fn parts(&self) -> usize {
        self.vocabulary.len()
    }

    /// The entity at a place, with the version of its list.
    pub fn entity(&self, at: EntityAt) -> (&ListedEntity, &ListVersion) {
        let list = &self.lists[at.list as usize];
        (&list.entities[at.entity as usize], &list.version)
    }

    /// The listed name behind an indexed one.
    pub fn listed_name(&self, name: &IndexedName) -> &ListedName {
        &self.entity(name.entity).0.names[name.position as usize]
    }

    /// The parts of an indexed name.
    pub fn parts_of(&self, name: &IndexedName) -> Vec<&Token> {
        name.parts.iter().map(|part| self.vocabulary.token(*part)).collect()
    }

    /// A subject's name in parts, weighed as the lists weigh them.
    pub fn subject_parts(&self, name: &str) -> Vec<Token> {
        tokens(name).iter().map(|text| self.vocabulary.subject(text)).collect()
    }

    /// The names that share most with `query`, best first; equal ones in the order of the lists. A birth date that
    /// agrees brings a name forward, so that the many bearers of common names do not crowd out the one that matters.
    pub fn candidates(&self, query: &[Token], born: Option<NaiveDate>) -> impl Iterator<Item = &IndexedName> {
        let mut shared = Shared::new(self.names.len());
        for part in query.iter().filter(|part| part.identifies()) {
            self.share(part, &mut shared);
            for key in joined_keys(&part.text) {
                self.joined.get(&key).into_iter().flatten().for_each(|name| shared.add(*name, part.weight));
            }
        }
        for pair in query.windows(2).filter(|pair| pair[0].text.len() + pair[1].text.len() > 3) {
            self.share(&self.vocabulary.subject(&format!("{}{}", pair[0].text, pair[1].text)), &mut shared);
        }
        shared.adjust(|name| {
            let name = &self.names[name as usize];
            let agreement = DateAgreement::of(born, &self.entity(name.entity).0.birth_dates).0;
            let date = if agreement < DateAgreement::Absent { AGREEING_DATE } else { 0.0 };
            date - UNSHARED * name.weight
        });
        shared.best(CANDIDATES).into_iter().map(|name| &self.names[name as usize])
    }

    fn share(&self, part: &Token, shared: &mut Shared) {
        for number in self.vocabulary.neighbours(part) {
            let listed = self.vocabulary.token(number);
            let score = similarity(part, listed, false);
            if score > 0.0 && listed.identifies() {
                let worth = score * listed.weight;
                self.postings[number as usize].iter().for_each(|name| shared.add(*name, worth));
            }
        }
    }

    /// The names of everybody who has this document number.
    pub fn holders(&self, document_number: &str) -> &[EntityAt] {
        document_key(document_number).and_then(|key| self.documents.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// All indexed names of one entity.
    pub fn names_of(&self, at: EntityAt) -> &[IndexedName] {
        let start = self.names.partition_point(|name| name.entity < at);
        let end = self.names.partition_point(|name| name.entity <= at);
        &self.names[start..end]
    }
}

/// A document number as it is compared: letters and digits only. None if it is too short to mean anything.
pub fn document_key(number: &str) -> Option<String> {
    let key: String =
        number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    (key.len() >= LEAST_DOCUMENT_NUMBER).then_some(key)
}

fn joined_keys(text: &str) -> Vec<String> {
    let folded = fold(text);
    let bones = skeleton(&folded);
    // Lower case keeps skeletons apart from folds in one table.
    if bones.len() >= 4 { vec![folded, bones.to_ascii_lowercase()] } else { vec![folded] }
}

/// What each name shares with the subject's.
struct Shared {
    worth: Vec<f32>,
    touched: Vec<u32>,
}

impl Shared {
    fn new(names: usize) -> Self {
        Self { worth: vec![0.0; names], touched: Vec::new() }
    }

    fn add(&mut self, name: u32, worth: f32) {
        let sum = &mut self.worth[name as usize];
        if *sum == 0.0 {
            self.touched.push(name);
        }
        *sum += worth;
    }

    fn adjust(&mut self, by: impl Fn(u32) -> f32) {
        self.touched.iter().for_each(|name| self.worth[*name as usize] += by(*name));
    }

    fn best(mut self, count: usize) -> Vec<u32> {
        let worth = &self.worth;
        let by_worth = |a: &u32, b: &u32| worth[*b as usize].total_cmp(&worth[*a as usize]).then(a.cmp(b));
        if self.touched.len() > count {
            self.touched.select_nth_unstable_by(count, by_worth);
            self.touched.truncate(count);
        }
        self.touched.sort_unstable_by(by_worth);
        self.touched
    }
}
