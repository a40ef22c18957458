//! Colours, and what of them can be read: contrast by WCAG 2.2 on the pages' own backgrounds.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Least contrast of text and its background (WCAG 2.2, success criterion 1.4.3).
pub const LEAST_CONTRAST: f64 = 4.5;

/// Twice the lightness of white in steps of a channel; see [`Colour::at_lightness`].
const LIGHTEST: u32 = 510;

/// An sRGB colour, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour([u8; 3]);

/// The text is no colour.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a colour is # and six hexadecimal digits, as #0a58b5")]
pub struct InvalidColour;

/// Whether a page is light or dark, as the person's device asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on white.
    Light,
    /// Light text on black.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// What accents lie on: the page, and the panels on it. The hosted page's style has the same colours.
    pub const fn surfaces(self) -> [Colour; 2] {
        match self {
            Self::Light => [Colour([0xFF, 0xFF, 0xFF]), Colour([0xF5, 0xF7, 0xF9])],
            Self::Dark => [Colour([0x14, 0x18, 0x1D]), Colour([0x1D, 0x23, 0x2A])],
        }
    }
}

/// A colour that can be read on a page, and what can be read on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    /// Links and buttons.
    pub colour: Colour,
    /// Text on buttons: black or white.
    pub text: Colour,
}

impl Colour {
    /// White.
    pub const WHITE: Self = Self([0xFF; 3]);
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// The accent of a theme: this colour, its lightness moved no further than it takes to be read there.
    pub fn accent(self, theme: Theme) -> Accent {
        let lightness = self.lightness();
        let found = match theme {
            Theme::Light => {
                (0..=lightness).rev().map(|one| self.at_lightness(one)).find(|it| it.reads_on(theme))
            }
            Theme::Dark => {
                (lightness..=LIGHTEST).map(|one| self.at_lightness(one)).find(|it| it.reads_on(theme))
            }
        };
        let colour = found.expect("black reads on light pages and white on dark ones");
        let [on_white, on_black] = [Self::WHITE, Self::BLACK].map(|text| colour.contrast(text));
        Accent { colour, text: if on_white >= on_black { Self::WHITE } else { Self::BLACK } }
    }

    /// The ratio of the lighter to the darker, 1 to 21 (WCAG 2.2, "contrast ratio").
    pub fn contrast(self, other: Self) -> f64 {
        let [one, other] = [self.luminance(), other.luminance()];
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Red, green and blue.
    pub const fn channels(self) -> [u8; 3] {
        self.0
    }

    /// 0 for black to 1 for white (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        static LINEAR: LazyLock<[f64; 256]> = LazyLock::new(|| {
            std::array::from_fn(|step| match step as f64 / 255.0 {
                dark if dark <= 0.04045 => dark / 12.92,
                other => ((other + 0.055) / 1.055).powf(2.4),
            })
        });
        let [red, green, blue] = self.0.map(|channel| LINEAR[usize::from(channel)]);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn reads_on(self, theme: Theme) -> bool {
        theme.surfaces().iter().all(|surface| self.contrast(*surface) >= LEAST_CONTRAST)
    }

    /// The lightness of HSL in whole steps: the sum of the least and the greatest channel, 0 to 510.
    fn lightness(self) -> u32 {
        let (least, most) = self.extremes();
        least + most
    }

    fn extremes(self) -> (u32, u32) {
        let [red, green, blue] = self.0.map(u32::from);
        (red.min(green).min(blue), red.max(green).max(blue))
    }

    /// The colour of the same hue and saturation in HSL with another lightness.
    ///
    /// Whole numbers, so that every machine finds the same. With c as chroma and x(l) as the greatest chroma at lightness l,
    /// saturation keeps c / x(l), and each channel its place between the least and the greatest.
    fn at_lightness(self, lightness: u32) -> Self {
        let greatest_chroma = |lightness: u32| lightness.min(LIGHTEST - lightness);
        let (least, most) = self.extremes();
        let (chroma, here, there) = (most - least, greatest_chroma(least + most), greatest_chroma(lightness));
        if here == 0 {
            // Black and white have no hue to keep.
            return Self([(lightness / 2) as u8; 3]);
        }
        Self(self.0.map(|channel| {
            let twice = lightness * here + 2 * (u32::from(channel) - least) * there - chroma * there;
            ((twice + here) / (2 * here)) as u8
        }))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}

