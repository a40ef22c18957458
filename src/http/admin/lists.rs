//! The sanctions lists in force, taking one in from files, and dropping one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use actix_multipart::Field;
use actix_web::http::StatusCode;
use actix_web::web;
use chrono::NaiveDate;
use domain::operator::OperatorAction;
use domain::screening::{ListVersion, is_stale};
use futures_util::StreamExt;
use serde::Serialize;
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;

use super::operator::OperatorCaller;
use crate::http::Shared;
use crate::http::parts::{Part, Parts, malformed};
use crate::http::problem::{Answer, ApiError, ErrorBody, FieldProblem};
use crate::http::refusals::Keyed;
use crate::http::upload::too_large;
use crate::list_refresh::follow;
use crate::list_status::{AgeRule, OnFile, SourceStatus, notices, sources};
use crate::lists::ListError;
use crate::lists::format::{Naming, files_of};
use crate::lists::shelf::{Card, Offer, Shelf, ShelfError};

/// The largest published list has some 50 MB.
const MOST_BYTES: usize = 256 << 20;
/// A list and its companions.
const MOST_FILES: usize = 8;
const MOST_PARTS: usize = 16;
const LONGEST_TEXT: usize = 100;
const WITHIN: Duration = Duration::from_secs(600);
/// Rows that could not be read and are shown.
const PROBLEMS_SHOWN: usize = 20;

/// A sanctions list in force.
#[derive(Serialize, ToSchema)]
pub struct ListView {
    /// Its name.
    pub name: String,
    /// Which version of it.
    pub version: String,
    /// The publisher's date.
    pub date: NaiveDate,
    /// When its publisher last said that there is none newer; null where that is not asked.
    pub confirmed: Option<NaiveDate>,
    /// Days since the later of the two.
    pub age_days: i64,
    /// How many it names.
    pub entities: u32,
    /// Whether it is only the demonstration list.
    pub demonstration: bool,
    /// Whether it clears nobody: it is too old, or the demonstration list in production.
    pub stale: bool,
    /// Rows that were rejected; null of the demonstration list.
    pub rejected_rows: Option<usize>,
    /// What could not be read, the first 20: file, line and why.
    pub problems: Vec<String>,
}

/// The lists in force.
#[derive(Serialize, ToSchema)]
pub struct ListsInForce {
    /// By name.
    pub items: Vec<ListView>,
    /// Every source of lists with its state, those that are not in force among them.
    pub sources: Vec<SourceStatus>,
    /// What follows from the lists in force, where not everybody can be cleared by current ones.
    pub notices: Vec<String>,
}

/// A list as its publisher gives it out, in a multipart form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; the handler reads its parts")]
pub struct ListForm {
    /// The list's file; OFAC's names and aliases are two. At most 256 MiB together.
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
    /// Name of the list, where it is not to be the usual one.
    #[schema(max_length = 64)]
    name: Option<String>,
    /// The publisher's date, where the file does not say it; today by default.
    #[schema(format = Date)]
    date: Option<String>,
    /// `true` takes a list that names far fewer than before.
    accept_shrink: Option<String>,
}

/// Lists the sanctions lists in force on this server.
#[utoipa::path(
    get, path = "/admin/api/lists", tag = "Admin",
    responses((status = 200, description = "The lists", body = ListsInForce), Keyed),
    security(("operator_cookie" = []))
)]
pub async fn list_lists(_caller: OperatorCaller, shared: web::Data<Shared>) -> Answer<ListsInForce> {
    Answer(in_force(&shared).await)
}

/// The lists in force, with what is known of the files behind them.
pub async fn in_force(shared: &Shared) -> Result<ListsInForce, ApiError> {
    let shelf = Shelf::new(shared.settings.lists_folder());
    // What is in force is shown without its card too; why that cannot be read is logged.
    let on_file = blocking(move || OnFile::read(&shelf)).await.ok();
    let (in_force, rule) = (shared.lists.versions(), shared.list_age_rule());
    let known = |on_file: &OnFile| sources(&in_force, on_file, &shared.settings.list_sources, rule);
    let sources = on_file.as_ref().map(known).unwrap_or_default();
    let mut notices = notices(&in_force, rule);
    if on_file.is_none() {
        notices.push("The folder of lists cannot be read; what lies there is not shown.".into());
    }
    let cards: BTreeMap<String, Card> =
        on_file.unwrap_or_default().cards.into_iter().map(|card| (card.name.clone(), card)).collect();
    let items = in_force.into_iter().map(|list| view(rule, list, &cards)).collect();
    Ok(ListsInForce { items, sources, notices })
}

