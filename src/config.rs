//! Settings: a TOML file plus `EKYC_*` environment variables, every default documented, unknown keys refused.
//!
//! The environment wins over the file. Secrets come from the environment or from files of their own, never from here.

mod addresses;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use domain::consent::ConsentRule;
use domain::contact::AddressRules;
use domain::policy::Policy;
use ipnet::IpNet;
use serde::Deserialize;

pub use addresses::SecretText;
use addresses::{address, with_password, without_source};

use crate::http::LEAST_PER_MINUTE;
use crate::http::upload::LEAST_MIB;
use crate::lists::fetch::{self, ListSource};
use crate::store::DatabaseAddress;

/// Environment variables that start like settings but are none: secrets, and what the model cache reads itself.
const NOT_SETTINGS: [&str; 4] = ["EKYC_CONFIG", "EKYC_MASTER_KEY", "EKYC_MODELS_DIR", "EKYC_MODELS_MANIFEST"];

/// A terabyte; more is a mistake.
const MOST_MIB: u64 = 1 << 20;

/// Every setting of the server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Address to listen on.
    pub bind: SocketAddr,
    /// Address of `/metrics`; empty switches it off.
    pub metrics_bind: String,
    /// Base of kyc_url and redirects; never taken from the Host header.
    pub public_url: String,
    /// Folder of the database, the evidence files and, in development, the keys.
    pub data_dir: PathBuf,
    /// The event database: `postgres://USER@HOST/DATABASE`, or empty for `ekyc.db` in the data folder. A secret, for it
    /// may hold a password.
    pub database_url: SecretText,
    /// File of the password for `database_url`, where the address holds none.
    pub database_password_file: Option<PathBuf>,
    /// The key database: a path, `sqlite:PATH` or `postgres://...`; empty for `keys.db` in the data folder. Several nodes
    /// need one that they share. A secret, as `database_url`.
    pub keys_url: SecretText,
    /// File of the password for `keys_url`, where the address holds none.
    pub keys_password_file: Option<PathBuf>,
    /// File of the master key, 32 bytes as hexadecimal or base64, outside the data folder.
    pub master_key_file: Option<PathBuf>,
    /// Real people are decided on: demands a master key of the operator's own and current lists.
    pub production: bool,
    /// Proxies whose `Forwarded` or `X-Forwarded-For` names the client, as addresses or networks.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Accepts http and private addresses from partners; for development only.
    pub allow_private_addresses: bool,
    /// Whose evidence is refused until the person's consent was taken down: `never`, `hosted` (people at their link) or
    /// `always`.
    pub require_consent: ConsentRule,
    /// Policy file; by default the embedded policy.
    pub policy_file: Option<PathBuf>,
    /// Whether a reviewer's approval needs somebody else than whoever cleared a sanctions hit.
    pub four_eyes: bool,
    /// Hours within which a session that waits for a person should be decided; those that wait longer are marked.
    pub review_target_hours: u32,
    /// Where sanctions lists come from: a table from a list's name to its address or addresses.
    #[serde(deserialize_with = "fetch::sources")]
    pub list_sources: Vec<ListSource>,
    /// Hours between two questions to the publishers of the lists; 0 asks only when told to.
    pub list_refresh_hours: u32,
    /// Hours until a session expires unless submitted.
    pub session_hours: u32,
    /// Days for which personal data is kept once the partner said that the relationship ended; 0 keeps it.
    pub retention_days: u32,
    /// Days for which personal data of expired and cancelled sessions is kept; 0 keeps it.
    pub unfinished_retention_days: u32,
    /// Requests a minute for each API key; uploads count more.
    pub requests_per_minute: u32,
    /// Threads that infer; by default one a core.
    pub inference_threads: Option<usize>,
    /// Verifications that may wait for a thread before the server answers 503.
    pub inference_queue: usize,
    /// MiB of decoded images that may be worked on at once.
    pub inference_memory_mib: u64,
    /// MiB that uploads may hold in memory together, from their first byte until they were worked on.
    pub upload_memory_mib: u64,
    /// Log lines as `text` for people or `json` for machines.
    pub log_format: LogFormat,
    /// Log filter, for instance `info` or `ekyc_onboarder=debug`.
    pub log: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 9000)),
            metrics_bind: "127.0.0.1:9464".into(),
            public_url: "http://localhost:9000".into(),
            data_dir: "ekyc-data".into(),
            database_url: SecretText::default(),
            database_password_file: None,
            keys_url: SecretText::default(),
            keys_password_file: None,
            master_key_file: None,
            production: false,
            trusted_proxies: vec![],
            allow_private_addresses: false,
            require_consent: ConsentRule::Hosted,
            policy_file: None,
            four_eyes: true,
            review_target_hours: 24,
            list_sources: vec![],
            list_refresh_hours: 12,
            session_hours: 24,
            retention_days: 1_825,
            unfinished_retention_days: 90,
            requests_per_minute: 300,
            inference_threads: None,
            inference_queue: 64,
            inference_memory_mib: 512,
            upload_memory_mib: 256,
            log_format: LogFormat::Text,
            log: "info".into(),
        }
    }
}