impl FromStr for Colour {
    type Err = InvalidColour;

    fn from_str(text: &str) -> Result<Self, InvalidColour> {
        let digits = text.strip_prefix('#').ok_or(InvalidColour)?;
        let mut channels = [0; 3];
        hex::decode_to_slice(digits, &mut channels).map_err(|_| InvalidColour)?;
        Ok(Self(channels))
    }
}

impl TryFrom<String> for Colour {
    type Error = InvalidColour;

    fn try_from(text: String) -> Result<Self, InvalidColour> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every hue, saturation and lightness in steps: 5,832 colours, black and white among them.
    fn many() -> impl Iterator<Item = Colour> {
        let steps = || (0..=255).step_by(15).map(|step: u16| step as u8);
        steps().flat_map(move |red| {
            steps().flat_map(move |green| steps().map(move |blue| Colour([red, green, blue])))
        })
    }

    #[test]
    fn every_colour_has_an_accent_that_reads_on_its_page_and_is_read_on() {
        for colour in many() {
            for theme in Theme::ALL {
                let Accent { colour: accent, text } = colour.accent(theme);
                for surface in theme.surfaces() {
                    assert!(accent.contrast(surface) >= LEAST_CONTRAST, "{colour} {theme:?}: {accent}");
                }
                assert!(accent.contrast(text) >= LEAST_CONTRAST, "{colour} {theme:?}: {text} on {accent}");
                assert!(text == Colour::BLACK || text == Colour::WHITE);
                assert_eq!(colour.accent(theme), Accent { colour: accent, text });
            }
        }
    }

    #[test]
    fn lightness_moves_no_further_than_it_has_to() {
        for colour in many() {
            let before = colour.lightness();
            assert_eq!(colour.at_lightness(before), colour);
            for theme in Theme::ALL {
                let accent = colour.accent(theme).colour;
                if accent == colour {
                    assert!(colour.reads_on(theme), "{colour} {theme:?}");
                    continue;
                }
                assert!(!colour.reads_on(theme), "{colour} {theme:?} became {accent}");
                // One step back towards the colour that was given is too little.
                let steps: Vec<u32> =
                    (0..=LIGHTEST).filter(|one| colour.at_lightness(*one) == accent).collect();
                let back = match theme {
                    Theme::Light => steps[steps.len() - 1] + 1,
                    Theme::Dark => steps[0] - 1,
                };
                assert!(!colour.at_lightness(back).reads_on(theme), "{colour} {theme:?}: {accent}");
            }
        }
    }

    #[test]
    fn hue_stays_the_same() {
        // Which channel is greatest and which least is what is left of a hue without its degree.
        for colour in many() {
            for theme in Theme::ALL {
                let (was, is) = (colour.channels(), colour.accent(theme).colour.channels());
                for (one, other) in [(0, 1), (1, 2), (0, 2)] {
                    assert!((was[one] >= was[other]) <= (is[one] >= is[other]), "{colour} {theme:?}");
                }
            }
        }
    }

    #[test]
    fn contrast_is_that_of_the_recommendation() {
        let of = |one: &str, other: &str| {
            let ratio = one.parse::<Colour>().unwrap().contrast(other.parse().unwrap());
            (ratio * 100.0).round() / 100.0
        };
        assert_eq!((of("#000000", "#ffffff"), of("#ffffff", "#ffffff")), (21.0, 1.0));
        assert_eq!((of("#777777", "#ffffff"), of("#0000ff", "#ffffff")), (4.48, 8.59));
    }

    #[test]
    fn a_colour_that_reads_already_is_the_accent_itself() {
        let blue: Colour = "#0A58B5".parse().unwrap();
        assert_eq!(blue.accent(Theme::Light), Accent { colour: blue, text: Colour::WHITE });
        let dark = blue.accent(Theme::Dark);
        assert!(dark.colour != blue && dark.text == Colour::BLACK, "{dark:?}");
    }

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        assert_eq!("#0A58b5".parse::<Colour>().unwrap().to_string(), "#0a58b5");
        for text in ["", "#", "0a58b5", "#0a58b", "#0a58b55", "#0a58bg", "#é58b5", "red", "#0a58b5;"] {
            assert_eq!(text.parse::<Colour>(), Err(InvalidColour), "{text}");
        }
    }
}
