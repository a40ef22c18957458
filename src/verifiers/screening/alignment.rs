//! Aligns the parts of two names, whatever their order, joined or split.

use super::similarity::Part;
use super::vocabulary::{Token, Vocabulary, letters_between};

/// Share of its weight that a part of the subject's name costs when the list does not have it.
pub const EXTRA_PART: f32 = 0.5;
/// Share of its weight that a listed part costs when the subject does not have it: people leave out names more
/// often than they invent them.
const MISSING_PART: f32 = 0.35;
/// Least similarity of a part to two parts written together.
const LEAST_JOINED: f32 = 0.8;
/// What is left of the score when names of several parts share only one.
const ONE_PART_ONLY: f32 = 0.7;
/// Parts of a name that are looked at; nobody has more.
const MOST_PARTS: usize = 32;

/// A subject's name, made ready to be aligned with many listed ones.
pub struct Query {
    /// Its parts.
    pub parts: Vec<Part>,
    /// Each part with the next one, written together.
    pub pairs: Vec<Part>,
    /// Whether the name was cut off in the machine-readable zone.
    pub cut: bool,
}

impl Query {
    /// Prepares the parts of a name, as `token` weighs them.
    pub fn new(texts: &[String], cut: bool, token: impl Fn(&str) -> Token) -> Self {
        let texts = &texts[..texts.len().min(MOST_PARTS)];
        let parts = texts.iter().map(|text| Part::new(token(text))).collect();
        let pairs = texts.windows(2).map(|pair| Part::new(token(&pair.concat()))).collect();
        Self { parts, pairs, cut }
    }
}

/// Parts that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct AlignedPair {
    /// The subject's part, or two of them.
    pub query: String,
    /// The listed part, or two of them.
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

    /// Similarity of two names in [0, 1]; `candidate` are the numbers of the listed parts.
    pub fn score(&mut self, query: &Query, candidate: &[u32], vocabulary: &Vocabulary) -> f32 {
        let candidate = &candidate[..candidate.len().min(MOST_PARTS)];
        self.links.clear();
        self.chosen.clear();
        self.link_parts(query, candidate, vocabulary);
        self.link_joined(query, candidate, vocabulary);
        self.choose();
        self.weigh(query, candidate, vocabulary)
    }

    /// The parts of the names last scored that belong together, in the order of the subject's name.
    pub fn pairs(&mut self, query: &Query, candidate: &[u32], vocabulary: &Vocabulary) -> Vec<AlignedPair> {
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

    /// Parts written together are compared by their letters only: sounds that arise at the seam mean nothing.
    fn link_joined(&mut self, query: &Query, candidate: &[u32], vocabulary: &Vocabulary) {
        for (q, pair) in (0..).zip(&query.pairs) {
            for (c, part) in (0..).zip(candidate) {
                let listed = vocabulary.token(*part);
                let score = pair.whole_similarity(&listed.text, listed.letters, LEAST_JOINED);
                if score >= LEAST_JOINED {
                    self.links.push(Link { score, query: (q, 2), candidate: (c, 1) });
                }
            }
        }
        for (c, pair) in (0..).zip(candidate.windows(2)) {
            let (first, second) = (vocabulary.token(pair[0]), vocabulary.token(pair[1]));
            let (length, letters) = (first.text.len() + second.text.len(), first.letters | second.letters);
            self.letters.clear();
            for (q, part) in (0..).zip(&query.parts) {
                let longest = part.token.text.len().max(length);
                let is_near = part.token.text.len().abs_diff(length) * 5 <= longest;
                // At most a fifth of the letters is edited, and an edit makes two letters differ at most.
                if !is_near || letters_between(part.token.letters, letters) * 5 > 2 * longest {
                    continue;
                }
                if self.letters.is_empty() {
                    self.letters.push_str(&first.text);
                    self.letters.push_str(&second.text);
                }
                let score = part.whole_similarity(&self.letters, letters, LEAST_JOINED);
                if score >= LEAST_JOINED {
                    self.links.push(Link { score, query: (q, 1), candidate: (c, 2) });
                }
            }
        }
    }

    /// Takes the best links first; what a link covers is taken.
    fn choose(&mut self) {
        let parts = |link: &Link| link.query.1 + link.candidate.1;
        self.links.sort_unstable_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| parts(b).cmp(&parts(a)))
                .then_with(|| (a.query, a.candidate).cmp(&(b.query, b.candidate)))
        });
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
        total += EXTRA_PART * extra.map(|place| asked(place).weight).sum::<f32>();
        let missing = (0..candidate.len()).filter(|place| free(candidate_taken, *place));
        total += MISSING_PART * missing.map(|place| listed(place).weight).sum::<f32>();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifiers::screening::normal::tokens;

    fn aligned(query: &str, candidate: &str) -> (f32, Vec<AlignedPair>) {
        let mut vocabulary = Vocabulary::default();
        let candidate: Vec<u32> = tokens(candidate).iter().map(|text| vocabulary.add(text)).collect();
        let query = Query::new(&tokens(query), false, Token::new);
        let mut aligner = Aligner::default();
        aligner.begin(&vocabulary);
        let score = aligner.score(&query, &candidate, &vocabulary);
        (score, aligner.pairs(&query, &candidate, &vocabulary))
    }

    #[test]
    fn the_order_of_the_parts_does_not_matter() {
        assert_eq!(aligned("Ilmar Teodor Vargosin", "VARGOSIN, Ilmar Teodor").0, 1.0);
    }

    #[test]
    fn parts_written_together_match_the_same_parts_apart() {
        for (one, other) in
            [("Ilmarteodor Vargosin", "Ilmar Teodor Vargosin"), ("Ilmar Var Gosin", "Ilmar Vargosin")]
        {
            assert_eq!(aligned(one, other).0, 1.0, "{one}");
        }
    }

    #[test]
    fn a_left_out_middle_name_costs_little_and_a_different_surname_much() {
        assert!(aligned("Ilmar Vargosin", "Ilmar Teodor Vargosin").0 > 0.8);
        assert!(aligned("Ilmar Vargosin", "Ilmar Peltrami").0 < 0.6);
    }

    #[test]
    fn pairs_stand_in_the_order_of_the_subjects_name() {
        let pairs = aligned("Ilmra Vargosin", "VARGOSIN Ilmar").1;
        let parts: Vec<_> = pairs.iter().map(|pair| (pair.query.as_str(), pair.candidate.as_str())).collect();
        assert_eq!(parts, [("ILMRA", "ILMAR"), ("VARGOSIN", "VARGOSIN")]);
        assert!(pairs[0].score < pairs[1].score);
    }

    #[test]
    fn a_name_of_very_many_parts_is_looked_at_in_part() {
        let long = "Ilmar ".repeat(100);
        assert_eq!(aligned(&long, &long).0, 1.0);
    }
}
