//! The demonstration: synthetic evidence, and a client that carries it through the documented HTTP API.
//!
//! It starts no server; whoever runs it passes the address in. The people are fictional, the passports
//! are specimens of Utopia, the liveness frames are synthetic, and the output says so.

use std::sync::Arc;

use chrono::NaiveDate;
use image::RgbImage;

pub mod client;
pub mod evidence;
pub mod frames;
pub mod persona;
pub mod pixels;
pub mod portrait;
pub mod print;
pub mod report;
pub mod samples;
pub mod scenario;
pub mod specimen;
pub mod stage;
mod walk;
mod words;

use client::Client;
use evidence::Material;
use persona::stream;
pub use portrait::FoundFace;
pub use report::DemoSummary;
use report::Printer;
use scenario::SCENARIOS;

/// Finds the faces of a picture; any detector will do.
pub type FaceFinder = Box<dyn Fn(&RgbImage) -> anyhow::Result<Vec<FoundFace>> + Send + Sync>;

/// A person whom the loaded sanctions list names.
#[derive(Clone, Debug)]
pub struct SanctionedPerson {
    /// As the list writes them, in Latin letters.
    pub given_names: String,
    /// As the list writes it, in Latin letters.
    pub surname: String,
    /// As the list has it.
    pub birth_date: NaiveDate,
}

/// What the demonstration needs.
pub struct DemoInputs {
    /// Of the running server, for example `http://127.0.0.1:9000`.
    pub base_url: String,
    /// With the scopes `sessions:read`, `sessions:write` and `kyc:write`.
    pub api_key: String,
    /// Names, dates, numbers and pictures follow from it.
    pub seed: u64,
    /// The day on which it runs; validity is relative to it.
    pub today: NaiveDate,
    /// The sample portrait.
    pub portrait: RgbImage,
    /// A group photograph, for somebody else's face.
    pub group: RgbImage,
    /// Used on the two pictures above.
    pub find_faces: FaceFinder,
    /// For the scenario of the sanctioned name.
    pub sanctioned: SanctionedPerson,
    /// Where the server keeps its data; printed.
    pub data_directory: String,
    /// The policy under which the server decides; printed.
    pub policy: String,
    /// Prints nothing: the caller prints the summary as JSON.
    pub json: bool,
}

/// Runs every scenario over HTTP, one after the other, and prints each step.
///
/// Fails only where nothing can be shown at all: no face in the pictures, no usable address. What goes wrong in a
/// scenario is its outcome.
pub async fn run(inputs: DemoInputs) -> anyhow::Result<DemoSummary> {
    let printer = Printer::new(inputs.json);
    introduce(printer, &inputs);
    let client = Client::new(&inputs.base_url, &inputs.api_key)?;
    let (seed, portrait, group, find) = (inputs.seed, inputs.portrait, inputs.group, inputs.find_faces);
    let prepare = move || Material::prepare(&portrait, &group, &*find, &mut stream(seed, "material"));
    let material = Arc::new(tokio::task::spawn_blocking(prepare).await??);
    let mut summary = DemoSummary { seed, outcomes: Vec::new() };
    for (index, scenario) in SCENARIOS.iter().enumerate() {
        printer.heading(index + 1, scenario.title, scenario.expected);
        let day = (seed, inputs.today);
        let walk =
            walk::Walk::new(&client, Arc::clone(&material), printer, scenario, day, &inputs.sanctioned);
        let outcome = walk.run().await;
        printer.outcome(&outcome);
        summary.outcomes.push(outcome);
    }
    printer.summary(&summary);
    Ok(summary)
}

fn introduce(printer: Printer, inputs: &DemoInputs) {
    printer.line("eKYC-Onboarder: a demonstration over HTTP with real models and fictional people");
    printer.line("");
    printer.block(&format!("server          {}", inputs.base_url));
    printer.block(&format!("data directory  {} (temporary)", inputs.data_directory));
    printer.block(&format!("seed            {}", inputs.seed));
    printer.block("passports       specimens of Utopia (UTO), printed for this run");
    printer.block(
        "liveness        the frames are SYNTHETIC: one photograph re-projected to turn its head or blink",
    );
    printer.line("");
    printer.line(
        "The demonstration's own policy accepts specimens and synthetic frames; the default accepts neither:",
    );
    printer.block(&inputs.policy);
}
