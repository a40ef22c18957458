//! Walks one scenario through the API, step by step, as a sensible client would.
//!
//! What fails is tried again with a new picture, three times at most, unless no new picture can help; then the session
//! is submitted as it is, and the server decides.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use chrono::NaiveDate;
use rand::RngExt;
use rand::rngs::StdRng;

use super::SanctionedPerson;
use super::client::{Answer, CallError, Challenge, Client};
use super::evidence::Material;
use super::frames::{Motion, Turn};
use super::persona::{Persona, stream};
use super::report::{Outcome, Printer};
use super::scenario::{Passport, Response, Scenario};
use super::specimen::Flaws;
use super::words::{challenge_words, document_words, face_words, holder_words, liveness_words, submit_words};

/// Attempts that the API grants for a step by default.
const ATTEMPTS: usize = 3;
/// Sessions opened to be asked for a head turn; a blink every time happens once in 3 to the power of 16 runs.
const SESSIONS: usize = 16;

/// One scenario under way.
pub(super) struct Walk<'a> {
    pub(super) client: &'a Client,
    pub(super) material: Arc<Material>,
    pub(super) printer: Printer,
    pub(super) scenario: &'a Scenario,
    pub(super) persona: Persona,
    pub(super) rng: StdRng,
    pub(super) session: String,
    pub(super) personal_data: Vec<String>,
}

impl<'a> Walk<'a> {
    /// Everything that is drawn for the scenario follows from the seed and its name.
    pub(super) fn new(
        client: &'a Client,
        material: Arc<Material>,
        printer: Printer,
        scenario: &'a Scenario,
        (seed, today): (u64, NaiveDate),
        sanctioned: &SanctionedPerson,
    ) -> Self {
        let mut rng = stream(seed, scenario.name);
        let listed = format!("{} {}", sanctioned.given_names, sanctioned.surname);
        let mut persona = Persona::draw_unlike(&mut rng, today, &listed);
        match scenario.passport {
            Passport::Expired => persona = persona.expired(&mut rng, today),
            Passport::Sanctioned => {
                persona.given_names.clone_from(&sanctioned.given_names);
                persona.surname.clone_from(&sanctioned.surname);
                persona.birth_date = sanctioned.birth_date;
            }
            Passport::Valid | Passport::WrongCheckDigit => {}
        }
        let (session, personal_data) = (String::new(), personal_data(&persona));
        Self { client, material, printer, scenario, persona, rng, session, personal_data }
    }

    /// Runs to the decision; an error of the server becomes the outcome's status, so that the others still run.
    pub(super) async fn run(mut self) -> Outcome {
        let start = Instant::now();
        let ended = self.carried_through().await;
        let (status, risk_score, reasons) = match ended {
            Ok(end) => end,
            Err(error) => (format!("error: {error:#}"), None, Vec::new()),
        };
        Outcome {
            scenario: self.scenario.name,
            session_id: self.session,
            expected: self.scenario.expected,
            ok: self.scenario.expected.contains(&status.as_str()),
            status,
            risk_score,
            reasons,
            milliseconds: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            personal_data: self.personal_data,
        }
    }

    async fn carried_through(&mut self) -> anyhow::Result<(String, Option<f64>, Vec<String>)> {
        self.open().await?;
        self.document().await?;
        self.selfie().await?;
        self.liveness().await?;
        self.decision().await
    }

    /// Opens the session; the scenario of the wrong direction needs one whose challenge has a direction.
    async fn open(&mut self) -> anyhow::Result<()> {
        for _ in 0..SESSIONS {
            let user = format!("demo-user-{:08x}", self.rng.random::<u32>());
            let opened = self.client.open_session(&user).await?;
            self.personal_data.push(user);
            self.session = opened.body.session_id;
            self.printer.step("session", &self.session, opened.took);
            let needs_direction = self.scenario.response == Response::WrongDirection;
            if !needs_direction || self.client.challenge(&self.session).await?.body.direction.is_some() {
                break;
            }
            self.printer.detail("a blink is asked: the head cannot be turned the wrong way; another session");
        }
        Ok(())
    }

    async fn document(&mut self) -> anyhow::Result<()> {
        for attempt in 0..ATTEMPTS {
            let jpeg = self.passport().await?;
            let call = self.client.upload_passport(&self.session, "UTO", jpeg).await;
            let Some(read) = accepted(call, attempt, self.printer)? else { return Ok(()) };
            self.printer.step("document", &document_words(&read.body), read.took);
            self.printer.detail(&holder_words(&read.body));
            // No better picture makes a passport younger.
            let hopeless = read.body.validation_errors.iter().any(|code| code.contains("expired"));
            if read.body.is_valid || hopeless {
                break;
            }
        }
        Ok(())
    }

    async fn passport(&mut self) -> anyhow::Result<Vec<u8>> {
        let persona = self.persona.clone();
        let flaws = Flaws { wrong_check_digit: self.scenario.passport == Passport::WrongCheckDigit };
        self.draw(move |material, rng| material.passport(&persona, flaws, rng)).await
    }

    async fn selfie(&mut self) -> anyhow::Result<()> {
        let presented = self.scenario.presented;
        for attempt in 0..ATTEMPTS {
            let jpeg = self.draw(move |material, rng| material.selfie(presented, rng)).await?;
            let call = self.client.upload_selfie(&self.session, jpeg).await;
            let Some(compared) = accepted(call, attempt, self.printer)? else { return Ok(()) };
            self.printer.step("selfie", &face_words(&compared.body), compared.took);
            if compared.body.match_passed == Some(true) {
                break;
            }
        }
        Ok(())
    }

