//! The languages of the hosted page: one catalogue each, chosen by `?lang=` or by what the browser asks for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::http::header::{AcceptLanguage, Header};

/// Language tags and the files behind them; the first is spoken where nothing else fits.
const FILES: [(&str, &str); 2] =
    [("en", include_str!("texts/en.toml")), ("es", include_str!("texts/es.toml"))];

static CATALOGUES: LazyLock<Vec<Catalogue>> = LazyLock::new(|| {
    let catalogue = |(tag, text): (&'static str, &str)| {
        let words = toml::from_str(text).expect("the embedded catalogues are tested");
        Catalogue { tag, words }
    };
    FILES.map(catalogue).into()
});

/// What the page says in one language.
pub struct Catalogue {
    /// Its BCP 47 tag.
    pub tag: &'static str,
    words: BTreeMap<String, String>,
}

impl Catalogue {
    /// Every language, in the order in which the page offers them.
    pub fn all() -> &'static [Self] {
        &CATALOGUES
    }

    /// The language that was asked for, or else the first that the browser prefers and that there is.
    pub fn choose(asked: Option<&str>, request: &HttpRequest) -> &'static Self {
        let named = |tag: &str| Self::all().iter().find(|one| one.tag == tag);
        let preferred = || {
            let ranked = AcceptLanguage::parse(request).ok()?.ranked();
            ranked.iter().find_map(|preference| named(preference.item()?.primary_language()))
        };
        asked.and_then(named).or_else(preferred).unwrap_or(&Self::all()[0])
    }

    /// The sentence of a key.
    pub fn say(&self, key: &str) -> &str {
        self.words.get(key).map_or("", String::as_str)
    }

    /// Every key with its sentence.
    pub fn words(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.iter().map(|(key, sentence)| (key.as_str(), sentence.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use actix_web::test::TestRequest;
    use domain::document::DocumentProblem;
    use domain::face::FaceProblem;
    use domain::liveness::LivenessReason;

    use super::*;

    fn chosen(asked: Option<&str>, accepted: &str) -> &'static str {
        let request = TestRequest::default().insert_header(("accept-language", accepted)).to_http_request();
        Catalogue::choose(asked, &request).tag
    }

    #[test]
    fn the_browser_s_best_language_is_spoken_unless_another_was_asked_for() {
        assert_eq!(chosen(None, "fr, es-MX;q=0.8, en;q=0.7"), "es");
        assert_eq!(chosen(None, "en;q=0.2, es;q=0.1"), "en");
        assert_eq!(chosen(Some("es"), "en"), "es");
        for nothing in ["fr", "*", "", "not a language;;q"] {
            assert_eq!(chosen(Some("xx"), nothing), "en");
        }
    }

    #[test]
    fn every_language_says_everything_with_the_same_places() {
        let places = |sentence: &str| -> BTreeSet<String> {
            sentence.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect()
        };
        let shape = |one: &Catalogue| -> BTreeMap<String, BTreeSet<String>> {
            one.words().map(|(key, sentence)| (key.to_owned(), places(sentence))).collect()
        };
        let first = shape(&Catalogue::all()[0]);
        for one in Catalogue::all() {
            assert_eq!(shape(one), first, "{}", one.tag);
            assert!(one.words().all(|(_, sentence)| !sentence.trim().is_empty()), "{}", one.tag);
            assert!(["ltr", "rtl"].contains(&one.say("direction")));
        }
    }

    #[test]
    fn there_is_advice_for_every_problem_of_a_picture() {
        let codes = DocumentProblem::ALL.map(DocumentProblem::code);
        let codes = codes.into_iter().chain(FaceProblem::ALL.map(FaceProblem::code));
        for code in codes.chain(LivenessReason::ALL.map(LivenessReason::code)) {
            assert!(!Catalogue::all()[0].say(code).is_empty(), "{code}");
        }
    }
}
