//! The `ekyc` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ekyc_onboarder::cli::main()
}
