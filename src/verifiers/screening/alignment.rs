//! Aligns the parts of two names, whatever their order, joined or split.

use std::cmp::Ordering;

use super::query::{Candidate, LONGEST_SPAN, MOST_PARTS, Query};
use super::vocabulary::{Vocabulary, letters_between};

/// Share of its weight that a part of the subject's name costs when the list does not have it.
pub const EXTRA_PART: f32 = 0.5;
/// Share of its weight that a listed part costs when the subject does not have it: people leave out names more
/// often than they invent them.
const MISSING_PART: f32 = 0.35;
/// Share of its weight that a part costs in addition when the other side has another one in its place.
const OTHER_PART: f32 = 0.2;
/// Least similarity of a part to two parts written together.
const LEAST_JOINED: f32 = 0.8;
/// What is left of the score when names of several parts share only one.
const ONE_PART_ONLY: f32 = 0.7;

/// Parts that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct AlignedPair {
    /// The subject's part, or several of them.
    pub query: String,
    /// The listed part, or several of them.
    pub candidate: String,
    /// Their similarity in [0, 1].
    pub score: f32,
}

/// A possible pair: where it lies in both names, how long it is there, and how alike it is.
#[derive(Clone, Copy)]
struct Link {
    score: f32,
    query: (u8, u8),
    candidate: (u8, u8),
}

impl Link {
    fn parts(&self) -> u8 {
        self.query.1 + self.candidate.1
    }
}

fn best_first(a: &Link, b: &Link) -> Ordering {
    let by_score = b.score.total_cmp(&a.score).then_with(|| b.parts().cmp(&a.parts()));
    by_score.then_with(|| (a.query, a.candidate).cmp(&(b.query, b.candidate)))
}

fn longest_first(a: &Link, b: &Link) -> Ordering {
    b.parts().cmp(&a.parts()).then_with(|| best_first(a, b))
}

/// Aligns one subject's name with listed names; a pair of parts is compared once, however many names share it.
#[derive(Default)]
pub struct Aligner {
    /// Row of each listed part in `similar`, plus one; zero for those that have none.
    rows: Vec<u32>,
    seen: Vec<u32>,
    /// Similarity of the subject's parts to the listed part of a row; NaN until it is asked for.
    similar: Vec<f32>,
    links: Vec<Link>,
    chosen: Vec<Link>,
    letters: String,
}

impl Aligner {
    /// Forgets the subject's name before.
    pub fn begin(&mut self, vocabulary: &Vocabulary) {
        for part in self.seen.drain(..) {
            if let Some(row) = self.rows.get_mut(part as usize) {
                *row = 0;
            }
        }
        self.rows.resize(vocabulary.len(), 0);
        self.similar.clear();
    }

    /// Similarity of two names in [0, 1].
    pub fn score(&mut self, query: &Query, listed: Candidate<'_>, vocabulary: &Vocabulary) -> f32 {
        let candidate = &listed.parts[..listed.parts.len().min(MOST_PARTS)];
        self.links.clear();
        self.chosen.clear();
        self.link_parts(query, candidate, vocabulary);
        self.link_spans(query, candidate, vocabulary);
        self.link_joined(query, candidate, vocabulary);
        let has_compounds = self.link_by_sound(query, listed, candidate.len());
        self.choose(best_first);
        let score = self.weigh(query, candidate, vocabulary);
        if !has_compounds {
            return score;
        }
        // A half of a compound may be more like a part of the other name than the whole is, and then leaves the rest alone.
        let by_parts = std::mem::take(&mut self.chosen);
        self.choose(longest_first);
        let as_compounds = self.weigh(query, candidate, vocabulary);
        if as_compounds <= score {
            self.chosen = by_parts;
        }
        score.max(as_compounds)
    }

