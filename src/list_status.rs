//! Every source of sanctions lists with its state, and what follows from the lists in force for those who are screened.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::screening::{ListVersion, are_stale, is_stale};
use serde::Serialize;
use utoipa::ToSchema;

use crate::lists::demonstration;
use crate::lists::fetch::ListSource;
use crate::lists::shelf::{Card, Shelf, ShelfError};

/// What a source contributes at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// In force and current.
    InForce,
    /// In force and too old to clear anybody, or the demonstration list in production.
    Stale,
    /// Imported, and not in force yet; it stays so if it cannot be read.
    NotLoaded,
    /// Its publisher is named in the settings, and it was never fetched.
    NotFetched,
    /// The demonstration list, whose place a current list of its source has taken.
    Replaced,
    /// The demonstration list, which was removed.
    Removed,
}

impl SourceState {
    /// As it is written in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Stale => "stale",
            Self::NotLoaded => "not_loaded",
            Self::NotFetched => "not_fetched",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
        }
    }
}

/// A source of lists: one in force, on file, named in the settings, or the demonstration list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceStatus {
    /// Name of the list.
    #[schema(example = "us_ofac_sdn")]
    pub name: String,
    /// What it contributes.
    pub state: SourceState,
    /// Whether it is the demonstration list.
    pub demonstration: bool,
    /// The publisher's date; null where there is no version yet.
    pub date: Option<NaiveDate>,
}

/// By what a list counts as stale.
#[derive(Clone, Copy, Debug)]
pub struct AgeRule {
    /// Days that the policy allows.
    pub max_age_days: u32,
    /// Whether real people are decided on.
    pub production: bool,
    /// The day of the question.
    pub today: NaiveDate,
}

/// What lies in the folder of lists.
#[derive(Clone, Debug, Default)]
pub struct OnFile {
    /// The operator's lists.
    pub cards: Vec<Card>,
    /// Whether the demonstration list stays.
    pub keeps_demonstration: bool,
}

impl OnFile {
    /// Reads the folder. Blocks.
    pub fn read(shelf: &Shelf) -> Result<Self, ShelfError> {
        Ok(Self { cards: shelf.cards()?, keeps_demonstration: shelf.keeps_demonstration()? })
    }

    /// The lists that a server with this folder has in force; the demonstration list by its name and date alone.
    pub fn in_force(&self) -> Vec<ListVersion> {
        let mut lists: Vec<ListVersion> = self.cards.iter().map(Card::list_version).collect();
        if self.keeps_demonstration && !self.has(demonstration::LIST_NAME) {
            lists.push(demonstration::unread_version());
        }
        lists
    }

    fn has(&self, name: &str) -> bool {
        self.cards.iter().any(|card| card.name == name)
    }
}

/// Every source with its state, by name; the demonstration list after the one that replaced it.
pub fn sources(
    in_force: &[ListVersion],
    on_file: &OnFile,
    publishers: &[ListSource],
    rule: AgeRule,
) -> Vec<SourceStatus> {
    let mut sources = BTreeMap::new();
    let mut note = |name: &str, demonstration: bool, state: SourceState, date: Option<NaiveDate>| {
        sources.entry((name.to_owned(), demonstration)).or_insert(SourceStatus {
            name: name.to_owned(),
            state,
            demonstration,
            date,
        });
    };
    for list in in_force {
        let stale = is_stale(list, rule.max_age_days, rule.production, rule.today);
        let state = if stale { SourceState::Stale } else { SourceState::InForce };
        note(&list.name, list.demonstration, state, Some(list.date));
    }
    for card in &on_file.cards {
        note(&card.name, false, SourceState::NotLoaded, Some(card.date));
    }
    for publisher in publishers {
        note(&publisher.name, false, SourceState::NotFetched, None);
    }
    let demonstration = demonstration::unread_version();
    let state = match on_file.keeps_demonstration {
        _ if on_file.has(&demonstration.name) => SourceState::Replaced,
        true => SourceState::NotLoaded,
        false => SourceState::Removed,
    };
    note(&demonstration.name, true, state, Some(demonstration.date));
    sources.into_values().collect()
}

