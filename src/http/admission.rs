//! Who may send an image at this moment, and how much of the memory for uploads it may take: asked before the first byte of a
//! body is read.

use domain::session::{Admission, Caller, Step};

use super::Shared;
use super::kyc_caller::KycCaller;
use super::parts::Parts;
use super::problem::ApiError;
use super::request_id::name_session;
use super::upload::{Account, Admitted};

/// Admits an upload for a step of a session, or refuses it as its command would.
pub async fn admit(
    caller: &KycCaller,
    shared: &Shared,
    id: &str,
    step: Step,
    parts: &mut Parts,
) -> Result<Admitted, ApiError> {
    caller.may_bring_evidence()?;
    parts.check()?;
    let (session, who) = caller.in_session(id)?;
    name_session(session);
    let folded = match who {
        Caller::Partner(partner) => shared.sessions.folded_of(partner, session).await?,
        _ => shared.sessions.folded(session).await?,
    };
    let folded = folded.ok_or_else(ApiError::no_such_session)?;
    let admission = folded.session.admits(step, who, shared.sessions.services())?;
    let accounts = [Account::Partner(folded.view.partner_id), Account::Session(session)];
    let only_again = match admission {
        Admission::Fresh => None,
        Admission::OnlyAgain { most_bytes, refusal } => {
            most_bytes.map(|most| (usize::try_from(most).unwrap_or(usize::MAX), refusal.into()))
        }
    };
    Ok(Admitted { claim: shared.uploads.claim(&accounts)?, only_again })
}