/// The settings cannot be used; the text says which and why.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the settings file {path} cannot be read: {error}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A key is unknown or a value is of the wrong kind.
    #[error("the settings do not parse: {0}")]
    Invalid(String),
    /// The policy file is no policy.
    #[error("{path}: {error}", path = path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: domain::policy::PolicyError,
    },
}

impl Settings {
    /// Reads the file, if one is named, and lays the environment over it.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| ConfigError::Unreadable { path: path.into(), error })?,
        };
        Self::parse(&text, environment)
    }

    /// Parses the text of a settings file and lays the environment over it.
    pub fn parse(
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| without_source(&error, text))?;
        for (name, value) in environment {
            let is_setting = !NOT_SETTINGS.contains(&name.as_str());
            if let Some(key) = name.strip_prefix("EKYC_").filter(|_| is_setting) {
                table.insert(key.to_ascii_lowercase(), scalar(&value));
            }
        }
        let settings: Self = table.try_into().map_err(|error: toml::de::Error| without_source(&error, ""))?;
        settings.checked()
    }

    fn checked(mut self) -> Result<Self, ConfigError> {
        let url = url::Url::parse(&self.public_url)
            .map_err(|error| ConfigError::Invalid(format!("public_url is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ConfigError::Invalid("public_url must start with http:// or https://".into()));
        }
        if self.session_hours == 0 || self.inference_threads == Some(0) || self.inference_queue == 0 {
            return Err(ConfigError::Invalid(
                "session_hours, inference_threads and inference_queue are at least 1".into(),
            ));
        }
        if !self.metrics_bind.is_empty() && self.metrics_address().is_none() {
            return Err(ConfigError::Invalid("metrics_bind must be ADDRESS:PORT or empty".into()));
        }
        if self.requests_per_minute < LEAST_PER_MINUTE {
            let least = format!("requests_per_minute is at least {LEAST_PER_MINUTE}");
            return Err(ConfigError::Invalid(least));
        }
        if !(LEAST_MIB..=MOST_MIB).contains(&self.upload_memory_mib) {
            let range = format!("upload_memory_mib is {LEAST_MIB} to {MOST_MIB}");
            return Err(ConfigError::Invalid(range));
        }
        let database = address("database_url", &self.database_url, || "ekyc.db".into())?;
        if !self.database_url.is_empty() && database.file().is_some() {
            let reason = "database_url is empty, for the file in the data folder, or postgres://...";
            return Err(ConfigError::Invalid(reason.into()));
        }
        address("keys_url", &self.keys_url, || "keys.db".into())?;
        let is_plain = |source: &ListSource| source.addresses.iter().any(|at| at.starts_with("http://"));
        if !self.allow_private_addresses && self.list_sources.iter().any(is_plain) {
            return Err(ConfigError::Invalid("list_sources must be https".into()));
        }
        if self.production && self.allow_private_addresses {
            return Err(ConfigError::Invalid("allow_private_addresses is not for production".into()));
        }
        self.public_url = self.public_url.trim_end_matches('/').to_owned();
        Ok(self)
    }

    /// The policy in force.
    pub fn policy(&self) -> Result<Policy, ConfigError> {
        let Some(path) = &self.policy_file else { return Ok(Policy::embedded()) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.clone(), error })?;
        Policy::parse(&text).map_err(|error| ConfigError::Policy { path: path.clone(), error })
    }

    /// Whether people would come over plain http from other machines.
    pub fn is_plain_http_abroad(&self) -> bool {
        let url = url::Url::parse(&self.public_url).ok();
        url.is_some_and(|url| {
            let host = url.host_str().unwrap_or_default();
            url.scheme() == "http" && !matches!(host, "localhost" | "127.0.0.1" | "[::1]")
        })
    }

    /// Where `/metrics` listens, if it does.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_bind.parse().ok()
    }

    /// Where addresses of partners may point.
    pub const fn address_rules(&self) -> AddressRules {
        if self.allow_private_addresses { AddressRules::Development } else { AddressRules::Public }
    }

    /// The event database.
    pub fn database(&self) -> Result<DatabaseAddress, ConfigError> {
        let address = address("database_url", &self.database_url, || self.data_dir.join("ekyc.db"))?;
        with_password(address, self.database_password_file.as_deref())
    }

    /// The folder of sealed evidence files.
    pub fn evidence_folder(&self) -> PathBuf {
        self.data_dir.join("blobs")
    }

    /// The folder of the operator's sanctions lists.
    pub fn lists_folder(&self) -> PathBuf {
        self.data_dir.join("lists")
    }

    /// The folder that tells which lists approved people were matched against.
    pub fn monitoring_folder(&self) -> PathBuf {
        self.data_dir.join("monitored")
    }

    /// The key database.
    pub fn keys(&self) -> Result<DatabaseAddress, ConfigError> {
        let address = address("keys_url", &self.keys_url, || self.data_dir.join("keys.db"))?;
        with_password(address, self.keys_password_file.as_deref())
    }
}