fn view(rule: AgeRule, list: ListVersion, cards: &BTreeMap<String, Card>) -> ListView {
    let card = cards.get(&list.name).filter(|card| card.version == list.version);
    let problems = card.map(|card| card.problems.as_slice()).unwrap_or_default();
    ListView {
        age_days: (rule.today - list.as_of()).num_days(),
        stale: is_stale(&list, rule.max_age_days, rule.production, rule.today),
        rejected_rows: card.map(|card| card.rejected_rows),
        problems: problems
            .iter()
            .take(PROBLEMS_SHOWN)
            .map(|row| format!("{}, line {}: {}", row.file, row.line, row.problem))
            .collect(),
        name: list.name,
        version: list.version,
        date: list.date,
        confirmed: list.confirmed,
        entities: list.entities,
        demonstration: list.demonstration,
    }
}

/// Imports a list, whole or not at all, beside those of other sources; it is in force on this server when this answers.
#[utoipa::path(
    post, path = "/admin/api/lists", tag = "Admin",
    request_body(content = ListForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The lists in force after it", body = ListsInForce),
        (status = 400, description = "The form is malformed, or its file is no whole list: the one before stays", body = ErrorBody),
        (status = 409, description = "Another request keeps changing the operator", body = ErrorBody),
        (status = 413, description = "The files are too large", body = ErrorBody),
        (status = 422, description = "Fields of the form are not valid", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn import_list(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    form: Parts,
) -> Answer<ListsInForce> {
    Answer(import(&caller, &shared, form).await)
}

async fn import(caller: &OperatorCaller, shared: &Shared, form: Parts) -> Result<ListsInForce, ApiError> {
    caller.administering()?;
    let slow = || ApiError::bad_request("upload_too_slow", "The upload took longer than ten minutes");
    let offered = tokio::time::timeout(WITHIN, Offered::read(form)).await.map_err(|_| slow())??;
    let now = shared.sessions.services().clock.now();
    let (shelf, lists) = (Shelf::new(shared.settings.lists_folder()), shared.lists.clone());
    let card = blocking(move || {
        let Offered { folder, name, date, accept_shrink } = offered;
        let files = files_of(folder.path())?;
        let [file] = files.as_slice() else { return Ok(None) };
        let naming = Naming { name, date, fallback_date: Some(now.date_naive()) };
        let taken = shelf.take(file, &Offer { naming, accept_shrink, ..Offer::default() }, now)?;
        follow(&shelf, &lists)?;
        Ok(Some(taken.card))
    });
    let one = || FieldProblem::body("files", "value_error", "One list at a time, with its companion files");
    let card = card.await?.ok_or_else(|| ApiError::Fields(vec![one()]))?;
    let action = OperatorAction::NoteListTaken { list: card.name, version: card.version };
    shared.sign_ins.operators().note(caller.who.operator, action, &caller.actor()).await?;
    in_force(shared).await
}

/// Removes a list, the demonstration list too; `notices` say what follows, above all where it was the last one.
#[utoipa::path(
    post, path = "/admin/api/lists/{name}/remove", tag = "Admin",
    params(("name" = String, Path, description = "The list")),
    responses(
        (status = 200, description = "The lists that are left", body = ListsInForce),
        (status = 404, description = "No such list", body = ErrorBody),
        (status = 409, description = "Another request keeps changing the operator", body = ErrorBody),
        Keyed,
    ),
    security(("operator_cookie" = []))
)]
pub async fn remove_list(
    caller: OperatorCaller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Answer<ListsInForce> {
    let remove = async {
        caller.administering()?;
        let name = path.into_inner();
        let (shelf, lists, list) =
            (Shelf::new(shared.settings.lists_folder()), shared.lists.clone(), name.clone());
        let was_there = blocking(move || {
            let is_demonstration =
                lists.versions().iter().any(|version| version.demonstration && version.name == list);
            let was_there = shelf.remove(&list, is_demonstration)?;
            follow(&shelf, &lists)?;
            Ok(was_there)
        });
        if !was_there.await? {
            let detail = "There is no such list";
            return Err(ApiError::refused(StatusCode::NOT_FOUND, "list_not_found", detail));
        }
        let action = OperatorAction::NoteListDropped { list: name };
        shared.sign_ins.operators().note(caller.who.operator, action, &caller.actor()).await?;
        in_force(&shared).await
    };
    Answer(remove.await)
}

/// What may be said of files.
const TEXTS: [&str; 3] = ["name", "date", "accept_shrink"];

/// Files and what is said of them.
struct Offered {
    folder: TempDir,
    name: Option<String>,
    date: Option<NaiveDate>,
    accept_shrink: bool,
}

impl Offered {
    async fn read(mut form: Parts) -> Result<Self, ApiError> {
        let folder = tempfile::tempdir().map_err(|error| no_room(&error))?;
        let (mut files, mut parts, mut left) = (0, 0, MOST_BYTES);
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut problems = vec![];
        while let Some(Part { name: part, file_name: given, mut field }) = form.next().await? {
            parts += 1;
            if parts > MOST_PARTS {
                return Err(too_large("The request has too many parts"));
            }
            if part == "files" {
                // A form without a chosen file sends one without a name.
                let Some(name) = given.as_deref().and_then(file_name) else { continue };
                files += 1;
                if files > MOST_FILES {
                    let msg = format!("At most {MOST_FILES} files are accepted");
                    return Err(ApiError::Fields(vec![FieldProblem::body("files", "too_long", msg)]));
                }
                left -= store(&mut field, &folder.path().join(name), left).await?;
            } else {
                if !TEXTS.contains(&part.as_str()) {
                    problems.push(FieldProblem::unknown(&part, &["files", "name", "date", "accept_shrink"]));
                    left = skipped(&mut field, left).await?;
                    continue;
                }
                let text = text(&mut field).await?;
                if texts.insert(part.clone(), text).is_some() {
                    problems.push(FieldProblem::body(&part, "duplicate", "The part stands more than once"));
                }
            }
        }
        if files == 0 {
            problems.push(FieldProblem::missing("files"));
        }
        if !problems.is_empty() {
            return Err(ApiError::Fields(problems));
        }
        // A field of a form that was left empty is one that was not sent.
        texts.retain(|_, text| !text.trim().is_empty());
        let date = texts.get("date").map(|text| text.trim().parse::<NaiveDate>()).transpose();
        let date = date.map_err(|_| {
            let msg = "Input should be a day, for instance 2026-03-09";
            ApiError::Fields(vec![FieldProblem::body("date", "value_error", msg)])
        })?;
        let accept_shrink = texts.get("accept_shrink").is_some_and(|text| text == "true");
        Ok(Self {
            folder,
            name: texts.remove("name").map(|name| name.trim().to_owned()),
            date,
            accept_shrink,
        })
    }
}

/// The name under which a part is kept while it is read: letters, digits, `.`, `-` and `_` of the last part of its path.
fn file_name(given: &str) -> Option<String> {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = last.chars().map(|c| if is_plain(c) { c } else { '_' }).take(LONGEST_TEXT).collect();
    (!plain.is_empty()).then(|| plain.trim_start_matches('.').to_owned()).filter(|name| !name.is_empty())
}

/// Writes a part to a file; returns how many bytes it has.
async fn store(field: &mut Field, path: &Path, limit: usize) -> Result<usize, ApiError> {
    let mut file = File::create(path).await.map_err(|error| no_room(&error))?;
    let mut written = 0;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|_| malformed())?;
        written += chunk.len();
        if written > limit {
            return Err(too_large("The files are larger than 256 MiB"));
        }
        file.write_all(&chunk).await.map_err(|error| no_room(&error))?;
    }
    file.flush().await.map_err(|error| no_room(&error))?;
    Ok(written)
}

