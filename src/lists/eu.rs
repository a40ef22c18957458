//! The European Union's consolidated financial sanctions file (FSF), XML.
//!
//! Its traps: the country `00` is unknown; a birth date may be a day, a year or a range of years in three attributes;
//! an alias with `strong="false"` is weak.

use std::path::Path;

use chrono::NaiveDate;

use super::draft::{Draft, Rows};
use super::format::Loaded;
use super::xml::{Element, records};
use super::{ListError, NameKind, Problem, Schema};

pub(super) fn load(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let mut rows = Rows::default();
    let (root, version) = records(path, &["sanctionEntity"], |(line, element)| {
        rows.take(file, line, element.and_then(|element| draft(&element)));
    })?;
    let date = root.attribute("generationDate").get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
    Ok(Loaded { rows, version, date })
}

fn draft(record: &Element) -> Result<Draft, Problem> {
    let id = Some(record.attribute("logicalId")).filter(|id| !id.is_empty()).ok_or(Problem::MissingId)?;
    let subject = record.all("subjectType").next().map_or("", |subject| subject.attribute("code"));
    let schema = match subject {
        "person" => Schema::Person,
        "enterprise" => Schema::Organization,
        _ => return Err(Problem::EntityType),
    };
    let mut draft = Draft::new(format!("eu-{id}"), schema);
    for alias in record.all("nameAlias") {
        let whole = alias.attribute("wholeName");
        let parts = ["firstName", "middleName", "lastName"].map(|part| alias.attribute(part)).join(" ");
        let text = if whole.is_empty() { &parts } else { whole };
        let kind = if alias.attribute("strong") == "false" { NameKind::WeakAlias } else { NameKind::Alias };
        draft.name(text, Some(alias.attribute("lastName")), kind);
    }
    for born in record.all("birthdate") {
        birth_date(&mut draft, born);
    }
    for place in record.all("citizenship") {
        let code = place.attribute("countryIso2Code");
        if code != "00" {
            draft.country(if code.is_empty() { place.attribute("countryDescription") } else { code });
        }
    }
    for document in record.all("identification") {
        let number = document.attribute("latinNumber");
        draft.document(if number.is_empty() { document.attribute("number") } else { number });
    }
    record.all("regulation").for_each(|regulation| draft.program(regulation.attribute("programme")));
    draft.topic("sanction");
    Ok(draft)
}

fn birth_date(draft: &mut Draft, born: &Element) {
    // Other calendars are not converted; the list gives the Gregorian date beside them.
    if !matches!(born.attribute("calendarType"), "" | "GREGORIAN") {
        return;
    }
    let about = if born.attribute("circa") == "true" { "circa " } else { "" };
    let (day, year) = (born.attribute("birthdate"), born.attribute("year"));
    let (from, to) = (born.attribute("yearRangeFrom"), born.attribute("yearRangeTo"));
    if !day.is_empty() && about.is_empty() {
        draft.birth_date(day);
    } else if !from.is_empty() {
        draft.birth_date(&format!("between {from} and {}", if to.is_empty() { from } else { to }));
    } else if !year.is_empty() {
        draft.birth_date(&format!("{about}{year}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::load_text;
    use super::*;
    use crate::lists::BirthDate;

    const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2024-01-02T10:11:12.000+01:00" globalFileId="1">
  <sanctionEntity euReferenceNumber="EU.1.1" logicalId="13">
    <regulation programme="TST" logicalId="1"/>
    <subjectType code="person" classificationCode="P"/>
    <nameAlias firstName="Ilmar" middleName="" lastName="Vargosin" wholeName="Ilmar Vargosin" strong="true" logicalId="2"/>
    <nameAlias firstName="" middleName="" lastName="" wholeName="Weaver" strong="false" logicalId="3"/>
    <nameAlias firstName="Elmar" middleName="T." lastName="Vargozin" wholeName="" strong="true" logicalId="4"/>
    <citizenship countryIso2Code="00" countryDescription="UNKNOWN"/>
    <citizenship countryIso2Code="IQ" countryDescription="IRAQ"/>
    <birthdate circa="false" calendarType="GREGORIAN" birthdate="1970-03-09" dayOfMonth="9" monthOfYear="3" year="1970"/>
    <birthdate circa="true" calendarType="GREGORIAN" year="1975"/>
    <birthdate circa="false" calendarType="GREGORIAN" yearRangeFrom="1980" yearRangeTo="1983"/>
    <birthdate circa="false" calendarType="ISLAMIC" birthdate="1389-01-01" year="1389"/>
    <identification number="AB 123" latinNumber="" identificationTypeCode="passport" countryIso2Code="00"/>
  </sanctionEntity>
  <sanctionEntity logicalId="14"><subjectType code="robot"/></sanctionEntity>
</export>"#;

    #[test]
    fn unknown_countries_ranges_and_weak_aliases_are_read_as_meant() {
        let list = load_text("fsf.xml", LIST).unwrap();
        assert_eq!(
            (list.version.name.as_str(), list.version.date.to_string().as_str()),
            ("eu_fsf", "2024-01-02")
        );
        let person = &list.entities[0];
        let names: Vec<_> =
            person.names.iter().map(|name| (name.text.as_str(), name.kind.as_str())).collect();
        let expected =
            [("Ilmar Vargosin", "primary"), ("Weaver", "weak_alias"), ("Elmar T. Vargozin", "alias")];
        assert_eq!((person.id.as_str(), names), ("eu-13", expected.to_vec()));
        assert_eq!(person.names[0].surname.as_deref(), Some("Vargosin"));
        assert_eq!(person.countries.iter().map(ToString::to_string).collect::<Vec<_>>(), ["IRQ"]);
        let years: Vec<_> = person.birth_dates.iter().map(BirthDate::to_string).collect();
        assert_eq!(years, ["1970-03-09", "1974 to 1976", "1980 to 1983"]);
        assert_eq!((person.documents[0].as_str(), person.programs[0].as_str()), ("AB 123", "TST"));
        let problems: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        assert_eq!(problems, [(17, Problem::EntityType)]);
    }
}
