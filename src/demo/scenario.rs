//! The scenarios: who comes with which evidence, and which decisions are right.

use super::evidence::Presented;

/// Which passport the person brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passport {
    /// Of a fictional person, valid.
    Valid,
    /// Of a fictional person, run out.
    Expired,
    /// Of a fictional person, a check digit printed wrong.
    WrongCheckDigit,
    /// With the name and birth date of a person on the sanctions list.
    Sanctioned,
}

/// How the liveness challenge is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// As asked.
    AsAsked,
    /// The head is turned the other way.
    WrongDirection,
}

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Short name, stable.
    pub name: &'static str,
    /// Heading.
    pub title: &'static str,
    /// The passport.
    pub passport: Passport,
    /// What is before the camera.
    pub presented: Presented,
    /// The answer to the challenge.
    pub response: Response,
    /// The statuses that are right.
    pub expected: &'static [&'static str],
}

const HONEST: Scenario = Scenario {
    name: "approved",
    title: "A passport of Utopia, its holder before the camera",
    passport: Passport::Valid,
    presented: Presented::Holder,
    response: Response::AsAsked,
    expected: &["approved"],
};

/// All scenarios in the order in which they run; each differs from the first in one respect.
pub const SCENARIOS: [Scenario; 7] = [
    HONEST,
    Scenario {
        name: "someone_else",
        title: "Someone else before the camera",
        presented: Presented::SomeoneElse,
        expected: &["rejected"],
        ..HONEST
    },
    Scenario {
        name: "expired",
        title: "An expired passport",
        passport: Passport::Expired,
        expected: &["rejected"],
        ..HONEST
    },
    Scenario {
        name: "wrong_check_digit",
        title: "A wrong check digit in the machine-readable zone",
        passport: Passport::WrongCheckDigit,
        expected: &["manual_review"],
        ..HONEST
    },
    Scenario {
        name: "held_print",
        title: "A printed photo of the holder, held before the camera",
        presented: Presented::HeldPrint,
        // Rejected only on two independent signs of an attack; one alone goes to a reviewer.
        expected: &["rejected", "manual_review"],
        ..HONEST
    },
    Scenario {
        name: "wrong_direction",
        title: "The head turned the wrong way",
        response: Response::WrongDirection,
        expected: &["manual_review"],
        ..HONEST
    },
    Scenario {
        name: "sanctioned_name",
        title: "Name and birth date of a person on the sanctions list",
        passport: Passport::Sanctioned,
        expected: &["manual_review"],
        ..HONEST
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_honest_scenario_may_be_approved() {
        for (index, scenario) in SCENARIOS.iter().enumerate() {
            assert_eq!(scenario.expected.contains(&"approved"), index == 0, "{}", scenario.name);
        }
    }

    #[test]
    fn a_sanctioned_name_is_never_rejected_by_itself() {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.passport == Passport::Sanctioned).unwrap();
        assert_eq!(scenario.expected, ["manual_review"]);
    }
}
