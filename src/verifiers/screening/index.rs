//! The index over the natural persons of the loaded lists: names by their parts, parts written together, document numbers.
//!
//! It proposes which listed names may be the subject's; what they are worth is not judged here.

use std::sync::Arc;

use domain::birth_date::BirthDate;
use domain::screening::{ListVersion, SpelledName};
use rustc_hash::{FxHashMap, FxHashSet};

use super::alignment::EXTRA_PART;
use super::document_number::DocumentNumber;
use super::keys::{Key, KeyTable};
use super::normal::{fold, liaison, skeleton, tokens};
use super::query::{Candidate, Query, joins};
use super::script;
use super::shared::Shared;
use super::similarity::{Join, Part};
use super::vocabulary::{Neighbour, Vocabulary};
use crate::lists::{ListedEntity, ListedName, SanctionsList, Schema};

/// What an agreeing birth date is worth among candidates: half a rare name part.
const AGREEING_DATE: f32 = 0.5;
/// What the length of a listed name takes among candidates, so that `A B` comes before `A B C D`.
const UNSHARED: f32 = 0.2;
/// Least score that a name can still reach to become a candidate: with all the evidence on top it would not be reported.
const LEAST_REACHABLE: f32 = 0.4;
/// Letters of several parts that are looked up together.
const LEAST_PAIR: usize = 4;
/// Consonants of several parts that are looked up by their skeleton.
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
    /// Where its joins begin.
    joins: u32,
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
    /// How the parts of all names sound when they are written together, one name after the other.
    joins: Vec<Join>,
    /// Names by part: where those of part `n` begin in `holders`.
    postings: Vec<u32>,
    bearers: Vec<u32>,
    /// Names by two or three neighbouring parts written together.
    joined: KeyTable,
    /// Holders of documents by all forms of their numbers; whether the form is the whole number.
    documents: FxHashMap<Box<str>, Vec<(EntityAt, bool)>>,
    /// Digests of the entities, which every hit names.
    fingerprints: FxHashMap<EntityAt, Box<str>>,
    persons: usize,
}

impl Index {
    /// Indexes the persons of `lists`.
    pub fn build(lists: Vec<Arc<SanctionsList>>) -> Self {
        Self::build_part(lists, |_| true)
    }

    /// Indexes some persons of `lists`; their scores are those that they have among all others.
    pub fn build_part(lists: Vec<Arc<SanctionsList>>, takes: impl Fn(&ListedEntity) -> bool) -> Self {
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
        index.vocabulary.finish();
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
            for span in texts.windows(2).chain(texts.windows(3)) {
                each_joined_key(&span.concat(), |key| joined.push((key, number)));
            }
            let parts = (start, u32::try_from(texts.len()).expect("fewer parts than 2^32"));
            let joined_from = u32::try_from(self.joins.len()).expect("fewer joins than 2^32");
            self.joins.extend(joins(&texts));
            self.names.push(IndexedName {
                entity: at,
                position,
                parts,
                joins: joined_from,
                weight: 0.0,
                years,
            });
        }
        self.fingerprints.insert(at, entity.fingerprint().into());
        for number in entity.documents.iter().filter_map(|number| DocumentNumber::read(number)) {
            let mut add =
                |key: String, is_whole| self.documents.entry(key.into()).or_default().push((at, is_whole));
            add(number.whole, true);
            number.bare.into_iter().for_each(|bare| add(bare, false));
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

    /// An indexed name, to align with.
    pub fn candidate(&self, name: &IndexedName) -> Candidate<'_> {
        let (parts, from) = (self.parts_of(name), name.joins as usize);
        // Spans of two, and of three.
        let count = parts.len().saturating_sub(1) + parts.len().saturating_sub(2);
        Candidate { parts, joins: &self.joins[from..from + count] }
    }

    /// Numbers of the parts of an indexed name.
    fn parts_of(&self, name: &IndexedName) -> &[u32] {
        let (start, length) = name.parts;
        &self.parts[start as usize..(start + length) as usize]
    }

    /// The distinct parts of all names.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The ways to read a subject's name: by its usual romanisation, and by its sounds if it is in another script.
    pub fn queries(name: &SpelledName) -> Vec<Query> {
        let texts = tokens(&name.text);
        let plain = if script::is_literal(&name.text) {
            Query::literal(&texts, name.truncated)
        } else {
            Query::new(&texts, name.truncated)
        };
        let sounded = script::words(&name.text).map(|words| Query::sounded(&words, name.truncated));
        [Some(plain), sounded].into_iter().flatten().collect()
    }

