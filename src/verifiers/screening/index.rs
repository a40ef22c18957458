//! The index over the natural persons of the loaded lists: names by their parts, parts written together, document numbers.
//!
//! It proposes which listed names may be the subject's; what they are worth is not judged here.

use std::sync::Arc;

use domain::birth_date::BirthDate;
use domain::document::number_class::number_class;
use domain::screening::{ListVersion, SpelledName};
use rustc_hash::{FxHashMap, FxHashSet};

use super::alignment::{EXTRA_PART, Query};
use super::keys::{Key, KeyTable};
use super::normal::{fold, skeleton, tokens};
use super::vocabulary::{Neighbour, Vocabulary};
use crate::lists::{ListedEntity, ListedName, SanctionsList, Schema};

/// Names that are compared in full for one spelling of the subject.
const CANDIDATES: usize = 160;
/// What an agreeing birth date is worth among candidates: half a rare name part.
const AGREEING_DATE: f32 = 0.5;
/// What the length of a listed name takes among candidates, so that `A B` comes before `A B C D`.
const UNSHARED: f32 = 0.2;
/// Least score that a name can still reach to become a candidate: with all the evidence on top it would not be reported.
const LEAST_REACHABLE: f32 = 0.4;
/// Characters of a document number that is worth comparing.
const LEAST_DOCUMENT_NUMBER: usize = 5;
/// Letters of two parts that are looked up together.
const LEAST_PAIR: usize = 4;
/// Consonants of two parts that are looked up by their skeleton.
const LEAST_PAIR_SKELETON: usize = 4;

/// Where an entity stands: the list and its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityAt {
    list: u32,
    entity: u32,
}

/// One listed name.
#[derive(Clone, Copy)]
pub struct IndexedName {
    /// Whose name it is.
    pub entity: EntityAt,
    /// Its place among the names of the entity.
    position: u32,
    /// Where its parts begin and how many there are.
    parts: (u32, u32),
    /// Sum of the weights of its parts.
    weight: f32,
    /// Years in which its bearer may be born, and those beside them, one bit each.
    years: u128,
}

/// The index; immutable, so that readers share it.
#[derive(Default)]
pub struct Index {
    lists: Vec<Arc<SanctionsList>>,
    vocabulary: Vocabulary,
    names: Vec<IndexedName>,
    /// Numbers of the parts of all names, one name after the other.
    parts: Vec<u32>,
    /// Names by part: where those of part `n` begin in `holders`.
    postings: Vec<u32>,
    bearers: Vec<u32>,
    /// Names by two neighbouring parts written together.
    joined: KeyTable,
    documents: FxHashMap<Box<str>, Vec<EntityAt>>,
    /// Digests of the entities, which every hit names.
    fingerprints: FxHashMap<EntityAt, Box<str>>,
    persons: usize,
}

impl Index {
    /// Indexes the persons of `lists`.
    pub fn build(lists: Vec<Arc<SanctionsList>>) -> Self {
        Self::build_of(lists, |_| true, None)
    }

    /// Indexes some persons of `lists` and weighs their names as the whole index does, so that scores are the same.
    pub fn build_part(
        lists: Vec<Arc<SanctionsList>>,
        whole: &Self,
        takes: impl Fn(&ListedEntity) -> bool,
    ) -> Self {
        Self::build_of(lists, takes, Some(&whole.vocabulary))
    }

    fn build_of(
        lists: Vec<Arc<SanctionsList>>,
        takes: impl Fn(&ListedEntity) -> bool,
        weights: Option<&Vocabulary>,
    ) -> Self {
        let mut index = Self { lists: lists.clone(), ..Self::default() };
        let mut joined = Vec::new();
        for (list, number) in lists.iter().zip(0..) {
            for (entity, place) in list.entities.iter().zip(0..) {
                if entity.schema == Schema::Person && takes(entity) {
                    index.persons += 1;
                    index.add(EntityAt { list: number, entity: place }, entity, &mut joined);
                }
            }
        }
        index.joined = KeyTable::new(joined);
        index.post();
        let occurrences: Vec<usize> =
            (0..index.vocabulary.len()).map(|part| index.entities_of(part as u32)).collect();
        index.vocabulary.finish(&occurrences, index.persons);
        if let Some(weights) = weights {
            index.vocabulary.weigh_as(weights);
        }
        for at in 0..index.names.len() {
            let parts = index.parts_of(&index.names[at]);
            index.names[at].weight = parts.iter().map(|part| index.vocabulary.token(*part).weight).sum();
        }
        index
    }

