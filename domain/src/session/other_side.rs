//! The other side of a card, as it was read before, and what it brings to an upload of this one.

use super::compare::Face;
use super::event::{DocumentRead, OwnSide};
use super::open::seal_optional;
use super::state::Session;
use crate::document::{Declared, DocumentVerdict, Identity, SideView, join};
use crate::document_type::DocumentSide;
use crate::face::FaceTemplate;
use crate::ids::SessionId;
use crate::ports::{PortError, Vault, open, seal};
use crate::sealed::Sealed;
use crate::session::SessionError;

/// What is known of the other side.
pub(super) struct OtherSide<'a> {
    view: SideView,
    portrait: Option<&'a Sealed<FaceTemplate>>,
}

/// A portrait of this upload, or one that an event keeps.
#[derive(Clone, Copy)]
pub(super) enum Portrait<'a> {
    Fresh(&'a FaceTemplate),
    Kept(&'a Sealed<FaceTemplate>),
}

impl<'a> Portrait<'a> {
    pub(super) const fn as_face(self) -> Face<'a> {
        match self {
            Self::Fresh(template) => Face::Fresh(template),
            Self::Kept(sealed) => Face::Kept(sealed),
        }
    }
}

/// The latest upload of the other side; none if there is none, or if it was declared as another document.
pub(super) async fn of<'a>(
    state: &'a Session,
    session: SessionId,
    declared: &Declared,
    side: DocumentSide,
    vault: &dyn Vault,
) -> Result<Option<OtherSide<'a>>, PortError> {
    let latest = state.document_side(side.other()).filter(|(submitted, _)| submitted.declared == *declared);
    let Some((_, read)) = latest else { return Ok(None) };
    let (verdict, identity, portrait) = alone(read);
    let identity = open(vault, session, identity).await?;
    Ok(Some(OtherSide { view: SideView { verdict: verdict.clone(), identity }, portrait }))
}

/// What was read of one side, without what the other one brought.
fn alone(read: &DocumentRead) -> (&DocumentVerdict, &Sealed<Identity>, Option<&Sealed<FaceTemplate>>) {
    match &read.own {
        Some(own) => (&own.verdict, &own.identity, own.portrait.as_ref()),
        None => (&read.verdict, &read.identity, read.portrait.as_ref()),
    }
}

/// The document as this side shows it together with the other one.
pub(super) fn with(
    fresh: &SideView,
    side: DocumentSide,
    other: Option<&OtherSide<'_>>,
) -> (DocumentVerdict, Identity) {
    match (side, other) {
        (_, None) => (fresh.verdict.clone(), fresh.identity.clone()),
        (DocumentSide::Front, Some(back)) => join(fresh, &back.view),
        (DocumentSide::Back, Some(front)) => join(&front.view, fresh),
    }
}

/// The portrait that counts: the front's, for many backs carry a ghost of it.
pub(super) fn portrait<'a>(
    fresh: Option<&'a FaceTemplate>,
    side: DocumentSide,
    other: Option<&OtherSide<'a>>,
) -> Option<Portrait<'a>> {
    let fresh = fresh.map(Portrait::Fresh);
    let kept = other.and_then(|other| other.portrait).map(Portrait::Kept);
    match side {
        DocumentSide::Front => fresh.or(kept),
        DocumentSide::Back => kept.or(fresh),
    }
}

/// The portrait as an event keeps it.
pub(super) async fn sealed(
    portrait: Option<Portrait<'_>>,
    vault: &dyn Vault,
    session: SessionId,
) -> Result<Option<Sealed<FaceTemplate>>, SessionError> {
    match portrait {
        Some(Portrait::Kept(sealed)) => Ok(Some(sealed.clone())),
        Some(Portrait::Fresh(template)) => seal_optional(vault, session, Some(template)).await,
        None => Ok(None),
    }
}

