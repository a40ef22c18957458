//! A case as its reviewer sees it: the person, the hits, what was said about them, and everything that happened.

use std::collections::BTreeMap;

use actix_web::web;
use cqrs_es::Aggregate;
use domain::contact::Metadata;
use domain::document::{DocumentProblem, Identity};
use domain::free_text::{ContestReason, ReviewNote};
use domain::ids::SessionId;
use domain::mrz::{CheckDigit, Mrz};
use domain::ports::Vault;
use domain::review::Resolution;
use domain::score::Score;
use domain::sealed::Sealed;
use domain::session::{Comparison, LivenessAttempt, Session, SessionEvent, hits};
use projections::audit_trail::Cause;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::comparison::{self, FieldView};
use super::duplicates::{self, DuplicateView};
use super::evidence::{self, CaseImage};
use super::hit::HitView;
use super::operator::OperatorCaller;
use super::standing::{ApprovalView, ScreeningView, Standing};
use crate::http::Shared;
use crate::http::answers::{SessionView, time};
use crate::http::partner::{self, number};
use crate::http::problem::{Answer, ApiError};
use crate::http::query::ApiQuery;
use crate::http::refusals::{Keyed, OnSession};
use crate::http::unsealed::opened;
use crate::sessions::Folded;

/// A case.
#[derive(Serialize, ToSchema)]
pub struct CaseView {
    /// The session, as its partner sees it.
    pub session: SessionView,
    /// Whose it is.
    #[schema(pattern = "^par_[0-9a-f]{32}$")]
    pub partner_id: String,
    /// Sequence of the last event.
    pub version: u64,
    /// Codes of what speaks against an approval.
    pub review_reasons: Vec<String>,
    /// What speaks against the latest document.
    pub document_findings: Vec<DocumentFinding>,
    /// Whether the printed name confirms that of the machine-readable zone, which no check digit covers; null where no
    /// name was read.
    pub name_confirmed: Option<bool>,
    /// The fields of the latest document; null before one was read, and after they were erased.
    #[schema(value_type = Option<Object>)]
    pub identity: Option<Identity>,
    /// The document's fields as each source has them, and whether the sources agree.
    pub fields: Vec<FieldView>,
    /// What the partner says of its user; null where it says nothing, and after it was erased.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Other sessions of the partner with the same document or person, and any with the same picture of a face, the newest first,
    /// at most 20; as of now, whatever `at` says.
    pub duplicates: Vec<DuplicateView>,
    /// Each check digit of the machine-readable zone as it was read; none without a zone that parses.
    pub check_digits: Vec<CheckDigitView>,
    /// How the faces compare.
    pub faces: Vec<FacesView>,
    /// What the liveness frames show; null before a check, and for frames that came too late.
    pub liveness: Option<LivenessView>,
    /// The images that count; none once they were erased.
    pub images: Vec<CaseImage>,
    /// Possible matches and near misses, each listed person as found last, and what was said about them.
    pub hits: Vec<CaseHit>,
    /// The latest full screening; null before submit.
    pub screening: Option<ScreeningView>,
    /// What an approval by the caller would meet now; null where the caller reviews nothing, the case does not wait, or the past is shown.
    pub approval: Option<ApprovalView>,
    /// Operators who cleared a match that no approval has confirmed yet; somebody else has to approve. Empty where one reviewer may do both.
    pub cleared_by: Vec<String>,
    /// The operator who has the case.
    pub claimed_by: Option<String>,
    /// Until when.
    #[schema(format = DateTime)]
    pub claimed_until: Option<String>,
    /// Until when the case is put off; null when it is not, or not any more.
    #[schema(format = DateTime)]
    pub snoozed_until: Option<String>,
    /// The operator for whom the case is kept.
    pub assigned_to: Option<String>,
    /// What happened, the oldest first.
    pub timeline: Vec<CaseEvent>,
}

/// One thing that speaks against a document.
#[derive(Serialize, ToSchema)]
pub struct DocumentFinding {
    /// Its code, as in `validation_errors`.
    pub code: &'static str,
    /// What a reviewer should know of it; null where the code says it all.
    pub text: Option<&'static str>,
}

impl DocumentFinding {
    fn of(problem: &DocumentProblem) -> Self {
        Self { code: problem.code(), text: problem.advice() }
    }
}

/// A check digit of a machine-readable zone (ICAO 9303 part 3, section 4.9).
#[derive(Serialize, ToSchema)]
pub struct CheckDigitView {
    /// document_number, birth_date, expiry_date, optional_data or composite.
    pub field: &'static str,
    /// What is printed.
    pub printed: String,
    /// What the content demands.
    pub computed: String,
    /// Whether they agree.
    pub ok: bool,
}

