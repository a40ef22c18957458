//! The examples of `examples.json`: a request and an answer for each call.

use serde_json::{Map, Value};

/// The examples by operation.
pub(super) struct Examples {
    shared: Map<String, Value>,
    calls: Map<String, Value>,
}

impl Examples {
    /// The ones of this version.
    pub(super) fn embedded() -> Self {
        let mut file: Map<String, Value> =
            serde_json::from_str(include_str!("examples.json")).expect("a test reads this file");
        let mut part = |name: &str| match file.remove(name) {
            Some(Value::Object(part)) => part,
            _ => Map::new(),
        };
        Self { shared: part("shared"), calls: part("calls") }
    }

    /// What a call is sent, if it takes JSON.
    pub(super) fn request(&self, operation: &str) -> Option<Value> {
        Some(self.resolved(self.calls.get(operation)?.get("request")?))
    }

    /// What a call answers; null where there is no example.
    pub(super) fn answer(&self, operation: &str) -> Value {
        self.calls.get(operation).map_or(Value::Null, |call| self.resolved(&call["answer"]))
    }

    /// `{"like": name, ...}` is the shared example of that name with some fields changed.
    fn resolved(&self, example: &Value) -> Value {
        match example {
            Value::Object(fields) => {
                let like = fields.get("like").and_then(Value::as_str).and_then(|name| self.shared.get(name));
                let mut object = like.and_then(Value::as_object).cloned().unwrap_or_default();
                let own = fields.iter().filter(|(name, _)| *name != "like");
                object.extend(own.map(|(name, value)| (name.clone(), self.resolved(value))));
                Value::Object(object)
            }
            Value::Array(items) => items.iter().map(|item| self.resolved(item)).collect(),
            other => other.clone(),
        }
    }
}
