//! The domain's `DocumentReader` over the real networks: decodes, reads on the inference pool, remembers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use domain::document::{self, DocumentReading, Place, PrintedFields, ReadField, ReadZone};
use domain::evidence::Fingerprint;
use domain::ports::{DocumentReader, PortError, VerifierImage};
use domain::score::Score;
use domain::stamp::VerifierStamp;

use super::front_beside;
use super::{
    DocumentModels, NameComparison, OcrConfig, Point, PrintedField, PrintedZone, TextBox, TextModels,
    read_document,
};
use crate::models::{ModelCache, ModelSet, Role};
use crate::verifiers::adapter::{decode, failed, refused, stamp};
use crate::verifiers::findings_cache::FindingsCache;
use crate::verifiers::pool::InferencePool;

/// The models behind a reading.
pub const ROLES: [Role; 4] = [Role::DetTiny, Role::RecTiny, Role::DetSmall, Role::RecSmall];
/// Readings that are kept for a repeated command, and for how long.
const KEPT: usize = 64;
const KEPT_FOR: Duration = Duration::from_secs(300);
/// What the networks need beside the decoded image.
const NETWORK_BYTES: u64 = 96 << 20;

impl DocumentModels {
    /// Loads every network from the cache; what is missing is fetched.
    pub fn from_cache(cache: &ModelCache) -> anyhow::Result<Self> {
        cache.ensure(&ROLES)?;
        let pair = |detector, recogniser| -> anyhow::Result<TextModels> {
            Ok(TextModels::new(cache.load(detector)?, cache.load(recogniser)?)?)
        };
        Ok(Self {
            fast: pair(Role::DetTiny, Role::RecTiny)?,
            thorough: Some(pair(Role::DetSmall, Role::RecSmall)?),
        })
    }
}

/// Reads documents with rten.
pub struct RtenDocumentReader {
    models: Arc<DocumentModels>,
    pool: Arc<InferencePool>,
    stamp: VerifierStamp,
    readings: FindingsCache<(Fingerprint, NaiveDate), DocumentReading>,
}

impl RtenDocumentReader {
    /// A reader over loaded models; `set` names them.
    pub fn new(models: Arc<DocumentModels>, pool: Arc<InferencePool>, set: &ModelSet) -> Self {
        Self { models, pool, stamp: stamp(set, &ROLES), readings: FindingsCache::new(KEPT, KEPT_FOR) }
    }
}

#[async_trait]
impl DocumentReader for RtenDocumentReader {
    async fn read(&self, image: &VerifierImage, today: NaiveDate) -> Result<DocumentReading, PortError> {
        let key = (image.fingerprint.clone(), today);
        if let Some(reading) = self.readings.get(&key) {
            return Ok(reading);
        }
        let models = Arc::clone(&self.models);
        let bytes = Arc::clone(image.upload.bytes());
        let work = move || {
            let image = decode(&bytes)?;
            let reading = read_document(&models, &image, &OcrConfig::default(), today);
            reading.map(into_domain).map_err(|error| failed(&error))
        };
        let weight = image.upload.decoded_bytes() + NETWORK_BYTES;
        let reading = self.pool.run(weight, work).await.map_err(refused)??;
        self.readings.put(key, reading.clone());
        Ok(reading)
    }

    fn stamp(&self) -> VerifierStamp {
        self.stamp.clone()
    }
}

fn into_domain(mut reading: super::DocumentReading) -> DocumentReading {
    let zones = zones(&reading);
    let lines = std::mem::take(&mut reading.lines);
    let (is_valid, second_zone) = (reading.mrz_valid, reading.second_zone);
    let mrz = reading.zone.and_then(|zone| {
        let name_confidence = Score::quantise(zone.name_confidence());
        let is_seen = zone.is_seen();
        let mrz = zone.parsed.ok()?;
        // Digits that fit although their characters were hardly seen are a guess that happened to fit; so may each digit for itself.
        let is_guessed = mrz.check_digits().all_valid() || !is_seen;
        let repaired = is_guessed && !is_valid && zone.ambiguous.is_empty();
        Some(document::MrzReading {
            mrz,
            rows: zone.rows,
            repaired,
            ambiguous: zone.ambiguous,
            name_confidence,
        })
    });
    let read = DocumentReading {
        mrz,
        printed: printed(reading.printed),
        zones,
        second_zone,
        front_beside: false,
        names_agree: match reading.names {
            NameComparison::Agree => Some(true),
            NameComparison::Differ => Some(false),
            NameComparison::NotJudged => None,
        },
        confidence: Score::saturating(reading.extraction_confidence.into()),
        quality: document::ImageQuality {
            width: reading.quality.width,
            height: reading.quality.height,
            sharpness: reading.quality.sharpness,
            glare: Score::saturating(reading.quality.glare_permille * 10),
            text_height: reading.quality.text_height,
        },
    };
    let front_beside = front_beside::is_seen(&read, &lines);
    DocumentReading { front_beside, ..read }
}

/// Where the rows of the machine-readable zone and the printed fields lie.
fn zones(reading: &super::DocumentReading) -> Vec<ReadZone> {
    let (width, height) = (reading.quality.width.max(1) as f32, reading.quality.height.max(1) as f32);
    let place = |(x, y): Point| Place { x: Score::quantise(x / width), y: Score::quantise(y / height) };
    let zone = |field, area: &TextBox| ReadZone { field, corners: area.corners().map(place) };
    let printed = &reading.printed;
    let fields = [
        (ReadField::FullName, printed.full_name.as_ref().map(|field| field.area)),
        (ReadField::DateOfBirth, printed.birth_date.as_ref().map(|field| field.area)),
        (ReadField::ExpiryDate, printed.expiry_date.as_ref().map(|field| field.area)),
        (ReadField::DocumentNumber, printed.document_number.as_ref().map(|field| field.area)),
        (ReadField::Nationality, printed.nationality.as_ref().map(|field| field.area)),
    ];
    let rows = reading.mrz_areas().iter().map(|row| zone(ReadField::MrzRow, row));
    let printed = fields.iter().filter_map(|(field, area)| Some(zone(*field, area.as_ref()?)));
    rows.chain(printed).collect()
}

fn printed(zone: PrintedZone) -> PrintedFields {
    fn value<T>(field: Option<PrintedField<T>>) -> Option<T> {
        field.map(|field| field.value)
    }
    PrintedFields {
        full_name: value(zone.full_name),
        date_of_birth: value(zone.birth_date),
        expiry_date: value(zone.expiry_date),
        document_number: value(zone.document_number),
        nationality: value(zone.nationality),
    }
}