    /// The parts of the names last scored that belong together, in the order of the subject's name.
    pub fn pairs(
        &mut self,
        query: &Query,
        listed: Candidate<'_>,
        vocabulary: &Vocabulary,
    ) -> Vec<AlignedPair> {
        let candidate = listed.parts;
        self.chosen.sort_by_key(|link| link.query);
        let pair = |link: &Link| AlignedPair {
            query: joined(query.parts[range(link.query)].iter().map(|part| part.token.text.as_str())),
            candidate: joined(
                candidate[range(link.candidate)].iter().map(|part| vocabulary.token(*part).text.as_str()),
            ),
            score: link.score,
        };
        self.chosen.iter().map(pair).collect()
    }

    fn link_parts(&mut self, query: &Query, candidate: &[u32], vocabulary: &Vocabulary) {
        let width = query.parts.len();
        for (c, part) in (0..).zip(candidate) {
            let row = self.row(*part, width) * width;
            for (q, asked) in (0..).zip(&query.parts) {
                let known = &mut self.similar[row + usize::from(q)];
                if known.is_nan() {
                    *known = asked.similarity(vocabulary.token(*part), query.cut);
                }
                if *known > 0.0 {
                    self.links.push(Link { score: *known, query: (q, 1), candidate: (c, 1) });
                }
            }
        }
    }

    fn row(&mut self, part: u32, width: usize) -> usize {
        let row = &mut self.rows[part as usize];
        if *row == 0 {
            self.seen.push(part);
            *row = u32::try_from(self.seen.len()).expect("fewer parts than 2^32");
            self.similar.resize(self.similar.len() + width, f32::NAN);
        }
        *row as usize - 1
    }

    /// Several of the subject's parts written together against one listed part, by their letters and their sound.
    fn link_spans(&mut self, query: &Query, candidate: &[u32], vocabulary: &Vocabulary) {
        for span in &query.spans {
            for (c, part) in (0..).zip(candidate) {
                let listed = vocabulary.token(*part);
                let by_letters = span.part.whole_similarity(&listed.text, listed.letters, LEAST_JOINED);
                let score = by_letters.max(span.part.join.similarity(listed.join, false));
                if score >= LEAST_JOINED {
                    self.links.push(Link { score, query: span.place, candidate: (c, 1) });
                }
            }
        }
    }

    /// Several listed parts written together against one of the subject's, by their letters; in another script also against
    /// several.
    fn link_joined(&mut self, query: &Query, candidate: &[u32], vocabulary: &Vocabulary) {
        for span in 2..=LONGEST_SPAN {
            for (c, listed) in (0..).zip(candidate.windows(span)) {
                let tokens = listed.iter().map(|part| vocabulary.token(*part));
                let (length, letters) = tokens.fold((0, 0), |(length, letters), token| {
                    (length + token.text.len(), letters | token.letters)
                });
                let place = (c, span as u8);
                self.letters.clear();
                for (q, part) in (0..).zip(&query.parts) {
                    let longest = part.token.text.len().max(length);
                    let is_near = part.token.text.len().abs_diff(length) * 5 <= longest;
                    // At most a fifth of the letters is edited, and an edit makes two letters differ at most.
                    let is_far = !is_near || letters_between(part.token.letters, letters) * 5 > 2 * longest;
                    if part.sounds.is_none() && is_far {
                        continue;
                    }
                    write_together(&mut self.letters, listed, vocabulary);
                    let score = part.whole_similarity(&self.letters, letters, LEAST_JOINED);
                    if score >= LEAST_JOINED {
                        self.links.push(Link { score, query: (q, 1), candidate: place });
                    }
                }
                for span in query.spans.iter().filter(|span| span.is_compound_by_sound()) {
                    write_together(&mut self.letters, listed, vocabulary);
                    let score = span.part.whole_similarity(&self.letters, letters, LEAST_JOINED);
                    if score >= LEAST_JOINED {
                        self.links.push(Link { score, query: span.place, candidate: place });
                    }
                }
            }
        }
    }

