//! The form of every aggregate's events: an enum whose variants carry their struct, with a version for each type.

/// Declares an event enum: `domain_events! { /// doc NAME { /// doc Type = "version", ... } }`.
macro_rules! domain_events {
    ($(#[$enum_doc:meta])* $events:ident { $($(#[$doc:meta])* $name:ident = $version:literal),+ $(,)? }) => {
        $(#[$enum_doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum $events {
            $($(#[$doc])* $name($name)),+
        }

        impl $events {
            /// Every type with its current version: each has a golden file.
            pub const TYPES: &'static [(&'static str, &'static str)] = &[$((stringify!($name), $version)),+];
        }

        impl cqrs_es::DomainEvent for $events {
            fn event_type(&self) -> String {
                match self { $(Self::$name(_) => stringify!($name)),+ }.to_owned()
            }

            fn event_version(&self) -> String {
                match self { $(Self::$name(_) => $version),+ }.to_owned()
            }
        }

        $(impl From<$name> for $events {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })+
    };
}

pub(crate) use domain_events;