fn check_digits(identity: &Identity, today: chrono::NaiveDate) -> Vec<CheckDigitView> {
    let Ok(zone) = Mrz::parse(&identity.mrz_rows, today) else { return vec![] };
    let view = |digit: &CheckDigit| CheckDigitView {
        field: digit.field().name(),
        printed: digit.printed().to_string(),
        computed: digit.computed().to_string(),
        ok: digit.ok(),
    };
    zone.check_digits().iter().map(view).collect()
}

/// Two faces of a case.
#[derive(Serialize, ToSchema)]
pub struct FacesView {
    /// `document_selfie` or `selfie_liveness`.
    pub pair: &'static str,
    /// Their similarity in [0, 1].
    pub score: f64,
    /// What it has to reach.
    pub threshold: f64,
    /// Whether it does.
    pub matched: bool,
}

impl FacesView {
    fn of(pair: &'static str, compared: &Comparison) -> Self {
        let (score, threshold) = (compared.score.to_f64(), compared.threshold.to_f64());
        Self { pair, score, threshold, matched: compared.matched }
    }
}

/// What liveness frames show; null for what could not be judged.
#[derive(Serialize, ToSchema)]
pub struct LivenessView {
    /// Frames that were sent.
    pub frames: u16,
    /// Frames that show exactly one usable face.
    pub frames_with_face: u16,
    /// Largest turn to the person's left, in degrees.
    pub turned_left: Option<f64>,
    /// Largest turn to the person's right, in degrees.
    pub turned_right: Option<f64>,
    /// How far both eyes closed and opened again, in [0, 1].
    pub eye_dip: Option<f64>,
    /// Passive detection: median probability of a live face.
    pub live: Option<f64>,
    /// Smallest similarity of one frame's face to the frames' common face.
    pub consistency: Option<f64>,
    /// Median difference between neighbouring frames; zero for a still image.
    pub frame_difference: Option<f64>,
    /// Codes of what did not pass.
    pub reasons: Vec<&'static str>,
}

impl LivenessView {
    fn of(check: &LivenessAttempt) -> Option<Self> {
        let seen = check.measured.as_ref()?;
        let degrees = |tenths: u16| f64::from(tenths) / 10.0;
        Some(Self {
            frames: check.frames.frames,
            frames_with_face: seen.frames_with_face,
            turned_left: seen.head_turn.map(|turn| degrees(turn.left)),
            turned_right: seen.head_turn.map(|turn| degrees(turn.right)),
            eye_dip: seen.eye_dip.map(Score::to_f64),
            live: seen.live.map(Score::to_f64),
            consistency: seen.consistency.map(Score::to_f64),
            frame_difference: seen.frame_difference.map(Score::to_f64),
            reasons: check.verdict.reasons.iter().map(|reason| reason.code()).collect(),
        })
    }
}

/// A hit of a case.
#[derive(Serialize, ToSchema)]
pub struct CaseHit {
    /// The hit: the OpenSanctions shape with the score of each pair of parts.
    pub hit: HitView,
    /// `same_person` or `different_person`; null while nobody said so.
    #[schema(value_type = Option<String>)]
    pub resolution: Option<Resolution>,
    /// Who said so.
    pub resolved_by: Option<String>,
    /// Whether the lists in force still give this match; one that they do not stands in no approval's way. Null where `approval` is.
    pub current: Option<bool>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub struct CaseEvent {
    /// Its place in the session.
    pub sequence: u64,
    /// Name of the event.
    pub event: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: Option<String>,
    /// Who: `key:ID`, `operator:ID`, `link:N`, `system`.
    pub actor: Option<String>,
    /// What a reviewer noted, or a partner said against a rejection.
    pub text: Option<String>,
}

/// At which time a case is shown.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// Sequence of an event: the case as it stood after it; by default as it stands now.
    #[param(value_type = Option<u64>, minimum = 1)]
    pub at: Option<String>,
}

/// Shows a case, or any other session, to an operator: as it stands, or as it stood after any of its events.
#[utoipa::path(
    get, path = "/admin/api/reviews/{session_id}", tag = "Admin",
    params(("session_id" = String, Path, description = "The session", format = Uuid), CaseQuery),
    responses((status = 200, description = "The case", body = CaseView), Keyed, OnSession),
    security(("operator_cookie" = []))
)]
pub async fn get_case(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    query: ApiQuery<CaseQuery>,
) -> Answer<CaseView> {
    let show = async {
        let session: SessionId = path.parse().map_err(|_| ApiError::no_such_session())?;
        case_of(&shared, &caller, session, &query).await
    };
    Answer(show.await)
}

/// The case of a session, as somebody sees it.
pub async fn case_of(
    shared: &Shared,
    caller: &OperatorCaller,
    session: SessionId,
    query: &CaseQuery,
) -> Result<CaseView, ApiError> {
    let at = number("at", query.at.as_deref(), u64::MAX, 1..=u64::MAX)?;
    let folded = shared.sessions.folded_at(session, at).await?.ok_or_else(ApiError::no_such_session)?;
    render(shared, caller, folded).await
}

