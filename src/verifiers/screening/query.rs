//! Two names made ready to be aligned: the subject's in parts, and parts written together, and a listed one by its numbers.

use super::normal::{fold, skeleton};
use super::script::Word;
use super::similarity::{Join, Part};
use super::sounds::Sounds;
use super::vocabulary::Token;

/// Parts of a name that are looked at; nobody has more.
pub const MOST_PARTS: usize = 32;
/// Parts that may be written together.
pub const LONGEST_SPAN: usize = 3;

/// The Arabic article as words in other scripts have it; other particles are syllables of names there.
const ARTICLE: &str = "AL";

/// A subject's name, made ready to be aligned with many listed ones.
pub struct Query {
    /// Its parts.
    pub parts: Vec<Part>,
    /// Each part with the next one or two, written together.
    pub spans: Vec<Span>,
    /// Whether the name was cut off in the machine-readable zone.
    pub cut: bool,
}

/// Several parts of the subject's name, written together.
pub struct Span {
    /// Where it begins, and how many parts it has.
    pub place: (u8, u8),
    /// The parts as one.
    pub part: Part,
}

impl Query {
    /// Prepares the parts of a name in Latin letters.
    pub fn new(texts: &[String], cut: bool) -> Self {
        let texts = &texts[..texts.len().min(MOST_PARTS)];
        let parts = texts.iter().map(|text| Part::new(Token::new(text))).collect();
        Self { parts, spans: spans(texts, Part::span), cut }
    }

    /// Prepares the parts of a romanised name of which only the letters say something.
    pub fn literal(texts: &[String], cut: bool) -> Self {
        let texts = &texts[..texts.len().min(MOST_PARTS)];
        let parts = texts.chunks(1).map(Part::literal).collect();
        Self { parts, spans: spans(texts, Part::literal), cut }
    }

    /// Prepares the parts of a name in other scripts.
    pub fn sounded(words: &[Word], cut: bool) -> Self {
        let words = &words[..words.len().min(MOST_PARTS)];
        let part = |word: &Word| match &word.sounds {
            Some(sounds) => Part::sounded(&word.text, sounds.clone(), false),
            None => Part::new(Token::new(&word.text)),
        };
        let span = |words: &[Word]| {
            let texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
            let sounds: Option<Vec<&Sounds>> = words.iter().map(|word| word.sounds.as_ref()).collect();
            match sounds {
                Some(sounds) => {
                    let has_particle = texts.iter().any(|text| text == ARTICLE);
                    Part::sounded(&texts.concat(), Sounds::joined(sounds), has_particle)
                }
                None => Part::span(&texts),
            }
        };
        let mut spans = spans(words, span);
        // An article at the end belongs to what follows.
        spans.retain(|Span { place: (at, length), .. }| {
            words[usize::from(*at) + usize::from(*length) - 1].text != ARTICLE
        });
        Self { parts: words.iter().map(part).collect(), spans, cut }
    }
}

impl Span {
    /// Whether it is in another script and has an article, so that the list may divide it otherwise.
    pub fn is_compound_by_sound(&self) -> bool {
        self.part.sounds.is_some() && self.part.join.has_particle
    }
}

fn spans<T>(texts: &[T], part: impl Fn(&[T]) -> Part) -> Vec<Span> {
    let of = |length: usize| texts.windows(length).enumerate().map(move |(at, texts)| (at, length, texts));
    let all = (2..=LONGEST_SPAN).flat_map(of);
    all.map(|(at, length, texts)| Span { place: (at as u8, length as u8), part: part(texts) }).collect()
}

/// A listed name to align with.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// Numbers of its parts.
    pub parts: &'a [u32],
    /// How its spans of two parts sound, and then those of three, in the order of the name.
    pub joins: &'a [Join],
}

/// How the spans of a name sound, in the order in which a [`Candidate`] has them.
pub fn joins(texts: &[String]) -> impl Iterator<Item = Join> + '_ {
    let of = |length: usize| texts.windows(length);
    (2..=LONGEST_SPAN).flat_map(of).map(|texts| {
        let folded = fold(&texts.concat());
        let bones = skeleton(&folded);
        Join::of_span(texts, &folded, &bones)
    })
}