/// Networks in a list, or in one text separated by commas, as the environment has it; an address is a network of one.
fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        List(Vec<String>),
    }
    let list = match Given::deserialize(deserializer)? {
        Given::Text(text) => text.split(',').map(str::to_owned).collect(),
        Given::List(list) => list,
    };
    let given = list.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    given
        .map(|text| text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into())))
        .collect::<Result<_, _>>()
        .map_err(|_| serde::de::Error::custom("trusted_proxies are addresses or networks like 10.0.0.0/8"))
}

/// A value of the environment as TOML sees it: a number or boolean where it is one, else text.
fn scalar(text: &str) -> toml::Value {
    text.parse::<i64>()
        .map(toml::Value::Integer)
        .or_else(|_| text.parse::<bool>().map(toml::Value::Boolean))
        .unwrap_or_else(|_| toml::Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(environment: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        Settings::load(None, environment.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn the_environment_wins_over_the_default() {
        let settings =
            load(&[("EKYC_SESSION_HOURS", "2"), ("EKYC_PRODUCTION", "true"), ("PATH", "/bin")]).unwrap();
        assert_eq!((settings.session_hours, settings.production), (2, true));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let message = load(&[("EKYC_SESION_HOURS", "2")]).unwrap_err().to_string();
        assert!(message.contains("sesion_hours"), "{message}");
    }

    #[test]
    fn secrets_are_no_settings() {
        assert_eq!(load(&[("EKYC_MASTER_KEY", "00")]).unwrap(), Settings::default());
    }

    #[test]
    fn private_addresses_are_refused_in_production() {
        assert!(load(&[("EKYC_PRODUCTION", "true"), ("EKYC_ALLOW_PRIVATE_ADDRESSES", "true")]).is_err());
    }

    #[test]
    fn a_key_must_be_able_to_send_a_liveness_upload() {
        assert!(load(&[("EKYC_REQUESTS_PER_MINUTE", "9")]).is_err());
        assert!(load(&[("EKYC_REQUESTS_PER_MINUTE", "10")]).is_ok());
    }

    #[test]
    fn metrics_may_be_off_but_not_nowhere() {
        assert_eq!(load(&[("EKYC_METRICS_BIND", "")]).unwrap().metrics_address(), None);
        assert!(load(&[("EKYC_METRICS_BIND", "localhost")]).is_err());
        assert!(Settings::default().metrics_address().is_some());
    }

    #[test]
    fn trusted_proxies_are_addresses_or_networks() {
        let settings = load(&[("EKYC_TRUSTED_PROXIES", "10.0.0.0/8, ::1")]).unwrap();
        assert_eq!(settings.trusted_proxies.len(), 2);
        let listed = Settings::parse("trusted_proxies = [\"192.0.2.1\"]", std::iter::empty()).unwrap();
        assert_eq!(listed.trusted_proxies[0].to_string(), "192.0.2.1/32");
        assert!(load(&[("EKYC_TRUSTED_PROXIES", "proxy.internal")]).is_err());
        assert!(load(&[("EKYC_TRUSTED_PROXIES", "")]).unwrap().trusted_proxies.is_empty());
    }

    #[test]
    fn list_sources_are_a_table_or_a_text_of_names_and_addresses() {
        let text = "[list_sources]\nun = 'https://lists.example/un.xml'\nofac = ['https://lists.example/sdn.csv', \
                    'https://lists.example/alt.csv']";
        let table = Settings::parse(text, std::iter::empty()).unwrap().list_sources;
        let given = "ofac=https://lists.example/sdn.csv,https://lists.example/alt.csv un=https://lists.example/un.xml";
        assert_eq!(load(&[("EKYC_LIST_SOURCES", given)]).unwrap().list_sources, table);
        assert_eq!((table[0].name.as_str(), table[0].addresses.len(), table.len()), ("ofac", 2, 2));
        for wrong in
            ["un", "../un=https://lists.example/", "un=ftp://lists.example/", "un=http://lists.example/"]
        {
            assert!(load(&[("EKYC_LIST_SOURCES", wrong)]).is_err(), "{wrong}");
        }
        assert!(load(&[("EKYC_LIST_SOURCES", "")]).unwrap().list_sources.is_empty());
    }

    #[test]
    fn a_trailing_slash_of_the_public_address_is_dropped() {
        assert_eq!(
            load(&[("EKYC_PUBLIC_URL", "https://kyc.example/")]).unwrap().public_url,
            "https://kyc.example"
        );
    }
}