    /// Everybody who has this document number.
    pub fn holders(&self, number: &DocumentNumber) -> Vec<EntityAt> {
        let of = |key: &str| self.documents.get(key).map_or(&[][..], Vec::as_slice);
        let whole = of(&number.whole).iter();
        // Without what stands beside it a number is looked for among whole ones only: of two such rests nobody knows that
        // they are of one number.
        let bare = number.bare.as_deref().map_or(&[][..], of).iter().filter(|(_, is_whole)| *is_whole);
        let mut holders: Vec<EntityAt> = whole.chain(bare).map(|(at, _)| *at).collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }

    /// Numbers of all names of one entity.
    pub fn names_of(&self, at: EntityAt) -> std::ops::Range<u32> {
        let start = self.names.partition_point(|name| name.entity < at);
        let end = self.names.partition_point(|name| name.entity <= at);
        start as u32..end as u32
    }

    /// Looks for the names that share most with `query`, and leaves them in `shared`. A birth date that agrees brings a name
    /// forward, so that the many bearers of common names do not crowd out the one that matters.
    pub fn propose(&self, query: &Query, born: Option<BirthDate>, shared: &mut Shared) {
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
            if let Some(part) = source.joined {
                each_joined_key_of(part, |key| {
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
    }

    /// What of the subject's name names are looked up by, the most telling first.
    fn sources<'q>(&self, query: &'q Query, shared: &mut Shared) -> Vec<Source<'q>> {
        let mut sources = Vec::with_capacity(query.parts.len() + query.spans.len());
        let parts = query.parts.iter().filter(|part| part.token.identifies()).map(|part| (part, true));
        let spans = query.spans.iter().map(|span| &span.part);
        let spans = spans.filter(|span| span.token.text.len() >= LEAST_PAIR).map(|span| (span, false));
        for (part, is_single) in parts.chain(spans) {
            let start = shared.neighbours.len();
            let mut potential: f32 = 0.0;
            self.vocabulary.each_neighbour(part, |neighbour| {
                potential =
                    potential.max(neighbour.similarity * self.vocabulary.token(neighbour.number).weight);
                shared.neighbours.push(neighbour);
            });
            let joined = is_single.then_some(part);
            if let Some(part) = joined {
                let mut is_joined = false;
                each_joined_key_of(part, |key| is_joined |= self.joined.get(key).next().is_some());
                potential = if is_joined { potential.max(part.token.weight) } else { potential };
            }
            let neighbours = start..shared.neighbours.len();
            sources.push(Source { neighbours, joined, potential, weight: part.token.weight });
        }
        sources.sort_by(|a, b| b.potential.total_cmp(&a.potential));
        sources
    }
}

/// A part of the subject's name, or several, with what it may mean.
struct Source<'q> {
    neighbours: std::ops::Range<usize>,
    /// The part that may be two or three listed ones written together.
    joined: Option<&'q Part>,
    /// The most that a listed part can be worth by it.
    potential: f32,
    weight: f32,
}

/// Kinds of key for parts written together.
const JOINED_FOLD: u64 = 3;
const JOINED_SKELETON: u64 = 4;

fn each_joined_key(text: &str, take: impl FnMut(u64)) {
    let folded = fold(text);
    let bones = skeleton(&folded);
    each_joined_key_of_form(&folded, &bones, take);
}

/// The keys of a part that may be several listed ones.
fn each_joined_key_of(part: &Part, mut take: impl FnMut(u64)) {
    match &part.sounds {
        None => each_joined_key_of_form(&part.token.fold, &part.token.skeleton, take),
        Some(sounds) => {
            for (folded, bones) in sounds.forms() {
                each_joined_key_of_form(folded, bones, &mut take);
            }
        }
    }
}

fn each_joined_key_of_form(folded: &str, bones: &str, mut take: impl FnMut(u64)) {
    if !folded.is_empty() {
        take(Key::of(JOINED_FOLD).and(folded.as_bytes()).done());
    }
    let spoken = liaison(bones);
    if spoken.len() >= LEAST_PAIR_SKELETON {
        take(Key::of(JOINED_SKELETON).and(spoken.as_bytes()).done());
    }
}

/// The years of a birth date as bits, with as many years beside them.
fn year_bits(date: &BirthDate, beside: i32) -> u128 {
    const FIRST: i32 = 1_900;
    let (first, last) = date.years();
    (first - beside..=last + beside).fold(0, |bits, year| bits | 1 << (year - FIRST).rem_euclid(128))
}