/// Reads past a part that nobody asked for; returns what may still come.
async fn skipped(field: &mut Field, mut left: usize) -> Result<usize, ApiError> {
    while let Some(chunk) = field.next().await {
        let length = chunk.map_err(|_| malformed())?.len();
        left = left.checked_sub(length).ok_or_else(|| too_large("The files are larger than 256 MiB"))?;
    }
    Ok(left)
}

async fn text(field: &mut Field) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| malformed())?);
        if bytes.len() > LONGEST_TEXT {
            return Err(too_large("A text of the form is too long"));
        }
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

fn no_room(error: &std::io::Error) -> ApiError {
    tracing::error!(%error, "an uploaded list cannot be kept");
    ApiError::storage_unavailable()
}

/// Without the folder, which is nobody's business.
fn told(error: &ListError) -> String {
    if matches!(error, ListError::Format { .. }) {
        return "None of the files is in a format in which lists are published".into();
    }
    let name = error.path().file_name().unwrap_or_default().to_string_lossy();
    error.to_string().replace(&error.path().display().to_string(), &name)
}

/// Reading, indexing and syncing take seconds.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ShelfError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::Internal(error.to_string()))?.map_err(Into::into)
}

impl From<ShelfError> for ApiError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Name => {
                Self::Fields(vec![FieldProblem::body("name", "value_error", error.to_string())])
            }
            ShelfError::Shrunk { name, before, after } => {
                let detail = format!(
                    "{name} would shrink from {before} to {after} entities, which looks like a file that was cut off; \
                     say accept_shrink if it is right"
                );
                Self::bad_request("list_shrunk", detail)
            }
            ShelfError::RemovedMeanwhile { .. } => {
                Self::refused(StatusCode::CONFLICT, "list_removed", error.to_string())
            }
            ShelfError::List(error) => Self::bad_request("list_unreadable", told(&error)),
            ShelfError::Io { .. } => {
                tracing::error!(%error, "the folder of lists cannot be read or written");
                Self::storage_unavailable()
            }
        }
    }
}