    fn add(&mut self, at: EntityAt, entity: &ListedEntity, joined: &mut Vec<(u64, u32)>) {
        let years = entity.birth_dates.iter().fold(0, |years, date| years | year_bits(date, 1));
        for (name, position) in entity.names.iter().zip(0..) {
            let number = u32::try_from(self.names.len()).expect("fewer names than 2^32");
            let texts = tokens(&name.text);
            let start = u32::try_from(self.parts.len()).expect("fewer parts than 2^32");
            self.parts.extend(texts.iter().map(|text| self.vocabulary.add(text)));
            for pair in texts.windows(2) {
                each_joined_key(&pair.concat(), |key| joined.push((key, number)));
            }
            let parts = (start, u32::try_from(texts.len()).expect("fewer parts than 2^32"));
            self.names.push(IndexedName { entity: at, position, parts, weight: 0.0, years });
        }
        self.fingerprints.insert(at, entity.fingerprint().into());
        for number in entity.documents.iter().filter_map(|number| document_key(number)) {
            let holders = self.documents.entry(number.into()).or_default();
            if holders.last() != Some(&at) {
                holders.push(at);
            }
        }
    }

    /// Sorts the names by their parts.
    fn post(&mut self) {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(self.parts.len());
        for (name, number) in self.names.iter().zip(0..) {
            pairs.extend(self.parts_of(name).iter().map(|part| (*part, number)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut postings = pairs.iter().map(|(part, _)| part).copied().peekable();
        let mut at = 0;
        for part in 0..=self.vocabulary.len() as u32 {
            self.postings.push(at);
            while postings.next_if_eq(&part).is_some() {
                at += 1;
            }
        }
        self.bearers = pairs.into_iter().map(|(_, name)| name).collect();
    }

    fn bearers_of(&self, part: u32) -> &[u32] {
        let part = part as usize;
        &self.bearers[self.postings[part] as usize..self.postings[part + 1] as usize]
    }

    fn entities_of(&self, part: u32) -> usize {
        let mut last = None;
        // Names of one entity stand together.
        let is_new = |name: &&u32| {
            last.replace(self.names[**name as usize].entity) != Some(self.names[**name as usize].entity)
        };
        self.bearers_of(part).iter().filter(is_new).count()
    }

    /// Versions of the lists behind the index.
    pub fn versions(&self) -> Vec<ListVersion> {
        self.lists.iter().map(|list| list.version.clone()).collect()
    }

    /// The lists behind the index.
    pub fn lists(&self) -> &[Arc<SanctionsList>] {
        &self.lists
    }

    /// How many persons the index holds.
    pub fn persons(&self) -> usize {
        self.persons
    }

    /// How many names the index holds.
    pub fn names(&self) -> usize {
        self.names.len()
    }

    /// The entity at a place, with the version of its list.
    pub fn entity(&self, at: EntityAt) -> (&ListedEntity, &ListVersion) {
        let list = &self.lists[at.list as usize];
        (&list.entities[at.entity as usize], &list.version)
    }

    /// Digest of all that its list says of an entity.
    pub fn fingerprint(&self, at: EntityAt) -> &str {
        self.fingerprints.get(&at).map_or("", |digest| digest)
    }

    /// Ids of the persons who are not the same in `other`: not on the list of that name there, or otherwise.
    pub fn persons_other_than(&self, other: &Self) -> Vec<String> {
        let theirs: FxHashSet<(&str, &str, &str)> = other.persons_with_digests().collect();
        let differ = self.persons_with_digests().filter(|person| !theirs.contains(person));
        differ.map(|(_, id, _)| id.to_owned()).collect()
    }

    fn persons_with_digests(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.fingerprints.iter().map(|(at, digest)| {
            let (entity, list) = self.entity(*at);
            (list.name.as_str(), entity.id.as_str(), &**digest)
        })
    }

    /// The name of this number.
    pub fn name(&self, number: u32) -> &IndexedName {
        &self.names[number as usize]
    }

    /// The listed name behind an indexed one.
    pub fn listed_name(&self, name: &IndexedName) -> &ListedName {
        &self.entity(name.entity).0.names[name.position as usize]
    }

    /// Numbers of the parts of an indexed name.
    pub fn parts_of(&self, name: &IndexedName) -> &[u32] {
        let (start, length) = name.parts;
        &self.parts[start as usize..(start + length) as usize]
    }

    /// The distinct parts of all names.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// A subject's name in parts, weighed as the lists weigh them.
    pub fn query(&self, name: &SpelledName) -> Query {
        Query::new(&tokens(&name.text), name.truncated, |text| self.vocabulary.subject(text))
    }

    /// Everybody who has this document number.
    pub fn holders(&self, document_number: &str) -> &[EntityAt] {
        let key = document_key(document_number);
        key.and_then(|key| self.documents.get(key.as_str())).map_or(&[], Vec::as_slice)
    }

    /// Numbers of all names of one entity.
    pub fn names_of(&self, at: EntityAt) -> std::ops::Range<u32> {
        let start = self.names.partition_point(|name| name.entity < at);
        let end = self.names.partition_point(|name| name.entity <= at);
        start as u32..end as u32
    }

    /// The names that share most with `query`, best first; equal ones in the order of the lists. A birth date that
    /// agrees brings a name forward, so that the many bearers of common names do not crowd out the one that matters.
    pub fn propose<'s>(&self, query: &Query, born: Option<BirthDate>, shared: &'s mut Shared) -> &'s [u32] {
        shared.begin(self.names.len());
        let sources = self.sources(query, shared);
        let whole: f32 =
            query.parts.iter().filter(|part| part.token.identifies()).map(|part| part.token.weight).sum();
        let mut left: f32 = sources.iter().map(|source| source.potential).sum();
        let mut left_weight: f32 = sources.iter().map(|source| source.weight).sum();
        for source in &sources {
            // Rare parts come first: what shares only the common rest cannot reach a score that matters, so such names are
            // not even looked at, however many there are.
            let unshared = EXTRA_PART * (whole - left_weight).max(0.0);
            let opens = 2.0 * left >= LEAST_REACHABLE * (2.0 * left + unshared);
            for at in source.neighbours.clone() {
                let Neighbour { number, similarity } = shared.neighbours[at];
                let worth = similarity * self.vocabulary.token(number).weight;
                self.bearers_of(number).iter().for_each(|name| shared.add(*name, worth, opens));
            }
            if let Some(text) = source.joined {
                each_joined_key(text, |key| {
                    self.joined.get(key).for_each(|name| shared.add(name, source.weight, opens));
                });
            }
            left -= source.potential;
            left_weight -= source.weight;
        }
        let born = born.map_or(0, |date| year_bits(&date, 0));
        shared.adjust(|name| {
            let name = &self.names[name as usize];
            let date = if name.years & born == 0 { 0.0 } else { AGREEING_DATE };
            date - UNSHARED * name.weight
        });
        shared.best(CANDIDATES)
    }

    /// What of the subject's name names are looked up by, the most telling first.
    fn sources<'q>(&self, query: &'q Query, shared: &mut Shared) -> Vec<Source<'q>> {
        let mut sources = Vec::with_capacity(query.parts.len() + query.pairs.len());
        let parts = query.parts.iter().filter(|part| part.token.identifies()).map(|part| (part, true));
        let pairs =
            query.pairs.iter().filter(|pair| pair.token.text.len() >= LEAST_PAIR).map(|pair| (pair, false));
        for (part, is_single) in parts.chain(pairs) {
            let start = shared.neighbours.len();
            let mut potential: f32 = 0.0;
            self.vocabulary.each_neighbour(part, |neighbour| {
                potential =
                    potential.max(neighbour.similarity * self.vocabulary.token(neighbour.number).weight);
                shared.neighbours.push(neighbour);
            });
            let joined = is_single.then_some(part.token.text.as_str());
            if let Some(text) = joined {
                let mut is_joined = false;
                each_joined_key(text, |key| is_joined |= self.joined.get(key).next().is_some());
                potential = if is_joined { potential.max(part.token.weight) } else { potential };
            }
            let neighbours = start..shared.neighbours.len();
            sources.push(Source { neighbours, joined, potential, weight: part.token.weight });
        }
        sources.sort_by(|a, b| b.potential.total_cmp(&a.potential));
        sources
    }
}

