//! A card has two sides: the zone may be on either, and so may the portrait.
//!
//! What one side lacks the other may bring, but only if something on both says that they are one document: the back of
//! a stolen card must not lend its machine-readable zone to a front of somebody's own making.

use super::likeness::name_words;
use super::number_class::may_be_same_number;
use super::{DocumentProblem, DocumentVerdict, Identity, PrintedFields};

/// What one side shows by itself.
#[derive(Clone)]
pub struct SideView {
    /// The verdict over this side alone.
    pub verdict: DocumentVerdict,
    /// The fields of this side alone.
    pub identity: Identity,
}

impl SideView {
    fn has_zone(&self) -> bool {
        !self.identity.mrz_rows.is_empty()
    }

    fn has(&self, problem: DocumentProblem) -> bool {
        self.verdict.problems.contains(&problem)
    }
}

/// What a side may lack when the other one brings it.
const BROUGHT_BY_EITHER: [DocumentProblem; 2] =
    [DocumentProblem::MrzMissing, DocumentProblem::PortraitMissing];

/// The document as both sides show it. The side with the zone leads; without one, the front.
pub fn join(front: &SideView, back: &SideView) -> (DocumentVerdict, Identity) {
    let (leading, other) = if back.has_zone() && !front.has_zone() { (back, front) } else { (front, back) };
    let identity = joined_identity(leading, other);
    let says_unlimited = [leading, other].iter().any(|side| side.has(DocumentProblem::ExpiryUnlimited));
    let mut problems: Vec<DocumentProblem> =
        [leading, other].iter().flat_map(|side| &side.verdict.problems).copied().collect();
    let name_confirmed = name_confirmed(leading, other);
    problems.retain(|problem| match problem {
        DocumentProblem::NameUnread | DocumentProblem::NameAbsent => identity.full_name.is_none(),
        DocumentProblem::NameUnconfirmed => name_confirmed != Some(true),
        DocumentProblem::BirthDateUnread | DocumentProblem::BirthDateAbsent => identity.born().is_none(),
        DocumentProblem::BirthDatePartial => identity.date_of_birth.is_none(),
        DocumentProblem::NumberUnread | DocumentProblem::NumberAbsent => identity.document_number.is_none(),
        DocumentProblem::ExpiryUnread
        | DocumentProblem::ExpiryAbsent
        | DocumentProblem::ExpiryUnsupported => identity.expiry_date.is_none() && !says_unlimited,
        // The other side may hold little text; the fields come from the leading one.
        DocumentProblem::LowConfidence => leading.has(DocumentProblem::LowConfidence),
        either if BROUGHT_BY_EITHER.contains(either) => front.has(*either) && back.has(*either),
        _ => true,
    });
    if !belong_together(&front.identity, &back.identity) {
        problems.push(DocumentProblem::SidesDisagree);
    }
    problems.sort();
    problems.dedup();
    let with_portrait = if front.has(DocumentProblem::PortraitMissing) { back } else { front };
    let verdict = DocumentVerdict {
        is_valid: problems.iter().all(|problem| problem.is_quality_only()),
        mrz_valid: both(front, back),
        name_confirmed,
        confidence: leading.verdict.confidence,
        problems,
        quality: leading.verdict.quality,
        portrait_is_good: with_portrait.verdict.portrait_is_good,
    };
    (verdict, identity)
}

/// Every zone that was found has to be right; none where one leaves it open.
fn both(front: &SideView, back: &SideView) -> Option<bool> {
    let verdicts =
        [front, back].into_iter().filter(|side| side.has_zone()).map(|side| side.verdict.mrz_valid);
    let (mut found, mut is_open, mut is_right) = (false, false, true);
    for verdict in verdicts {
        found = true;
        is_open |= verdict.is_none();
        is_right &= verdict != Some(false);
    }
    (found && (!is_right || !is_open)).then_some(is_right)
}

/// Whether the name of the leading side's MRZ is printed on either side.
fn name_confirmed(leading: &SideView, other: &SideView) -> Option<bool> {
    let alone = leading.verdict.name_confirmed.or(other.verdict.name_confirmed);
    let printed =
        (leading.has_zone() && !other.has_zone()).then(|| same_name(&leading.identity, &other.identity));
    alone.map(|confirmed| confirmed || printed == Some(true))
}