/// What follows from the lists in force, in sentences; nothing where all is as it should be.
pub fn notices(in_force: &[ListVersion], rule: AgeRule) -> Vec<String> {
    if in_force.is_empty() {
        return vec![
            "No list is in force: nobody can be screened, and every session goes to manual review.".into(),
        ];
    }
    let mut notices = Vec::new();
    let is_own = |list: &&ListVersion| !list.demonstration;
    for list in in_force.iter().filter(is_own) {
        if is_stale(list, rule.max_age_days, rule.production, rule.today) {
            notices.push(format!(
                "{} is {} days old, and the policy allows {}: nobody is cleared, and every session goes to manual review.",
                list.name,
                (rule.today - list.as_of()).num_days(),
                rule.max_age_days
            ));
        }
    }
    let has_own = in_force.iter().any(|list| !list.demonstration);
    if let Some(demonstration) = in_force.iter().find(|list| list.demonstration) {
        let (name, date) = (&demonstration.name, demonstration.date);
        notices.push(match (has_own, are_stale(in_force, rule.max_age_days, rule.production, rule.today)) {
            (true, _) => format!(
                "The demonstration list {name} of {date} stays in force beside the others until it is removed or a current list of \
                 that name is imported."
            ),
            (false, true) => format!(
                "Only the demonstration list {name} of {date} is in force, and in production it clears nobody: every session goes \
                 to manual review."
            ),
            (false, false) => {
                format!("Only the demonstration list {name} of {date} is in force, which is not for production.")
            }
        });
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn list(name: &str, date: &str) -> ListVersion {
        ListVersion {
            name: name.into(),
            version: "1".into(),
            date: day(date),
            entities: 1,
            demonstration: false,
            confirmed: None,
        }
    }

    fn rule(production: bool) -> AgeRule {
        AgeRule { max_age_days: 30, production, today: day("2024-03-01") }
    }

    #[test]
    fn without_lists_it_is_said_that_everybody_goes_to_review() {
        assert!(notices(&[], rule(false))[0].contains("every session goes to manual review"));
        assert!(notices(&[list("own", "2024-02-20")], rule(true)).is_empty());
    }

    #[test]
    fn a_stale_list_and_a_demonstration_list_are_told_with_what_follows() {
        let demonstration = demonstration::unread_version();
        let of = |lists: &[ListVersion], production| notices(lists, rule(production)).join("\n");
        assert!(of(&[list("own", "2023-02-20")], false).contains("own is 375 days old"));
        assert!(of(std::slice::from_ref(&demonstration), true).contains("in production it clears nobody"));
        assert!(of(std::slice::from_ref(&demonstration), false).contains("not for production"));
        let beside = of(&[list("own", "2024-02-20"), demonstration], true);
        assert!(beside.contains("stays in force beside") && !beside.contains("manual review"));
    }

    #[test]
    fn every_source_is_shown_with_its_state() {
        let publisher =
            ListSource { name: "later".into(), addresses: vec!["https://lists.example/x".into()] };
        let states = |in_force: &[ListVersion], on_file: &OnFile| -> Vec<(String, &'static str)> {
            let all = sources(in_force, on_file, std::slice::from_ref(&publisher), rule(false));
            all.into_iter().map(|source| (source.name, source.state.as_str())).collect()
        };
        let own = list("own", "2024-02-20");
        let name = demonstration::LIST_NAME.to_owned();
        assert_eq!(
            states(&[own, list("z_old", "2023-01-01")], &OnFile::default()),
            [
                ("later".into(), "not_fetched"),
                ("own".into(), "in_force"),
                (name.clone(), "removed"),
                ("z_old".into(), "stale")
            ]
        );
        let kept = OnFile { keeps_demonstration: true, ..OnFile::default() };
        assert_eq!(states(&kept.in_force(), &kept), [("later".into(), "not_fetched"), (name, "in_force")]);
    }
}
