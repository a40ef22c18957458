//! The United Nations Security Council's consolidated list, XML.
//!
//! Its traps: a name is in up to four parts whose last is not always the surname; an alias of quality `Low` is weak;
//! a birth date may be a day, a year, approximate or between two years; numbers of documents stand among words.

use std::path::Path;

use chrono::NaiveDate;

use super::draft::{Draft, Rows};
use super::format::Loaded;
use super::xml::{Element, records};
use super::{ListError, NameKind, Problem, Schema};

pub(super) fn load(path: &Path, file: &str) -> Result<Loaded, ListError> {
    let mut rows = Rows::default();
    let (root, version) = records(path, &["INDIVIDUAL", "ENTITY"], |(line, element)| {
        rows.take(file, line, element.and_then(|element| draft(&element)));
    })?;
    let date = root.attribute("dateGenerated").get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
    Ok(Loaded { rows, version, date })
}

fn draft(record: &Element) -> Result<Draft, Problem> {
    let id = Some(record.text_of("DATAID")).filter(|id| !id.is_empty()).ok_or(Problem::MissingId)?;
    let is_person = record.name == "INDIVIDUAL";
    let schema = if is_person { Schema::Person } else { Schema::Organization };
    let mut draft = Draft::new(format!("un-{id}"), schema);
    let parts = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"].map(|part| record.text_of(part));
    draft.name(&parts.join(" "), None, NameKind::Primary);
    draft.name(record.text_of("NAME_ORIGINAL_SCRIPT"), None, NameKind::Alias);
    for alias in record.all(if is_person { "INDIVIDUAL_ALIAS" } else { "ENTITY_ALIAS" }) {
        let is_weak = alias.text_of("QUALITY").eq_ignore_ascii_case("low");
        let kind = if is_weak { NameKind::WeakAlias } else { NameKind::Alias };
        // Some aliases stand in one element, between semicolons.
        alias.text_of("ALIAS_NAME").split(';').for_each(|name| draft.name(name, None, kind));
        draft.birth_date(alias.text_of("DATE_OF_BIRTH"));
    }
    record.all("INDIVIDUAL_DATE_OF_BIRTH").for_each(|born| birth_date(&mut draft, born));
    record.inside("NATIONALITY", "VALUE").for_each(|nation| draft.country(nation.text()));
    record.all("INDIVIDUAL_DOCUMENT").for_each(|document| draft.document(document.text_of("NUMBER")));
    draft.program(record.text_of("UN_LIST_TYPE"));
    draft.topic("sanction");
    Ok(draft)
}

fn birth_date(draft: &mut Draft, born: &Element) {
    let (day, year) = (born.text_of("DATE"), born.text_of("YEAR"));
    let (from, to) = (born.text_of("FROM_YEAR"), born.text_of("TO_YEAR"));
    let about = if born.text_of("TYPE_OF_DATE") == "APPROXIMATELY" { "circa " } else { "" };
    if !day.is_empty() {
        // An approximate day is a year at best.
        let day = day.get(..10).unwrap_or(day);
        let about_year = day.get(..4).filter(|_| !about.is_empty());
        draft.birth_date(&about_year.map_or_else(|| day.to_owned(), |year| format!("{about}{year}")));
    } else if !from.is_empty() {
        draft.birth_date(&format!("between {from} and {to}"));
    } else if !year.is_empty() {
        draft.birth_date(&format!("{about}{year}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::load_text;
    use super::*;
    use crate::lists::BirthDate;

    const LIST: &str = "<?xml version='1.0' encoding='utf-8'?>
<CONSOLIDATED_LIST dateGenerated=\"2024-01-02T00:00:09.554Z\">
  <INDIVIDUALS>
    <INDIVIDUAL>
      <DATAID>77</DATAID><FIRST_NAME>ILMAR</FIRST_NAME><SECOND_NAME>TEODOR</SECOND_NAME>
      <THIRD_NAME>VARGOSIN</THIRD_NAME><UN_LIST_TYPE>TEST</UN_LIST_TYPE>
      <NAME_ORIGINAL_SCRIPT>Илмар Варгосин</NAME_ORIGINAL_SCRIPT>
      <NATIONALITY><VALUE>Democratic People's Republic of Korea</VALUE><VALUE>Atlantis</VALUE></NATIONALITY>
      <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Elmar Vargozin</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Weaver</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY /><ALIAS_NAME /></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1970-03-09</DATE></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1975</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1980</FROM_YEAR><TO_YEAR>1983</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DOCUMENT><NUMBER>Utopian travel passport number AB12345</NUMBER></INDIVIDUAL_DOCUMENT>
    </INDIVIDUAL>
    <INDIVIDUAL><DATAID>78</DATAID></INDIVIDUAL>
  </INDIVIDUALS>
  <ENTITIES><ENTITY><DATAID>79</DATAID><FIRST_NAME>QUOLLITE</FIRST_NAME></ENTITY></ENTITIES>
</CONSOLIDATED_LIST>";

    #[test]
    fn names_qualities_and_uncertain_dates_are_read() {
        let list = load_text("consolidated.xml", LIST).unwrap();
        assert_eq!(
            (list.version.name.as_str(), list.version.date.to_string().as_str()),
            ("un_sc_sanctions", "2024-01-02")
        );
        let person = &list.entities[0];
        let names: Vec<_> =
            person.names.iter().map(|name| (name.text.as_str(), name.kind.as_str())).collect();
        let expected = [
            ("ILMAR TEODOR VARGOSIN", "primary"),
            ("Илмар Варгосин", "alias"),
            ("Elmar Vargozin", "alias"),
            ("Weaver", "weak_alias"),
        ];
        assert_eq!((person.id.as_str(), names), ("un-77", expected.to_vec()));
        let years: Vec<_> = person.birth_dates.iter().map(BirthDate::to_string).collect();
        assert_eq!(years, ["1970-03-09", "1974 to 1976", "1980 to 1983"]);
        assert_eq!(person.countries.iter().map(ToString::to_string).collect::<Vec<_>>(), ["PRK"]);
        assert_eq!(person.documents, ["AB12345"]);
        assert_eq!(list.entities[1].schema, Schema::Organization);
        let problems: Vec<_> = list.problems.iter().map(|row| (row.line, row.problem)).collect();
        assert_eq!(problems, [(4, Problem::Country), (17, Problem::MissingName)]);
    }
}