/// What this side shows by itself, for when the other one is uploaded again.
pub(super) async fn own(
    fresh: &SideView,
    portrait: Option<&FaceTemplate>,
    vault: &dyn Vault,
    session: SessionId,
) -> Result<OwnSide, SessionError> {
    Ok(OwnSide {
        verdict: fresh.verdict.clone(),
        identity: seal(vault, session, &fresh.identity).await?,
        portrait: seal_optional(vault, session, portrait).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Story, face, selfie};
    use super::super::{Action, SessionError, SessionEvent, Step};
    use crate::document::DocumentProblem;
    use crate::document::specimen::{card_back, card_front, passport};

    fn front(story: Story, image: &str) -> Story {
        let story = story.given(|world| {
            world.document = card_front();
            world.portrait.template = Some(face(1.0));
        });
        let upload = story.document(image);
        story.then(upload)
    }

    fn back(story: Story, image: &str) -> Story {
        let story = story.given(|world| {
            world.document = card_back();
            world.portrait.template = None;
        });
        let upload = story.back(image);
        story.then(upload)
    }

    #[test]
    fn front_and_back_are_one_valid_document_in_either_order() {
        for story in
            [back(front(Story::opened(), "front"), "back"), front(back(Story::opened(), "back"), "front")]
        {
            let state = story.state();
            let (_, read) = state.document().unwrap();
            assert!(read.verdict.is_valid, "{:?}", read.verdict.problems);
            assert!(read.portrait.is_some() && read.own.is_some());
        }
    }

    #[test]
    fn the_back_keeps_the_match_with_the_fronts_portrait() {
        let story = front(Story::opened(), "front").then(selfie("selfie"));
        let story = back(story, "back");
        assert!(
            matches!(story.events.last(), Some(SessionEvent::FacesCompared(compared)) if compared.matched)
        );
        assert!(story.state().document_match().is_some());
    }

    #[test]
    fn the_latest_of_each_side_counts() {
        let story = front(Story::opened(), "front");
        let story = back(story.given(|world| world.draw = 0), "back");
        let blurred = story.given(|world| world.document = card_front()).given(|world| {
            world.document.printed.full_name = Some("Somebody Else".into());
            world.portrait.template = Some(face(1.0));
        });
        let upload = blurred.document("another front");
        let story = blurred.then(upload);
        let problems = story.state().document().unwrap().1.verdict.problems.clone();
        assert_eq!(problems, [DocumentProblem::SidesDisagree]);
        let story = front(story, "third front");
        assert!(story.state().document().unwrap().1.verdict.is_valid);
    }

    #[test]
    fn each_side_has_attempts_of_its_own_and_repeats_by_itself() {
        let story = ["one", "two", "three"].into_iter().fold(Story::opened(), front);
        let story = back(story, "back");
        assert_eq!(story.when(story.back("back")), Ok(vec![]));
        let story = story.given(|world| world.document = card_front());
        assert_eq!(story.when(story.document("three")), Ok(vec![]));
        let refused = Err(SessionError::AttemptsExhausted(Step::Document));
        assert_eq!(story.when(story.document("four")), refused);
        assert!(story.when(story.back("another back")).is_ok());
    }

    #[test]
    fn a_passport_has_no_back() {
        let story = Story::opened();
        assert_eq!(story.when(story.back("back")), Err(SessionError::NoSuchSide));
    }

    #[test]
    fn to_declare_another_document_gives_no_attempt_more() {
        let refused = Err(SessionError::AttemptsExhausted(Step::Document));
        let story = ["one", "two", "three"].into_iter().fold(Story::opened(), |story, image| {
            let passport = story.document(image);
            story.then(passport)
        });
        let as_card = story.given(|world| world.document = card_front());
        assert_eq!(as_card.when(as_card.document("as a card")), refused);
        assert_eq!(as_card.when(as_card.back("as its back")), refused);
        // Each time something else: every change goes on with what was taken before.
        let story = front(Story::opened(), "front").given(|world| world.document = passport());
        let upload = story.document("passport");
        let story = back(story.then(upload), "back");
        assert_eq!(story.state().attempts(Step::Document), 3);
        assert_eq!(story.when(story.back("another back")), refused);
    }

    #[test]
    fn whoever_declared_the_wrong_document_at_first_still_has_two_attempts_at_both_sides() {
        let story = Story::opened();
        let mistaken = story.document("taken for a passport");
        let story = story.then(mistaken);
        let story = back(front(back(front(story, "front"), "back"), "front again"), "back again");
        let refused = Err(SessionError::AttemptsExhausted(Step::Document));
        assert_eq!(story.when(story.back("third back")), refused);
    }

    #[test]
    fn a_card_of_two_sides_is_approved() {
        let story = back(front(Story::opened(), "front"), "back");
        let story = story.then(selfie("selfie")).answered("frames").then(Action::Submit);
        assert_eq!(story.state().outcome(), Some(super::super::Decision::Approved));
    }
}
