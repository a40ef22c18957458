//! Fixtures of the session's tests: ports that answer what a test says, and a session told step by step.

mod ports;
pub(in crate::session) mod reviews;

use std::collections::BTreeMap;

use chrono::Duration;
use cqrs_es::Aggregate;
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::{
    Action, Arrival, Caller, CheckLiveness, OpenSession, Session, SessionCommand, SessionError, SessionEvent,
    SubmitDocument,
};
use crate::Timestamp;
use crate::consent::ConsentRule;
use crate::document::specimen::{Specimen, day, passport};
use crate::document_type::DocumentSide;
use crate::evidence::{ImageUpload, MediaType};
use crate::face::{FaceBox, FaceFinding, FaceTemplate, TEMPLATE_LENGTH};
use crate::ids::{ChallengeId, PartnerId, SessionId};
use crate::liveness::{FrameFinding, HeadTurn, LivenessFinding, Sighting};
use crate::policy::Policy;
use crate::score::Score;
use crate::screening::{ListVersion, MatchedName, ScreeningFinding, ScreeningHit, ScreeningHits};

/// The session of every test.
pub(in crate::session) const SESSION: SessionId = SessionId::new(Uuid::from_u128(0x5e55));
/// Its partner.
pub(in crate::session) const PARTNER: PartnerId = PartnerId::new(Uuid::from_u128(0x9a));

/// Everything that the ports answer.
#[derive(Clone)]
pub(in crate::session) struct World {
    pub now: Timestamp,
    pub policy: Policy,
    pub production: bool,
    /// Index of the challenge that is drawn: left, right, blink.
    pub draw: u64,
    pub document: Specimen,
    pub portrait: FaceFinding,
    /// Faces in the document's image beside the portrait.
    pub other_faces: Vec<FaceFinding>,
    pub selfie: FaceFinding,
    pub frames: LivenessFinding,
    pub screening: ScreeningFinding,
    /// What the lists say of this name, whoever else is asked about.
    pub listed: Option<(&'static str, ScreeningHit)>,
    /// Whether another session brought the same face images.
    pub reused: bool,
    /// Whether the verifiers refuse to work.
    pub busy: bool,
    /// Whether the keys of the session were destroyed.
    pub erased: bool,
    /// Whose evidence needs consent.
    pub consent: ConsentRule,
    pub four_eyes: bool,
}

/// A face whose cosine to the document's portrait is `cosine`.
pub(in crate::session) fn face(cosine: f32) -> FaceTemplate {
    let mut embedding = [0.0; TEMPLATE_LENGTH];
    embedding[0] = cosine;
    embedding[1] = (1.0 - cosine * cosine).sqrt();
    FaceTemplate::from_embedding(&embedding).unwrap()
}

/// A face in an image of 1200 x 850 pixels, a third higher than wide.
pub(in crate::session) fn place(left: u32, top: u32, width: u32) -> FaceBox {
    let [left, top, width, height] = [left, top, width, width * 4 / 3 * 1_200 / 850].map(Score::saturating);
    FaceBox { left, top, width, height }
}

fn found(template: FaceTemplate, live: Option<u32>) -> FaceFinding {
    FaceFinding { template: Some(template), problems: vec![], face: None, live: live.map(Score::saturating) }
}

/// A list that is a day old.
pub(in crate::session) fn list() -> ListVersion {
    ListVersion {
        name: "us_ofac_sdn".into(),
        version: "test".into(),
        date: day(2026, 5, 31),
        entities: 3,
        demonstration: false,
        confirmed: None,
    }
}

impl World {
    /// A world in which everything passes and the head turns to the left.
    pub fn honest() -> Self {
        Self {
            now: "2026-06-01T12:00:00Z".parse().unwrap(),
            policy: Policy::embedded(),
            production: false,
            draw: 0,
            document: passport(),
            portrait: FaceFinding { face: Some(place(500, 2_000, 1_600)), ..found(face(1.0), None) },
            other_faces: vec![],
            selfie: found(face(0.8), Some(9_700)),
            frames: LivenessFinding {
                frames: 8,
                frames_with_face: 8,
                frames_with_several_faces: 0,
                head_turn: Some(HeadTurn { left: 220, right: 10 }),
                eye_dip: None,
                live: Some(Score::saturating(9_800)),
                consistency: Some(Score::saturating(8_000)),
                frame_difference: Some(Score::saturating(300)),
                template: Some(face(0.75)),
                each: vec![FrameFinding::without_face(Sighting::Nobody); 8],
            },
            screening: ScreeningFinding {
                hits: ScreeningHits::default(),
                lists: vec![list()],
                algorithm: "test/1".into(),
            },
            listed: None,
            reused: false,
            busy: false,
            erased: false,
            consent: ConsentRule::default(),
            four_eyes: true,
        }
    }
}

/// A hit on a listed entity.
pub(in crate::session) fn hit(id: &str, is_match: bool) -> ScreeningHit {
    ScreeningHit {
        id: id.into(),
        caption: "Somebody".into(),
        schema: "Person".into(),
        datasets: vec!["us_ofac_sdn".into()],
        list_version: "test".into(),
        score: Score::ONE,
        is_match,
        properties: BTreeMap::new(),
        algorithm: "test/1".into(),
        entity_fingerprint: "1".into(),
        matched_name: MatchedName {
            query: "Somebody".into(),
            candidate: "Somebody".into(),
            kind: "primary".into(),
        },
        pairs: vec![],
        explanations: BTreeMap::new(),
    }
}

/// What happened so far, and the world in which the next command runs.
#[derive(Clone)]
pub(in crate::session) struct Story {
    pub world: World,
    pub events: Vec<SessionEvent>,
}

impl Story {
    /// An open session in an honest world.
    pub fn opened() -> Self {
        Self { world: World::honest(), events: vec![] }.then(open())
    }

