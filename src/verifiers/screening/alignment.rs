//! Aligns the parts of two names, whatever their order, joined or split.

use super::similarity::edit_similarity;
use super::vocabulary::Token;

/// Share of its weight that a part of the subject's name costs when the list does not have it.
const EXTRA_PART: f32 = 0.5;
/// Share of its weight that a listed part costs when the subject does not have it: people leave out names more
/// often than they invent them.
const MISSING_PART: f32 = 0.35;
/// Least similarity of a part to two parts written together.
const LEAST_JOINED: f32 = 0.8;
/// What is left of the score when names of several parts share only one.
const ONE_PART_ONLY: f32 = 0.7;

/// Two names laid side by side.
#[derive(Clone, Debug, Default)]
pub struct Alignment {
    /// Similarity of the names in [0, 1].
    pub score: f32,
    /// The parts that belong together.
    pub pairs: Vec<AlignedPair>,
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
struct Link {
    query: (usize, usize),
    candidate: (usize, usize),
    score: f32,
}

/// Aligns `query` with `candidate`; `single` tells the similarity of one part of each, by their places.
pub fn align(
    query: &[Token],
    candidate: &[&Token],
    mut single: impl FnMut(usize, usize) -> f32,
) -> Alignment {
    let mut links = Vec::with_capacity(query.len());
    for q in 0..query.len() {
        for c in 0..candidate.len() {
            let score = single(q, c);
            if score > 0.0 {
                links.push(Link { query: (q, 1), candidate: (c, 1), score });
            }
        }
    }
    joined_links(query, candidate, &mut links);
    links.sort_by(|a, b| {
        let parts = |link: &Link| link.query.1 + link.candidate.1;
        b.score
            .total_cmp(&a.score)
            .then_with(|| parts(b).cmp(&parts(a)))
            .then_with(|| (a.query, a.candidate).cmp(&(b.query, b.candidate)))
    });
    let (mut query_taken, mut candidate_taken) = (vec![false; query.len()], vec![false; candidate.len()]);
    let mut chosen = Vec::new();
    for link in links {
        let (in_query, in_candidate) = (range(link.query), range(link.candidate));
        if query_taken[in_query.clone()].contains(&true)
            || candidate_taken[in_candidate.clone()].contains(&true)
        {
            continue;
        }
        query_taken[in_query].fill(true);
        candidate_taken[in_candidate].fill(true);
        chosen.push(link);
    }
    let score = score(query, candidate, &chosen, (&query_taken, &candidate_taken));
    chosen.sort_by_key(|link| link.query);
    let pairs = chosen
        .iter()
        .map(|link| AlignedPair {
            query: joined(query[range(link.query)].iter(), " "),
            candidate: joined(candidate[range(link.candidate)].iter().copied(), " "),
            score: link.score,
        })
        .collect();
    Alignment { score, pairs }
}

fn joined_links(query: &[Token], candidate: &[&Token], links: &mut Vec<Link>) {
    let near = |one: usize, other: usize| one.abs_diff(other) * 5 <= one.max(other);
    for q in 0..query.len().saturating_sub(1) {
        let length = query[q].text.len() + query[q + 1].text.len();
        for (c, listed) in candidate.iter().enumerate().filter(|(_, listed)| near(listed.text.len(), length))
        {
            let score = whole_similarity(&joined(query[q..q + 2].iter(), ""), &listed.text);
            if score >= LEAST_JOINED {
                links.push(Link { query: (q, 2), candidate: (c, 1), score });
            }
        }
    }
    for c in 0..candidate.len().saturating_sub(1) {
        let length = candidate[c].text.len() + candidate[c + 1].text.len();
        for (q, part) in query.iter().enumerate().filter(|(_, part)| near(part.text.len(), length)) {
            let score = whole_similarity(&part.text, &joined(candidate[c..c + 2].iter().copied(), ""));
            if score >= LEAST_JOINED {
                links.push(Link { query: (q, 1), candidate: (c, 2), score });
            }
        }
    }
}

/// Parts written together are compared by their letters only: sounds that arise at the seam mean nothing.
fn whole_similarity(one: &str, other: &str) -> f32 {
    if one == other { 1.0 } else { edit_similarity(one, other) }
}

/// Matched weight over all weight, where what only one side has counts in part.
fn score(query: &[Token], candidate: &[&Token], links: &[Link], taken: (&[bool], &[bool])) -> f32 {
    let (mut matched, mut total, mut identifying) = (0.0, 0.0, 0);
    for link in links {
        let parts = &candidate[range(link.candidate)];
        // The listed spelling has a weight of its own; the subject's may be a misspelling that nobody has.
        let weight: f32 = parts.iter().map(|part| part.weight).sum::<f32>() * 2.0;
        matched += weight * link.score;
        total += weight;
        let in_query = query[range(link.query)].iter().filter(|part| part.identifies()).count();
        let in_candidate = parts.iter().filter(|part| part.identifies()).count();
        // An initial or a particle on one side says nothing about the name on the other.
        identifying += if in_query.min(in_candidate) > 0 { in_query.max(in_candidate) } else { 0 };
    }
    let left = |weight: f32, taken: bool| if taken { 0.0 } else { weight };
    total +=
        EXTRA_PART * query.iter().zip(taken.0).map(|(part, taken)| left(part.weight, *taken)).sum::<f32>();
    total += MISSING_PART
        * candidate.iter().zip(taken.1).map(|(part, taken)| left(part.weight, *taken)).sum::<f32>();
    let several = |parts: usize| parts > 1;
    let only_one = identifying < 2
        && several(query.iter().filter(|part| part.text.len() > 1 && part.identifies()).count())
        && several(candidate.iter().filter(|part| part.identifies()).count());
    let score = if total > 0.0 { matched / total } else { 0.0 };
    if only_one { score * ONE_PART_ONLY } else { score }
}

fn range((start, length): (usize, usize)) -> std::ops::Range<usize> {
    start..start + length
}

fn joined<'a>(parts: impl Iterator<Item = &'a Token>, between: &str) -> String {
    parts.map(|part| part.text.as_str()).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verifiers::screening::normal::tokens;
    use crate::verifiers::screening::similarity::similarity;

    fn aligned(query: &str, candidate: &str) -> Alignment {
        let parts = |name: &str| tokens(name).iter().map(|text| Token::new(text)).collect::<Vec<_>>();
        let (query, candidate) = (parts(query), parts(candidate));
        align(&query, &candidate.iter().collect::<Vec<_>>(), |q, c| {
            similarity(&query[q], &candidate[c], false)
        })
    }

    #[test]
    fn the_order_of_the_parts_does_not_matter() {
        assert_eq!(aligned("Ilmar Teodor Vargosin", "VARGOSIN, Ilmar Teodor").score, 1.0);
    }

    #[test]
    fn parts_written_together_match_the_same_parts_apart() {
        for (one, other) in
            [("Ilmarteodor Vargosin", "Ilmar Teodor Vargosin"), ("Ilmar Var Gosin", "Ilmar Vargosin")]
        {
            assert_eq!(aligned(one, other).score, 1.0, "{one}");
        }
    }

    #[test]
    fn a_left_out_middle_name_costs_little_and_a_different_surname_much() {
        assert!(aligned("Ilmar Vargosin", "Ilmar Teodor Vargosin").score > 0.8);
        assert!(aligned("Ilmar Vargosin", "Ilmar Peltrami").score < 0.6);
    }

    #[test]
    fn pairs_stand_in_the_order_of_the_subjects_name() {
        let pairs = aligned("Ilmra Vargosin", "VARGOSIN Ilmar").pairs;
        let parts: Vec<_> = pairs.iter().map(|pair| (pair.query.as_str(), pair.candidate.as_str())).collect();
        assert_eq!(parts, [("ILMRA", "ILMAR"), ("VARGOSIN", "VARGOSIN")]);
        assert!(pairs[0].score < pairs[1].score);
    }
}