/// A part of the subject's name, or two, with what it may mean.
struct Source<'q> {
    neighbours: std::ops::Range<usize>,
    /// The text that may be two listed parts written together.
    joined: Option<&'q str>,
    /// The most that a listed part can be worth by it.
    potential: f32,
    weight: f32,
}

/// A document number as it is compared: letters and digits only, those of one shape as one. None if it is too short to
/// mean anything.
pub fn document_key(number: &str) -> Option<String> {
    let mut key = number_class(number);
    key.retain(|character| character.is_ascii_alphanumeric());
    (key.len() >= LEAST_DOCUMENT_NUMBER).then_some(key)
}

/// Kinds of key for two parts written together.
const JOINED_FOLD: u64 = 3;
const JOINED_SKELETON: u64 = 4;

fn each_joined_key(text: &str, mut take: impl FnMut(u64)) {
    let folded = fold(text);
    let bones = skeleton(&folded);
    take(Key::of(JOINED_FOLD).and(folded.as_bytes()).done());
    if bones.len() >= LEAST_PAIR_SKELETON {
        take(Key::of(JOINED_SKELETON).and(bones.as_bytes()).done());
    }
}

/// The years of a birth date as bits, with as many years beside them.
fn year_bits(date: &BirthDate, beside: i32) -> u128 {
    const FIRST: i32 = 1_900;
    let (first, last) = date.years();
    (first - beside..=last + beside).fold(0, |bits, year| bits | 1 << (year - FIRST).rem_euclid(128))
}