/// Whether each word of the shorter name is one of the longer: given names are left out, and the MRZ cuts.
fn same_name(one: &Identity, other: &Identity) -> bool {
    let words = |identity: &Identity| identity.full_name.as_deref().map(name_words).unwrap_or_default();
    let (one, other) = (words(one), words(other));
    let (few, many) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    few.len() > 1 && few.iter().all(|word| many.contains(word))
}

fn joined_identity(leading: &SideView, other: &SideView) -> Identity {
    let (lead, fill) = (&leading.identity, &other.identity);
    let printed = if leading.has_zone() { fill.full_name.as_ref() } else { None };
    let date_of_birth = lead.date_of_birth.or_else(|| {
        // A birth date that only the other side gives in full has to be the one that this side gives in part.
        let partly = lead.partial_date_of_birth;
        fill.date_of_birth.filter(|day| partly.is_none_or(|partly| partly.agrees_with(*day)))
    });
    let partly = lead.partial_date_of_birth.or(fill.partial_date_of_birth);
    Identity {
        full_name: lead.full_name.clone().or_else(|| fill.full_name.clone()),
        printed_name: lead.printed_name.as_ref().or(printed).cloned(),
        name_may_be_truncated: lead.name_may_be_truncated,
        date_of_birth,
        partial_date_of_birth: partly.filter(|_| date_of_birth.is_none()),
        nationality: lead.nationality.clone().or_else(|| fill.nationality.clone()),
        issuer: lead.issuer.clone().or_else(|| fill.issuer.clone()),
        document_number: lead.document_number.clone().or_else(|| fill.document_number.clone()),
        expiry_date: lead.expiry_date.or(fill.expiry_date),
        mrz_rows: lead.mrz_rows.clone(),
        printed: printed_beside(leading, other),
    }
}

/// What is printed on either side of a card with a zone: the leading side's own word comes first.
fn printed_beside(leading: &SideView, other: &SideView) -> Option<PrintedFields> {
    if !leading.has_zone() {
        return None;
    }
    let lead = leading.identity.printed.clone().unwrap_or_default();
    let fill = other.identity.printed.clone().unwrap_or_else(|| as_printed(&other.identity));
    Some(PrintedFields {
        full_name: lead.full_name.or(fill.full_name),
        date_of_birth: lead.date_of_birth.or(fill.date_of_birth),
        expiry_date: lead.expiry_date.or(fill.expiry_date),
        document_number: lead.document_number.or(fill.document_number),
        nationality: lead.nationality.or(fill.nationality),
    })
    .filter(|printed| *printed != PrintedFields::default())
}

/// The fields of a side without a zone: all of them are printed.
fn as_printed(side: &Identity) -> PrintedFields {
    PrintedFields {
        full_name: side.full_name.clone(),
        date_of_birth: side.date_of_birth,
        expiry_date: side.expiry_date,
        document_number: side.document_number.clone(),
        nationality: side.nationality.clone(),
    }
}

/// A birth date or number on both sides that is the same, and nothing that contradicts it. A printed number may differ
/// from the zone's: some cards print a personal number there. Two zones of one document have one number.
fn belong_together(one: &Identity, other: &Identity) -> bool {
    let same_birth = same_birth(one, other);
    let same_number = one
        .document_number
        .as_ref()
        .zip(other.document_number.as_ref())
        .map(|(one, other)| may_be_same_number(one, other));
    let two_zones = !one.mrz_rows.is_empty() && !other.mrz_rows.is_empty();
    let contradicted = same_birth == Some(false)
        || same(&one.expiry_date, &other.expiry_date) == Some(false)
        || (two_zones && same_number == Some(false))
        || names_differ(one, other);
    !contradicted && (same_birth == Some(true) || same_number == Some(true))
}

/// What is known in part is the same only if it agrees; by itself it proves nothing.
fn same_birth(one: &Identity, other: &Identity) -> Option<bool> {
    let differs = |one: &Identity, other: &Identity| {
        let (partly, day) = (one.partial_date_of_birth, other.date_of_birth);
        partly.zip(day).is_some_and(|(partly, day)| !partly.agrees_with(day))
    };
    if differs(one, other) || differs(other, one) {
        return Some(false);
    }
    same(&one.date_of_birth, &other.date_of_birth)
}

