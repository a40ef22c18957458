//! An entity while its row is being read: takes what the formats say in their words, and notes what it cannot.

use domain::birth_date::BirthDate;

use super::nations::country;
use super::{ListedEntity, ListedName, NameKind, Problem, RowProblem, Schema, push_new};

/// Characters of a document number that is worth keeping.
const LEAST_NUMBER: usize = 4;

/// A listed entity in the making.
pub(super) struct Draft {
    entity: ListedEntity,
    /// Fields that could not be read.
    pub unread: Vec<Problem>,
}

impl Draft {
    pub fn new(id: String, schema: Schema) -> Self {
        let entity = ListedEntity {
            id,
            schema,
            names: Vec::new(),
            birth_dates: Vec::new(),
            countries: Vec::new(),
            documents: Vec::new(),
            programs: Vec::new(),
            topics: Vec::new(),
            datasets: Vec::new(),
        };
        Self { entity, unread: Vec::new() }
    }

    pub fn schema(&self) -> Schema {
        self.entity.schema
    }

    /// A name as it is displayed, given names first.
    pub fn name(&mut self, text: &str, surname: Option<&str>, kind: NameKind) {
        let text = one_line(text);
        if text.is_empty() {
            return;
        }
        let surname = surname.map(one_line).filter(|surname| !surname.is_empty());
        self.push(ListedName { text, surname, kind });
    }

    /// A name that is made up already.
    pub fn push(&mut self, name: ListedName) {
        self.entity.push_name(name);
    }

    pub fn birth_date(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match BirthDate::parse(text) {
            Some(date) => push_new(&mut self.entity.birth_dates, date),
            None => self.unread.push(Problem::BirthDate),
        }
    }

    /// A country by its code or by a name that an authority gives it.
    pub fn country(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match country(text) {
            Some(country) => push_new(&mut self.entity.countries, country),
            None => push_new(&mut self.unread, Problem::Country),
        }
    }

    /// The number of an identity document, with or without words around it.
    pub fn document(&mut self, text: &str) {
        let text = one_line(text);
        let in_words = text.split(' ').count() > 3;
        if !in_words && !text.is_empty() {
            push_new(&mut self.entity.documents, text);
            return;
        }
        let mut series = None;
        for word in text.split([' ', ',', ';', '(', ')', ':']).filter(|word| !word.is_empty()) {
            if word.len() >= LEAST_NUMBER && word.bytes().any(|byte| byte.is_ascii_digit()) {
                let number = series.map_or_else(|| word.to_owned(), |series| format!("{series} {word}"));
                push_new(&mut self.entity.documents, number);
            }
            series = Some(word).filter(|word| is_series(word));
        }
    }

    pub fn program(&mut self, text: &str) {
        let text = one_line(text);
        if !text.is_empty() {
            push_new(&mut self.entity.programs, text);
        }
    }

    pub fn topic(&mut self, text: &str) {
        if !text.is_empty() {
            push_new(&mut self.entity.topics, text.to_owned());
        }
    }

    pub fn dataset(&mut self, text: &str) {
        if !text.is_empty() {
            push_new(&mut self.entity.datasets, text.to_owned());
        }
    }

    /// The entity, its primary name first.
    pub fn finish(mut self) -> Result<(ListedEntity, Vec<Problem>), Problem> {
        let names = &mut self.entity.names;
        let primary = names.iter().position(|name| name.kind == NameKind::Primary).unwrap_or(0);
        match names.get_mut(primary) {
            None => return Err(Problem::MissingName),
            Some(name) => name.kind = NameKind::Primary,
        }
        names[..=primary].rotate_right(1);
        Ok((self.entity, self.unread))
    }
}

/// Whether a word is the letters before a number, which belong to it.
fn is_series(word: &str) -> bool {
    (1..=3).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_uppercase())
        && !matches!(word, "NO" | "NR" | "ID")
}

/// What a loader has read so far.
#[derive(Default)]
pub(super) struct Rows {
    pub entities: Vec<ListedEntity>,
    pub problems: Vec<RowProblem>,
}

impl Rows {
    /// Takes a finished row, or notes why there is none.
    pub fn take(&mut self, file: &str, line: u64, draft: Result<Draft, Problem>) {
        match draft.and_then(Draft::finish) {
            Ok((entity, unread)) => {
                unread.into_iter().for_each(|problem| self.note(file, line, problem));
                self.entities.push(entity);
            }
            Err(problem) => self.note(file, line, problem),
        }
    }

    pub fn note(&mut self, file: &str, line: u64, problem: Problem) {
        self.problems.push(RowProblem { file: file.to_owned(), line, problem });
    }
}

/// Text whose white space, line breaks included, is single spaces.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_name_comes_first_wherever_it_stood() {
        let mut draft = Draft::new("1".into(), Schema::Person);
        draft.name("Elmar", None, NameKind::Alias);
        draft.name("Ilmar  \n Vargosin", Some("Vargosin"), NameKind::Primary);
        let (entity, _) = draft.finish().unwrap();
        assert_eq!(entity.caption(), "Ilmar Vargosin");
        assert_eq!(entity.names[1].text, "Elmar");
        assert!(matches!(Draft::new("1".into(), Schema::Person).finish(), Err(Problem::MissingName)));
    }

    #[test]
    fn a_number_is_found_among_words() {
        let mut draft = Draft::new("1".into(), Schema::Person);
        draft.name("A", None, NameKind::Primary);
        draft.document("Utopian foreign travel passport number 4509-123, issued 2001");
        draft.document("AB 12 345");
        draft.document("Utopian passport No. RL 320327 of 2003");
        assert_eq!(
            draft.finish().unwrap().0.documents,
            ["4509-123", "2001", "AB 12 345", "RL 320327", "2003"]
        );
    }
}
