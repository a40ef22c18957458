//! Fetches a list from its publisher: asks whether there is anything newer, and takes it as a stream of bounded size.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, NaiveDate};
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;

const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// The longest pause between two pieces of a file.
const PAUSE: Duration = Duration::from_secs(60);
/// Bytes of a file; the largest joint list has a twentieth.
const LARGEST: u64 = 8 << 30;
const AGENT: &str = concat!("eKYC-Onboarder/", env!("CARGO_PKG_VERSION"));

/// Where a list comes from: the addresses of its file and of the files that go with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSource {
    /// Name of the list.
    pub name: String,
    /// Addresses, the main file's first.
    pub addresses: Vec<String>,
}

/// What the publisher has.
#[derive(Debug)]
pub enum Fetched {
    /// Nothing newer.
    Unchanged,
    /// The files, in the folder that was given.
    Files {
        /// The main file.
        main: PathBuf,
        /// What the publisher's server calls them.
        etags: Vec<String>,
        /// The day on which the main file last changed, where the server says it.
        modified: Option<NaiveDate>,
    },
}

/// A list could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer, or one that broke off.
    #[error("{address}: {error}")]
    Http {
        /// The address.
        address: String,
        /// What went wrong.
        error: reqwest::Error,
    },
    /// The server does not hand it out.
    #[error("{address} answered {status}")]
    Status {
        /// The address.
        address: String,
        /// Its answer.
        status: StatusCode,
    },
    /// No list is so large.
    #[error("{address} sends more than {LARGEST} bytes")]
    TooLarge {
        /// The address.
        address: String,
    },
    /// The file cannot be written.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// A client for publishers: it waits long for slow servers and follows their redirects.
pub fn client() -> reqwest::Result<Client> {
    // What TLS the client speaks; somebody may have said so before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().connect_timeout(CONNECT_WITHIN).read_timeout(PAUSE).user_agent(AGENT).build()
}

/// Fetches the files of `source` into `folder` unless their tags are still `etags`.
pub async fn fetch(
    client: &Client,
    source: &ListSource,
    etags: &[String],
    folder: &Path,
) -> Result<Fetched, FetchError> {
    let mut answers = Vec::with_capacity(source.addresses.len());
    let mut is_new = false;
    for (at, address) in source.addresses.iter().enumerate() {
        let known = etags.get(at).filter(|tag| !tag.is_empty());
        let answer = ask(client, address, known).await?;
        is_new |= answer.status() != StatusCode::NOT_MODIFIED;
        answers.push(answer);
    }
    if !is_new {
        return Ok(Fetched::Unchanged);
    }
    let (mut tags, mut main, mut modified) = (vec![], None, None);
    for (address, mut answer) in source.addresses.iter().zip(answers) {
        if answer.status() == StatusCode::NOT_MODIFIED {
            // The other file changed, so this one is needed too.
            answer = ask(client, address, None).await?;
        }
        tags.push(text_of(answer.headers(), header::ETAG));
        let day = last_modified(answer.headers());
        let path = folder.join(file_name(address));
        save(address, answer, &path).await?;
        if main.is_none() {
            (main, modified) = (Some(path), day);
        }
    }
    Ok(match main {
        None => Fetched::Unchanged,
        Some(main) => Fetched::Files { main, etags: tags, modified },
    })
}

async fn ask(client: &Client, address: &str, etag: Option<&String>) -> Result<Response, FetchError> {
    let mut request = client.get(address);
    if let Some(etag) = etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    let answer =
        request.send().await.map_err(|error| FetchError::Http { address: address.to_owned(), error })?;
    let status = answer.status();
    if status == StatusCode::OK || status == StatusCode::NOT_MODIFIED && etag.is_some() {
        Ok(answer)
    } else {
        Err(FetchError::Status { address: address.to_owned(), status })
    }
}

async fn save(address: &str, mut answer: Response, path: &Path) -> Result<(), FetchError> {
    let io = |error| FetchError::Io { path: path.to_owned(), error };
    let mut file = std::fs::File::create(path).map_err(io)?;
    let mut length = 0;
    let broken = |error| FetchError::Http { address: address.to_owned(), error };
    while let Some(piece) = answer.chunk().await.map_err(broken)? {
        length += piece.len() as u64;
        if length > LARGEST {
            return Err(FetchError::TooLarge { address: address.to_owned() });
        }
        // A piece goes to the system's cache, which takes microseconds.
        file.write_all(&piece).map_err(io)?;
    }
    Ok(())
}

fn text_of(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn last_modified(headers: &HeaderMap) -> Option<NaiveDate> {
    let text = text_of(headers, header::LAST_MODIFIED);
    DateTime::parse_from_rfc2822(&text).ok().map(|at| at.to_utc().date_naive())
}

/// The last part of the address, in characters that any file name may have.
fn file_name(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(100)
        .collect();
    if name.trim_matches('.').is_empty() { "list".to_owned() } else { name }
}

/// Sources in the settings: a table from names to addresses, or one text `NAME=ADDRESS,ADDRESS NAME=ADDRESS`, as the
/// environment has it.
pub fn sources<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ListSource>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Addresses {
        One(String),
        Several(Vec<String>),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        Table(std::collections::BTreeMap<String, Addresses>),
    }
    let form = || serde::de::Error::custom("list_sources are a table NAME = ADDRESS or [ADDRESS, ...]");
    let sources: Vec<ListSource> = match Given::deserialize(deserializer).map_err(|_| form())? {
        Given::Text(text) => text
            .split_whitespace()
            .map(|source| {
                let (name, addresses) = source.split_once('=').ok_or_else(form)?;
                let addresses = addresses.split(',').map(str::to_owned).collect();
                Ok(ListSource { name: name.to_owned(), addresses })
            })
            .collect::<Result<_, _>>()?,
        Given::Table(table) => table
            .into_iter()
            .map(|(name, addresses)| match addresses {
                Addresses::One(address) => ListSource { name, addresses: vec![address] },
                Addresses::Several(addresses) => ListSource { name, addresses },
            })
            .collect(),
    };
    let is_address = |address: &String| {
        url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
    };
    let is_usable = |source: &ListSource| {
        super::shelf::is_name(&source.name)
            && !source.addresses.is_empty()
            && source.addresses.iter().all(is_address)
    };
    if sources.iter().all(is_usable) { Ok(sources) } else { Err(form()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_the_end_of_its_address() {
        for (address, name) in [
            ("https://lists.example/a/SDN.CSV?x=1", "SDN.CSV"),
            ("https://lists.example/", "list"),
            ("https://lists.example/..", "list"),
            ("https://lists.example/a%2Fb", "a2Fb"),
        ] {
            assert_eq!(file_name(address), name);
        }
    }
}