fn same<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> Option<bool> {
    Some(one.as_ref()? == other.as_ref()?)
}

/// No word in common. Spellings differ between zones (transliteration, cut names), whole names do not.
fn names_differ(one: &Identity, other: &Identity) -> bool {
    let words = |name: &str| -> Vec<String> {
        name.split(|letter: char| !letter.is_alphabetic())
            .filter(|word| word.chars().count() > 1)
            .map(str::to_uppercase)
            .collect()
    };
    match (&one.full_name, &other.full_name) {
        (Some(one), Some(other)) => {
            let others = words(other);
            !words(one).iter().any(|word| others.contains(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{
        BIRTH_DATE, EXPIRY_DATE, Specimen, card_back, card_front, day, today, write,
    };
    use super::super::{FaceFinding, examine};
    use super::*;
    use crate::face::{FaceTemplate, TEMPLATE_LENGTH};
    use crate::policy::Policy;

    fn view(specimen: &Specimen, has_portrait: bool) -> SideView {
        let template = FaceTemplate::from_embedding(&[1.0; TEMPLATE_LENGTH]).unwrap();
        let template = has_portrait.then_some(template);
        let portrait = FaceFinding { template, problems: vec![], face: None, live: None };
        let rules = Policy::embedded().document;
        let (verdict, identity) =
            examine(&specimen.reading(), &portrait, &specimen.declared, &rules, today());
        SideView { verdict, identity }
    }

    fn joined(
        front: impl FnOnce(&mut Specimen),
        back: impl FnOnce(&mut Specimen),
    ) -> (DocumentVerdict, Identity) {
        let (mut one, mut other) = (card_front(), card_back());
        front(&mut one);
        back(&mut other);
        join(&view(&one, true), &view(&other, false))
    }

    #[test]
    fn neither_side_of_a_card_is_enough_but_both_together_are() {
        let (front, back) = (view(&card_front(), true), view(&card_back(), false));
        assert_eq!(front.verdict.problems, [DocumentProblem::MrzMissing]);
        assert_eq!(back.verdict.problems, [DocumentProblem::PortraitMissing]);
        let (verdict, identity) = join(&front, &back);
        assert!(verdict.is_valid && verdict.portrait_is_good, "{:?}", verdict.problems);
        assert_eq!(verdict.mrz_valid, Some(true));
        assert_eq!(identity.full_name.as_deref(), Some("CLARA INES INVENTED"));
        assert_eq!(identity.printed_name.as_deref(), Some("Clara Ines Invented"));
        assert_eq!(identity.issuer.as_deref(), Some("ESP"));
        let printed = identity.printed.unwrap();
        assert_eq!(printed.document_number.as_deref(), Some("XDB471108"));
        assert_eq!(printed.expiry_date, Some(day(2031, 3, 9)));
    }

    #[test]
    fn the_back_of_another_card_is_not_taken_for_this_ones() {
        let other_birth = joined(|front| front.printed.date_of_birth = Some(day(1980, 1, 1)), |_| {});
        let other_expiry = joined(|front| front.printed.expiry_date = Some(day(2029, 1, 1)), |_| {});
        let other_name = joined(|front| front.printed.full_name = Some("Somebody Else".into()), |_| {});
        for (verdict, _) in [other_birth, other_expiry, other_name] {
            assert_eq!(verdict.problems, [DocumentProblem::SidesDisagree]);
            assert!(!verdict.is_valid);
        }
    }

    #[test]
    fn a_front_that_shows_nothing_of_the_back_is_not_linked_to_it() {
        let (verdict, _) = joined(|front| front.printed = Default::default(), |_| {});
        assert_eq!(verdict.problems, [DocumentProblem::SidesDisagree]);
    }

    #[test]
    fn a_number_of_another_kind_is_no_contradiction() {
        let (verdict, identity) =
            joined(|front| front.printed.document_number = Some("12345678Z".into()), |_| {});
        assert!(verdict.is_valid, "{:?}", verdict.problems);
        assert_eq!(identity.document_number.as_deref(), Some("XDB471108"));
    }

    #[test]
    fn two_zones_with_two_numbers_are_two_documents() {
        let front = |front: &mut Specimen| {
            front.has_zone = true;
            front.fields.document_code = "I".into();
            front.fields.document_number = "XDB471109".into();
        };
        let (verdict, _) = joined(front, |_| {});
        assert!(verdict.problems.contains(&DocumentProblem::SidesDisagree), "{:?}", verdict.problems);
    }

    #[test]
    fn the_front_prints_what_the_zone_of_the_back_leaves_empty() {
        let back = |back: &mut Specimen| back.edit = |rows| write(rows, EXPIRY_DATE, "<<<<<<");
        let (verdict, identity) = joined(|_| {}, back);
        assert!(verdict.is_valid, "{:?}", verdict.problems);
        assert_eq!(identity.expiry_date, Some(day(2031, 3, 9)));
        let (verdict, _) = joined(|front| front.printed.expiry_date = None, back);
        assert_eq!(verdict.problems, [DocumentProblem::ExpiryAbsent, DocumentProblem::ExpiryUnread]);
    }

    #[test]
    fn a_birth_date_that_the_zone_gives_in_part_is_completed_by_the_front_that_agrees() {
        let back = |back: &mut Specimen| back.edit = |rows| write(rows, BIRTH_DATE, "9002<<");
        let (verdict, identity) = joined(|_| {}, back);
        assert!(verdict.is_valid, "{:?}", verdict.problems);
        assert_eq!((identity.date_of_birth, identity.partial_date_of_birth), (Some(day(1990, 2, 14)), None));
        let (verdict, identity) = joined(|front| front.printed.date_of_birth = Some(day(1980, 2, 14)), back);
        assert!(verdict.problems.contains(&DocumentProblem::SidesDisagree), "{:?}", verdict.problems);
        assert_eq!(identity.date_of_birth, None);
    }

    #[test]
    fn a_card_without_an_end_stays_one_whatever_the_front_prints() {
        let (verdict, _) = joined(|_| {}, |back| back.edit = |rows| write(rows, EXPIRY_DATE, "990101"));
        assert_eq!(verdict.problems, [DocumentProblem::ExpiryUnlimited]);
    }

    #[test]
    fn the_name_in_the_zone_of_the_back_is_confirmed_by_the_front() {
        let unsure = |back: &mut Specimen| back.name_confidence = crate::score::Score::saturating(2_000);
        let (verdict, _) = joined(|_| {}, unsure);
        assert!(verdict.is_valid, "{:?}", verdict.problems);
        assert_eq!(verdict.name_confirmed, Some(true));
        let (verdict, _) = joined(|front| front.printed.full_name = None, unsure);
        assert_eq!(verdict.problems, [DocumentProblem::NameUnconfirmed]);
        assert_eq!(verdict.name_confirmed, Some(false));
        let (verdict, _) = joined(|front| front.printed.full_name = Some("Clara Somebody".into()), unsure);
        assert_eq!(verdict.problems, [DocumentProblem::NameUnconfirmed]);
    }

    #[test]
    fn a_number_whose_ambiguous_characters_were_read_otherwise_is_no_contradiction() {
        let (verdict, _) = joined(
            |front| {
                front.printed.date_of_birth = None;
                front.printed.document_number = Some("XOB471I08".into());
            },
            |back| back.fields.document_number = "X0B471108".into(),
        );
        assert!(!verdict.problems.contains(&DocumentProblem::SidesDisagree), "{:?}", verdict.problems);
    }

    #[test]
    fn what_speaks_against_one_side_speaks_against_the_document() {
        let (verdict, _) = joined(|_| {}, |back| back.repaired = true);
        assert_eq!(verdict.problems, [DocumentProblem::MrzCheckDigitFailed]);
        assert_eq!(verdict.mrz_valid, Some(false));
    }

    #[test]
    fn a_side_whose_zone_is_left_open_still_leads_and_leaves_the_document_open() {
        let (verdict, identity) = joined(|_| {}, |back| back.ambiguous = vec![(1, 0)]);
        assert_eq!(verdict.problems, [DocumentProblem::NumberAmbiguous]);
        assert_eq!(verdict.mrz_valid, None);
        assert_eq!(identity.issuer.as_deref(), Some("ESP"));
    }

    #[test]
    fn without_a_zone_on_either_side_the_document_has_none() {
        let (verdict, _) = joined(|_| {}, |back| back.has_zone = false);
        assert!(verdict.problems.contains(&DocumentProblem::MrzMissing));
        assert_eq!(verdict.mrz_valid, None);
    }
}