/// What each name shares with the subject's; made anew by no query, only cleaned.
#[derive(Default)]
pub struct Shared {
    worth: Vec<f32>,
    touched: Vec<u32>,
    neighbours: Vec<Neighbour>,
}

impl Shared {
    fn begin(&mut self, names: usize) {
        for name in self.touched.drain(..) {
            if let Some(worth) = self.worth.get_mut(name as usize) {
                *worth = 0.0;
            }
        }
        self.worth.resize(names, 0.0);
        self.neighbours.clear();
    }

    fn add(&mut self, name: u32, worth: f32, opens: bool) {
        let sum = &mut self.worth[name as usize];
        if *sum == 0.0 {
            if !opens {
                return;
            }
            self.touched.push(name);
        }
        *sum += worth;
    }

    fn adjust(&mut self, by: impl Fn(u32) -> f32) {
        self.touched.iter().for_each(|name| self.worth[*name as usize] += by(*name));
    }

    fn best(&mut self, count: usize) -> &[u32] {
        let worth = &self.worth;
        let by_worth = |a: &u32, b: &u32| worth[*b as usize].total_cmp(&worth[*a as usize]).then(a.cmp(b));
        let count = count.min(self.touched.len());
        if count < self.touched.len() {
            self.touched.select_nth_unstable_by(count, by_worth);
        }
        self.touched[..count].sort_unstable_by(by_worth);
        &self.touched[..count]
    }
}