    async fn liveness(&mut self) -> anyhow::Result<()> {
        let presented = self.scenario.presented;
        for attempt in 0..ATTEMPTS {
            let drawn = self.client.challenge(&self.session).await;
            let Some(drawn) = accepted(drawn, attempt, self.printer)? else {
                return Ok(());
            };
            self.printer.step("challenge", &challenge_words(&drawn.body), drawn.took);
            let motion = motion(&drawn.body, self.scenario.response)?;
            let film = self.draw(move |material, rng| material.film(presented, motion, rng)).await?;
            let call = self.client.answer_challenge(&self.session, &drawn.body.challenge_id, film).await;
            let Some(checked) = accepted(call, attempt, self.printer)? else { return Ok(()) };
            self.printer.step("liveness", &liveness_words(&checked.body), checked.took);
            if !checked.body.checks_performed.is_empty() {
                self.printer.detail(&format!("checked: {}", checked.body.checks_performed.join(", ")));
            }
            if checked.body.passed == Some(true) {
                break;
            }
        }
        Ok(())
    }

    async fn decision(&self) -> anyhow::Result<(String, Option<f64>, Vec<String>)> {
        let submitted = self.client.submit(&self.session).await?;
        let end = submitted.body;
        self.printer.step("submit", &submit_words(&end), submitted.took);
        for reason in &end.review_reasons {
            self.printer.detail(&format!("- {reason}"));
        }
        let polled = self.client.session(&self.session).await?;
        let reason = polled.body.decision_reason.as_deref().unwrap_or("no reason given");
        self.printer.step("poll", &format!("{}: {reason}", polled.body.status), polled.took);
        anyhow::ensure!(polled.body.status == end.status, "the poll says {}", polled.body.status);
        Ok((end.status, end.risk_score, end.review_reasons))
    }

    /// Draws pictures on a thread of its own; the server may share this one.
    async fn draw<T: Send + 'static>(
        &mut self,
        picture: impl FnOnce(&Material, &mut StdRng) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let (material, mut rng) = (Arc::clone(&self.material), stream(self.rng.random(), "pictures"));
        tokio::task::spawn_blocking(move || picture(&material, &mut rng)).await.context("drawing failed")?
    }
}

/// A refusal after the first attempt ends the step: the attempts are used up. Any other error ends the scenario.
fn accepted<T>(
    call: Result<Answer<T>, CallError>,
    attempt: usize,
    printer: Printer,
) -> anyhow::Result<Option<Answer<T>>> {
    match call {
        Ok(answer) => Ok(Some(answer)),
        Err(refused @ CallError::Refused { status: 400 | 409, .. }) if attempt > 0 => {
            printer.detail(&format!("no further attempt: {refused}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the person does; fails for a challenge that the demonstration cannot act.
fn motion(challenge: &Challenge, response: Response) -> anyhow::Result<Motion> {
    let asked = match challenge.challenge_type.as_str() {
        "blink" => return Ok(if response == Response::AsAsked { Motion::Blink } else { Motion::Still }),
        "head_turn" => match challenge.direction.as_deref() {
            Some("left") => Turn::Left,
            Some("right") => Turn::Right,
            _ => anyhow::bail!("the head turn has no direction"),
        },
        other => anyhow::bail!("the demonstration cannot act the challenge {other}"),
    };
    Ok(Motion::HeadTurn(if response == Response::AsAsked { asked } else { asked.opposite() }))
}

fn personal_data(persona: &Persona) -> Vec<String> {
    let dates = [persona.birth_date, persona.expiry_date, persona.issue_date];
    let mut data = vec![
        persona.given_names.clone(),
        persona.surname.clone(),
        persona.full_name(),
        persona.document_number.clone(),
    ];
    data.extend(dates.iter().map(NaiveDate::to_string));
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(kind: &str, direction: Option<&str>) -> Challenge {
        Challenge {
            challenge_id: "chl_1".into(),
            challenge_type: kind.into(),
            instructions: String::new(),
            direction: direction.map(Into::into),
        }
    }

    #[test]
    fn a_challenge_is_acted_as_asked_or_the_other_way() {
        let left = challenge("head_turn", Some("left"));
        assert_eq!(motion(&left, Response::AsAsked).unwrap(), Motion::HeadTurn(Turn::Left));
        assert_eq!(motion(&left, Response::WrongDirection).unwrap(), Motion::HeadTurn(Turn::Right));
        let blink = challenge("blink", None);
        assert_eq!(motion(&blink, Response::AsAsked).unwrap(), Motion::Blink);
        assert_eq!(motion(&blink, Response::WrongDirection).unwrap(), Motion::Still);
        assert!(motion(&challenge("head_turn", None), Response::AsAsked).is_err());
        assert!(motion(&challenge("sing", None), Response::AsAsked).is_err());
    }

    #[test]
    fn a_refused_first_attempt_is_an_error_and_a_later_one_the_end_of_the_step() {
        let refused = || -> Result<Answer<()>, _> {
            Err(CallError::Refused { status: 400, code: "attempts_exhausted".into(), detail: "x".into() })
        };
        assert!(accepted(refused(), 0, Printer::new(true)).is_err());
        assert!(accepted(refused(), 1, Printer::new(true)).unwrap().is_none());
        let broken: Result<Answer<()>, _> =
            Err(CallError::Refused { status: 500, code: String::new(), detail: "x".into() });
        assert!(accepted(broken, 1, Printer::new(true)).is_err());
    }
}
