//! The page behind `kyc_url`: every step of a verification, of which its script shows one at a time.
//!
//! It is the same for every session and says nothing of any: who holds no link sees the words only. Whoever brings a session's
//! cookie sees them in its partner's look.

use domain::country::CountryCode;
use maud::{DOCTYPE, Markup, html};
use sha2::{Digest, Sha256};

use super::brand::{ShownLogo, Worn};
use super::language::Catalogue;
use crate::config::Settings;

/// Seconds for which a movement is filmed, and frames in each: what the server takes is 60 frames.
const FILM_SECONDS: u32 = 5;
const FILM_RATE: u32 = 8;

/// The paragraphs that a person agrees to.
const CONSENT: [&str; 4] = ["consent_what", "consent_why", "consent_how", "consent_rights"];
const KINDS: [&str; 4] = ["passport", "id_card", "driving_license", "residence_permit"];

/// SHA-256 of the text that a person agrees to: its paragraphs, a newline between.
pub fn consent_hash(words: &Catalogue) -> String {
    hex::encode(Sha256::digest(CONSENT.map(|key| words.say(key)).join("\n")))
}

/// The whole document. `prefix` is the path under which the server is, empty at a host's root.
pub fn render(
    words: &Catalogue,
    settings: &Settings,
    prefix: &str,
    with_specimens: bool,
    worn: Option<&Worn>,
) -> Markup {
    let asset = |name: &str| format!("{prefix}/hosted/{name}");
    let title = worn.map_or_else(|| words.say("title").to_owned(), |worn| title_of(words, worn));
    html! {
        (DOCTYPE)
        html lang=(words.tag) dir=(words.say("direction")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href=(asset("hosted.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(asset("hosted.css"));
                @if let Some(worn) = worn { link rel="stylesheet" href=(of_session(prefix, worn, "brand.css")); }
                script type="module" src=(asset("hosted.js")) {}
            }
            body data-film-seconds=(FILM_SECONDS) data-film-rate=(FILM_RATE) data-branded[worn.is_some()] {
                a class="skip" href="#content" { (words.say("skip")) }
                header {
                    (logo(prefix, worn))
                    p { strong id="title" { (title) } }
                }
                main id="content" {
                    p id="silence" class="problem" role="status" hidden { (words.say("offline")) }
                    noscript { p class="problem" { (words.say("script_needed")) } }
                    (asked_again(words))
                    (steps(words, with_specimens))
                    (outcomes(words))
                }
                footer { (around(words, settings)) (languages(words)) }
                dl id="sentences" hidden { @for (key, sentence) in words.words() { dd data-word=(key) { (sentence) } } }
            }
        }
    }
}

/// The title of a page that is a company's.
fn title_of(words: &Catalogue, worn: &Worn) -> String {
    words.say("title_of").replace("{name}", worn.branding.name.as_str())
}

fn of_session(prefix: &str, worn: &Worn, file: &str) -> String {
    format!("{prefix}/kyc/{}/{file}", worn.session)
}

/// The company's logo; on a page that came without the cookie the script fills it.
fn logo(prefix: &str, worn: Option<&Worn>) -> Markup {
    let place = worn.and_then(|worn| Some((worn, ShownLogo::from(worn.branding.logo.as_ref()?))));
    html! {
        @match place {
            Some((worn, ShownLogo { width, height })) => {
                img id="logo" class="logo" src=(of_session(prefix, worn, "logo.png")) alt=(worn.branding.name.as_str()) width=(width) height=(height);
            }
            None => { img id="logo" class="logo" alt="" hidden; }
        }
    }
}

/// What a reviewer wrote to the person, above the steps that are needed again.
fn asked_again(words: &Catalogue) -> Markup {
    html! {
        div id="message-place" class="panel" hidden {
            p { strong { (words.say("resubmission_title")) } }
            p { (words.say("resubmission_message")) }
            blockquote id="message" {}
        }
    }
}

fn steps(words: &Catalogue, with_specimens: bool) -> Markup {
    let say = |key: &str| words.say(key).to_owned();
    html! {
        section id="opening" { h1 { (say("opening")) } }
        section id="consent" data-text-hash=(consent_hash(words)) data-locale=(words.tag) hidden {
            h1 { (say("consent_title")) }
            @for key in CONSENT { p { (say(key)) } }
            button id="agree" type="button" { (say("consent_agree")) }
            details id="handoff" class="panel" {
                summary { (say("handoff_title")) }
                p { (say("handoff")) }
                img id="handoff-code" class="code" alt=(say("handoff_code"));
            }
        }
        section id="document" hidden {
            (number())
            h1 { (say("document_title")) }
            form id="declared" {
                label for="kind" { (say("document_kind")) }
                select id="kind" required { @for kind in KINDS { option value=(kind) { (say(kind)) } } }
                label for="country" { (say("document_country")) }
                select id="country" required {
                    option value="" { (say("country_choose")) }
                    @if with_specimens { option value="UTO" data-alpha3="UTO" { "Utopia" } }
                    @for (alpha2, alpha3) in CountryCode::assigned() { option value=(alpha2) data-alpha3=(alpha3) { (alpha2) } }
                }
            }
            p { strong id="side" {} " " (say("document_how")) }
            (camera(words, "frame", "document"))
        }
        section id="selfie" hidden {
            (number())
            h1 { (say("selfie_title")) }
            p { (say("selfie_how")) }
            (camera(words, "oval", "selfie"))
            p class="quiet" { (say("file_reviewed")) }
        }
        section id="liveness" hidden {
            (number())
            h1 { (say("liveness_title")) }
            p { (say("liveness_how").replace("{seconds}", &FILM_SECONDS.to_string())) }
            p id="instruction" class="told" role="status" {}
            button id="movement" type="button" { (say("liveness_start")) }
            div id="film-stage" hidden {
                div class="scene mirror" { video id="film" playsinline muted {} div class="guide oval" {} }
                p id="film-told" class="told" role="status" {}
            }
            div id="film-files" hidden {
                p id="film-note" class="problem" role="alert" {}
                button id="film-again" type="button" class="plain" { (say("camera_again")) }
                p { (say("liveness_files")) } p class="quiet" { (say("file_reviewed")) }
                label class="file" { (say("file_choose")) input id="frames" type="file" accept="image/*" multiple; }
                p id="frames-note" class="problem" role="alert" hidden {}
            }
        }
        section id="sending" hidden {
            h1 { (say("opening")) }
            progress id="sent" max="1" value="0" aria-labelledby="sent-text" {}
            p id="sent-text" role="status" {}
        }
        section id="refused" hidden {
            h1 { (say("refused_title")) }
            ul id="advice" {}
            p id="left" class="quiet" {}
            button type="button" data-choice="again" { (say("try_again")) }
            button type="button" class="plain" data-choice="on" { (say("go_on_anyway")) }
            p id="on-note" class="quiet" { (say("go_on_reviewed")) }
        }
        section id="finishing" hidden { h1 { (say("finishing_title")) } p role="status" { (say("finishing")) } }
    }
}

/// Which step of how many; the script fills it.
fn number() -> Markup {
    html! { p class="quiet" data-progress {} }
}

/// Choose, take and look at one picture.
fn camera(words: &Catalogue, guide: &str, name: &str) -> Markup {
    let say = |key: &str| words.say(key).to_owned();
    let file = format!("{name}-file");
    html! {
        p class="problem" data-part="note" role="alert" hidden {}
        div data-stage="choose" {
            button type="button" data-part="open" { (say("camera_open")) }
            label class="file" for=(file) { (say("file_choose")) input id=(file) data-part="file" type="file" accept="image/*"; }
        }
        div data-stage="camera" hidden {
            div class={ "scene" @if guide == "oval" { " mirror" } } { video data-part="video" playsinline muted {} div class={ "guide " (guide) } {} }
            button type="button" data-part="take" { (say("camera_take")) }
        }
        div data-stage="review" hidden {
            img class="taken" data-part="image" alt=(say("picture_taken"));
            button type="button" data-part="send" { (say("picture_send")) }
            button type="button" class="plain" data-part="again" { (say("picture_again")) }
        }
    }
}

fn outcomes(words: &Catalogue) -> Markup {
    let say = |key: &str| words.say(key).to_owned();
    let back = || {
        html! {
            div data-return hidden {
                p data-counted role="timer" {}
                a class="button" { (say("return_now")) }
                button type="button" class="plain" { (say("return_stay")) }
            }
        }
    };
    let plain = |id: &str, with_return: bool| {
        html! {
            section id=(id) hidden {
                h1 { (say(&format!("{id}_title"))) }
                p { (say(id)) }
                @if with_return { (back()) }
            }
        }
    };
    html! {
        (plain("approved", true))
        (plain("manual_review", true))
        section id="rejected" hidden {
            h1 { (say("rejected_title")) }
            p id="automatic" { (say("rejected")) }
            p id="final" { (say("rejected_final")) }
            div id="contest-form" {
                label for="contest-reason" { (say("contest_reason")) }
                textarea id="contest-reason" maxlength="2000" rows="4" {}
                button id="contest-send" type="button" { (say("contest")) }
            }
            (back())
        }
        (plain("expired", true))
        (plain("cancelled", true))
        (plain("link_over", false))
        section id="trouble" hidden {
            h1 { (say("trouble_title")) }
            p id="trouble-text" role="alert" {}
            button id="reload" type="button" { (say("try_again")) }
        }
    }
}

/// What is said beside every step: what is held about the person.
fn around(words: &Catalogue, settings: &Settings) -> Markup {
    let until = match settings.retention_days {
        0 => words.say("held_for_ever").to_owned(),
        days => words
            .say("held_until_days")
            .replace("{days}", &days.to_string())
            .replace("{unfinished}", &settings.unfinished_retention_days.to_string()),
    };
    html! {
        div id="around" hidden {
            details id="held" class="panel" {
                summary { (words.say("held_title")) }
                ul id="held-items" {}
                p { (until) }
                p { (words.say("held_whom")) }
            }
        }
    }
}

fn languages(words: &Catalogue) -> Markup {
    html! {
        nav aria-label=(words.say("language")) {
            ul {
                @for one in Catalogue::all() {
                    li { a href={ "?lang=" (one.tag) } lang=(one.tag) aria-current=[(one.tag == words.tag).then_some("true")] { (one.say("name")) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_the_page_or_its_scripts_name_is_in_the_catalogue() {
        let sources = [include_str!("hosted.js"), include_str!("picture.js"), include_str!("camera.js")];
        let named = sources.iter().flat_map(|source| source.split("say(\"").skip(1));
        let words = &Catalogue::all()[0];
        for key in named.filter_map(|rest| rest.split('"').next()) {
            assert!(!words.say(key).is_empty(), "{key}");
        }
        let page = render(words, &Settings::default(), "", false, None).into_string();
        assert!(!page.contains("<p></p>") && !page.contains("<h1></h1>"));
    }

    #[test]
    fn the_consent_names_another_text_in_another_language() {
        let hashes: Vec<String> = Catalogue::all().iter().map(consent_hash).collect();
        assert_ne!(hashes[0], hashes[1]);
        assert_eq!(hashes[0].len(), 64);
    }
}