    /// Changes the world for what follows.
    pub fn given(mut self, change: impl FnOnce(&mut World)) -> Self {
        change(&mut self.world);
        self
    }

    /// Lets time pass.
    pub fn after(self, time: Duration) -> Self {
        self.given(|world| world.now += time)
    }

    /// What the session answers to its partner.
    pub fn when(&self, action: Action) -> Result<Vec<SessionEvent>, SessionError> {
        self.when_from(Caller::Partner(PARTNER), action)
    }

    /// What the session answers to a caller.
    pub fn when_from(&self, caller: Caller, action: Action) -> Result<Vec<SessionEvent>, SessionError> {
        // A multiple of the number of challenges, so that the first identifier is the draw.
        let first_id = 3_000 * (self.events.len() as u64 + 1) + self.world.draw;
        TestFramework::<Session>::with(ports::services(&self.world, first_id))
            .given(self.events.clone())
            .when(SessionCommand { session: SESSION, caller, action })
            .inspect_result()
    }

    /// Carries a command out; it must be allowed.
    pub fn then(self, action: Action) -> Self {
        self.then_from(Caller::Partner(PARTNER), action)
    }

    /// Carries a command of a caller out; it must be allowed.
    pub fn then_from(mut self, caller: Caller, action: Action) -> Self {
        let events = self.when_from(caller, action).unwrap();
        self.events.extend(events);
        self
    }

    /// Draws a challenge and answers it with frames of this content.
    pub fn answered(self, frames: &str) -> Self {
        let story = self.then(Action::IssueChallenge);
        let answer = story.answer(frames);
        story.then(answer)
    }

    /// Document, selfie and liveness, ready for submit.
    pub fn complete(self) -> Self {
        let document = self.document("document");
        self.then(document).then(selfie("selfie")).answered("frames")
    }

    /// An upload of the world's document.
    pub fn document(&self, image: &str) -> Action {
        Action::SubmitDocument(SubmitDocument {
            declared: self.world.document.declared,
            side: DocumentSide::Front,
            image: upload(image),
        })
    }

    /// An upload of the back of the world's document.
    pub fn back(&self, image: &str) -> Action {
        Action::SubmitDocument(SubmitDocument {
            declared: self.world.document.declared,
            side: DocumentSide::Back,
            image: upload(image),
        })
    }

    /// Frames for the latest challenge, received now.
    pub fn answer(&self, frames: &str) -> Action {
        let challenge = self.state().challenges().last().unwrap().issued.challenge_id;
        answer(challenge, frames, self.world.now)
    }

    /// The ports of the world.
    pub fn services(&self) -> crate::ports::Services {
        ports::services(&self.world, 3_000)
    }

    /// The folded session.
    pub fn state(&self) -> Session {
        let mut session = Session::default();
        for event in &self.events {
            session.apply(event.clone());
        }
        session
    }
}

pub(in crate::session) fn open() -> Action {
    Action::Open(OpenSession {
        partner: PARTNER,
        external_user_id: "user-1".to_owned().try_into().unwrap(),
        metadata: None,
        webhook_url: None,
        redirect_url: None,
        expires_at: World::honest().now + Duration::hours(24),
    })
}

pub(in crate::session) fn selfie(image: &str) -> Action {
    Action::SubmitSelfie { image: upload(image), capture: None }
}

/// Frames that begin and end to arrive at one instant.
pub(in crate::session) fn answer(challenge: ChallengeId, frames: &str, at: Timestamp) -> Action {
    let frames = (0..8).map(|index| upload(&format!("{frames} {index}"))).collect();
    let arrival = Arrival { began_at: at, ended_at: at };
    Action::CheckLiveness(CheckLiveness { challenge, frames, capture: None, arrival })
}

fn upload(content: &str) -> ImageUpload {
    ImageUpload::new(content.as_bytes().into(), MediaType::Jpeg, 1_200, 850)
}