    /// Parts written together by the subject, by the list or by both, where they sound the same.
    /// Whether there are any.
    fn link_by_sound(&mut self, query: &Query, listed: Candidate<'_>, parts: usize) -> bool {
        let (all, before) = (listed.parts.len(), self.links.len());
        let mut at = 0;
        for span in 2..=LONGEST_SPAN {
            for c in 0..(all + 1).saturating_sub(span) {
                let join = listed.joins[at];
                at += 1;
                if c + span > parts {
                    continue;
                }
                let candidate = (c as u8, span as u8);
                let singles = (0..).zip(&query.parts).map(|(q, part)| ((q, 1), part));
                let spans = query.spans.iter().map(|span| (span.place, &span.part));
                for (query, part) in singles.chain(spans) {
                    let score = part.join.similarity(join, query.1 > 1);
                    if score > 0.0 {
                        self.links.push(Link { score, query, candidate });
                    }
                }
            }
        }
        self.links.len() > before
    }

    /// Takes the links that come first in `order`; what a link covers is taken.
    fn choose(&mut self, order: impl Fn(&Link, &Link) -> Ordering) {
        self.links.sort_unstable_by(order);
        let (mut query_taken, mut candidate_taken) = (0_u64, 0_u64);
        for link in &self.links {
            let (in_query, in_candidate) = (mask(link.query), mask(link.candidate));
            if query_taken & in_query == 0 && candidate_taken & in_candidate == 0 {
                query_taken |= in_query;
                candidate_taken |= in_candidate;
                self.chosen.push(*link);
            }
        }
    }

    /// Matched weight over all weight, where what only one side has counts in part.
    fn weigh(&self, query: &Query, candidate: &[u32], vocabulary: &Vocabulary) -> f32 {
        let listed = |place: usize| vocabulary.token(candidate[place]);
        let asked = |place: usize| &query.parts[place].token;
        let (mut matched, mut total, mut identifying) = (0.0, 0.0, 0);
        let (mut query_taken, mut candidate_taken) = (0_u64, 0_u64);
        for link in &self.chosen {
            query_taken |= mask(link.query);
            candidate_taken |= mask(link.candidate);
            // The listed spelling has a weight of its own; the subject's may be a misspelling that nobody has.
            let weight = range(link.candidate).map(|place| listed(place).weight).sum::<f32>() * 2.0;
            matched += weight * link.score;
            total += weight;
            let in_query = range(link.query).filter(|place| asked(*place).identifies()).count();
            let in_candidate = range(link.candidate).filter(|place| listed(*place).identifies()).count();
            // An initial or a particle on one side says nothing about the name on the other.
            identifying += if in_query.min(in_candidate) > 0 { in_query.max(in_candidate) } else { 0 };
        }
        let free = |taken: u64, place: usize| taken & (1 << place) == 0;
        let extra = (0..query.parts.len()).filter(|place| free(query_taken, *place));
        let extra = extra.map(|place| asked(place).weight).sum::<f32>();
        total += EXTRA_PART * extra;
        let missing = (0..candidate.len()).filter(|place| free(candidate_taken, *place));
        let missing = missing.map(|place| listed(place).weight).sum::<f32>();
        total += MISSING_PART * missing + OTHER_PART * missing.min(extra);
        let in_query = query.parts.iter().filter(|part| part.token.text.len() > 1 && part.token.identifies());
        let in_candidate = (0..candidate.len()).filter(|place| listed(*place).identifies());
        let only_one = identifying < 2 && in_query.count() > 1 && in_candidate.count() > 1;
        let score = if total > 0.0 { matched / total } else { 0.0 };
        if only_one { score * ONE_PART_ONLY } else { score }
    }
}

fn range((start, length): (u8, u8)) -> std::ops::Range<usize> {
    usize::from(start)..usize::from(start) + usize::from(length)
}

fn mask((start, length): (u8, u8)) -> u64 {
    ((1 << length) - 1) << start
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}

/// The listed parts as one, unless that is there already.
fn write_together(text: &mut String, parts: &[u32], vocabulary: &Vocabulary) {
    if text.is_empty() {
        parts.iter().for_each(|part| text.push_str(&vocabulary.token(*part).text));
    }
}

#[cfg(test)]
mod tests;