/// A case from its session.
pub async fn render(
    shared: &Shared,
    caller: &OperatorCaller,
    Folded { session, view, .. }: Folded,
) -> Result<CaseView, ApiError> {
    let services = shared.sessions.services();
    let timeline = timeline(shared, services.vault.as_ref(), view.session_id).await?;
    let is_past = timeline.last().is_some_and(|event| event.sequence > view.version);
    let vault = services.vault.as_ref();
    let identity = match session.document() {
        Some((_, read)) => opened(vault, view.session_id, &read.identity).await?,
        None => None,
    };
    let verdict = session.document().map(|(_, read)| &read.verdict);
    let metadata: Option<Metadata> = match session.opened().and_then(|opened| opened.metadata.as_ref()) {
        Some(sealed) => opened(vault, view.session_id, sealed).await?,
        None => None,
    };
    let metadata = metadata.map(BTreeMap::from);
    let duplicates = duplicates::of(shared, view.partner_id, view.session_id, identity.as_ref()).await?;
    let now = services.clock.now();
    let claim = session.claim_at(now);
    let found = match &identity {
        Some(_) => hits(&session, view.session_id, services).await?,
        None => vec![],
    };
    let standing = match &identity {
        Some(_) if !is_past => Standing::of(&session, view.session_id, caller, services).await?,
        _ => Standing::default(),
    };
    let case_hit = |found: domain::session::CaseHit| CaseHit {
        resolution: found.said.as_ref().map(|said| said.resolution),
        resolved_by: found.said.map(|said| said.reviewer.to_string()),
        current: standing.is_current(&found.key),
        hit: found.hit.into(),
    };
    Ok(CaseView {
        hits: found.into_iter().map(case_hit).collect(),
        screening: ScreeningView::of(&session, vault, view.session_id).await?,
        cleared_by: standing.cleared_by(&session, services),
        approval: standing.approval,
        session: partner::render(shared, &view).await?,
        partner_id: view.partner_id.to_string(),
        version: view.version,
        review_reasons: view.reasons.iter().map(|factor| factor.code().to_owned()).collect(),
        check_digits: identity
            .as_ref()
            .map(|identity| check_digits(identity, now.date_naive()))
            .unwrap_or_default(),
        document_findings: verdict
            .map(|verdict| verdict.problems.iter().map(DocumentFinding::of).collect())
            .unwrap_or_default(),
        name_confirmed: verdict.and_then(|verdict| verdict.name_confirmed),
        fields: comparison::fields(identity.as_ref(), metadata.as_ref(), now.date_naive()),
        identity,
        metadata,
        duplicates,
        faces: [
            session.document_match().map(|compared| FacesView::of("document_selfie", compared)),
            session.liveness_match().map(|compared| FacesView::of("selfie_liveness", compared)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        liveness: session.liveness().and_then(LivenessView::of),
        images: evidence::images(view.session_id, &session),
        claimed_by: claim.map(|(reviewer, _)| reviewer.to_string()),
        claimed_until: claim.map(|(_, until)| time(until)),
        snoozed_until: session.snoozed_at(now).map(time),
        assigned_to: session.assignee().map(|assignee| assignee.to_string()),
        timeline,
    })
}

async fn timeline(shared: &Shared, vault: &dyn Vault, id: SessionId) -> Result<Vec<CaseEvent>, ApiError> {
    let damaged = || ApiError::Internal("an event of the session does not parse".into());
    let mut events = vec![];
    for event in shared.store.load_raw(Session::TYPE, &id.to_string(), 0).await? {
        let cause = Cause::of(&event.metadata).map_err(|_| damaged())?;
        let payload: SessionEvent = serde_json::from_str(&event.payload).map_err(|_| damaged())?;
        events.push(CaseEvent {
            sequence: event.sequence,
            event: event.event_type,
            at: cause.at.map(time),
            actor: cause.actor,
            text: words(vault, id, &payload).await?,
        });
    }
    Ok(events)
}

/// What people wrote with an event.
async fn words(vault: &dyn Vault, id: SessionId, event: &SessionEvent) -> Result<Option<String>, ApiError> {
    let note: Option<&Sealed<ReviewNote>> = match event {
        SessionEvent::ReviewNoted(noted) => Some(&noted.note),
        SessionEvent::ReviewSnoozed(snoozed) => snoozed.note.as_ref(),
        SessionEvent::HitResolved(resolved) => resolved.note.as_ref(),
        SessionEvent::ReviewDecided(decided) => decided.note.as_ref(),
        _ => None,
    };
    if let Some(note) = note {
        return Ok(opened(vault, id, note).await?.map(|note| note.as_str().to_owned()));
    }
    let SessionEvent::DecisionContested(contested) = event else { return Ok(None) };
    let Some(reason) = &contested.reason else { return Ok(None) };
    let reason: Option<ContestReason> = opened(vault, id, reason).await?;
    Ok(reason.map(|reason| reason.as_str().to_owned()))
}
