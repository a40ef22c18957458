//! Bodies of operators' calls: every wrong field is reported at once, and every one that was not asked for.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::Timestamp;
use domain::free_text::ReviewNote;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::body::JsonObject;
use crate::http::fields::text;
use crate::http::problem::{ApiError, FieldProblem};

/// Reads the fields of a body and keeps what is wrong with them.
pub struct Fields<'a> {
    object: &'a JsonObject,
    asked: Vec<String>,
    problems: Vec<FieldProblem>,
}

impl<'a> Fields<'a> {
    /// The fields of an object.
    pub const fn of(object: &'a JsonObject) -> Self {
        Self { object, asked: vec![], problems: vec![] }
    }

    /// The value of a field, which is known from now on.
    fn value(&mut self, field: &str) -> Option<&'a Value> {
        self.ask(field);
        self.object.get(field).filter(|value| !value.is_null())
    }

    fn ask(&mut self, field: &str) {
        if !self.asked.iter().any(|asked| asked == field) {
            self.asked.push(field.to_owned());
        }
    }

    /// A text; none when absent or null.
    pub fn text(&mut self, field: &str) -> Option<String> {
        self.ask(field);
        text(self.object, field, &mut |problem| self.problems.push(problem))
    }

    /// A reviewer's note.
    pub fn note(&mut self) -> Option<ReviewNote> {
        self.free_text("note")
    }

    /// A text of bounded length.
    pub fn free_text<T: TryFrom<String, Error: std::fmt::Display>>(&mut self, field: &str) -> Option<T> {
        let text = self.text(field)?;
        T::try_from(text).map_err(|error| self.refuse(field, error.to_string())).ok()
    }

    /// A value of known words.
    pub fn word<T: DeserializeOwned>(&mut self, field: &str, what: &str) -> Option<T> {
        let value = self.value(field)?;
        let read = serde_json::from_value(value.clone());
        read.map_err(|_| self.refuse(field, format!("Input should be {what}"))).ok()
    }

    /// A whole number within bounds; none when absent or null.
    pub fn whole_number(&mut self, field: &str, least: u32, most: u32) -> Option<u32> {
        let value = self.value(field)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse(field, format!("Input should be a whole number from {least} to {most}"));
        }
        number
    }

    /// An instant; none when absent or null.
    pub fn instant(&mut self, field: &str) -> Option<Timestamp> {
        let text = self.text(field)?;
        let read = DateTime::parse_from_rfc3339(&text).map(|at| at.with_timezone(&Utc));
        read.map_err(|_| self.refuse(field, "Input should be a time such as 2024-01-15T10:30:00Z")).ok()
    }

    /// A list of identifiers without repetitions, in their order, as many as `counts` allows.
    pub fn ids<T: FromStr + PartialEq>(
        &mut self,
        field: &str,
        what: &str,
        counts: RangeInclusive<usize>,
    ) -> Option<Vec<T>> {
        let value = self.value(field)?;
        let texts = value.as_array().filter(|texts| counts.contains(&texts.len()));
        let ids: Option<Vec<T>> =
            texts.and_then(|texts| texts.iter().map(|text| text.as_str()?.parse().ok()).collect());
        if ids.is_none() {
            let (least, most) = (counts.start(), counts.end());
            self.refuse(field, format!("Input should be a list of {least} to {most} {what}"));
        }
        let mut distinct = vec![];
        for id in ids? {
            if !distinct.contains(&id) {
                distinct.push(id);
            }
        }
        Some(distinct)
    }

    /// Notes that a field has to be there, be it null.
    pub fn require_named(&mut self, field: &str) {
        self.ask(field);
        if !self.object.contains_key(field) {
            self.problems.push(FieldProblem::missing(field));
        }
    }

    /// Notes that a field has to be there.
    pub fn require(&mut self, field: &str) {
        if self.value(field).is_none() {
            self.problems.push(FieldProblem::missing(field));
        }
    }

    /// Notes what is wrong with a field.
    pub fn refuse(&mut self, field: &str, what: impl Into<String>) {
        self.problems.push(FieldProblem::body(field, "value_error", what));
    }

    /// The value, if nothing is wrong; whatever was not asked for until now is.
    pub fn whole<T>(mut self, value: Option<T>) -> Result<T, ApiError> {
        let asked: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        self.problems.extend(self.object.misnamed(&asked));
        value.filter(|_| self.problems.is_empty()).ok_or(ApiError::Fields(self.problems))
    }
}
