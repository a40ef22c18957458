//! The dependency rule: the business knows no HTTP, no SQL, no model runtime, and nothing of the root package.
//!
//! Reads `cargo tree`, normal dependencies only: tests may use what they like.

use anyhow::{Context, bail};

use crate::step;

/// Beginnings of crate names that neither `domain` nor `projections` may have anywhere in their tree.
const REFUSED: [&str; 47] = [
    // The root package depends on the domain, never the other way round.
    "ekyc-onboarder",
    // HTTP and TLS.
    "actix",
    "axum",
    "curl",
    "h2",
    "http",
    "hyper",
    "isahc",
    "native-tls",
    "openssl",
    "poem",
    "quinn",
    "reqwest",
    "rocket",
    "rustls",
    "salvo",
    "tonic",
    "tower",
    "ureq",
    "utoipa",
    "warp",
    // SQL and stores.
    "diesel",
    "eventstore",
    "libsqlite3-sys",
    "mongodb",
    "mysql",
    "postgres",
    "redis",
    "rusqlite",
    "sea-orm",
    "sled",
    "sqlite-es",
    "sqlx",
    "tokio-postgres",
    // Models and images.
    "burn",
    "candle",
    "image",
    "imageproc",
    "ndarray",
    "opencv",
    "ort",
    "rten",
    "tract",
    // Runtimes and the world outside; what cqrs-es itself brings (tokio without its I/O driver) passes.
    "async-std",
    "mio",
    "rand",
    "smol",
];

/// Crates that only others may bring: cqrs-es needs tokio, the rules do not.
const INDIRECT_ONLY: [&str; 1] = ["tokio"];

/// Checks the trees of both pure crates; the error names every crate that breaks the rule.
pub fn check() -> anyhow::Result<()> {
    let mut broken = vec![];
    for package in ["domain", "projections"] {
        let all = tree(package, &[])?;
        let direct = tree(package, &["--depth", "1"])?;
        broken.extend(breaches(package, &all, &direct));
        println!("{package}: {} crates, {} direct", all.len() - 1, direct.len() - 1);
    }
    if broken.is_empty() { Ok(()) } else { bail!("{}", broken.join("; ")) }
}

fn breaches(package: &str, all: &[String], direct: &[String]) -> Vec<String> {
    let refused = all.iter().filter(|name| is_refused(name));
    let too_near = direct.iter().filter(|name| INDIRECT_ONLY.contains(&name.as_str()));
    refused
        .map(|name| format!("{package} must not depend on {name}, not even through another crate"))
        .chain(too_near.map(|name| format!("{package} must not depend on {name} directly")))
        .collect()
}

/// A name is refused when it is one of the list or a part of its family: `sqlx-core`, `rten-tensor`, `image-webp`.
fn is_refused(name: &str) -> bool {
    REFUSED.iter().any(|refused| {
        name.strip_prefix(refused).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    })
}

/// The names in a package's tree, itself included, each once.
fn tree(package: &str, more: &[&str]) -> anyhow::Result<Vec<String>> {
    let output = step::cargo()
        .args(["tree", "--package", package, "--edges", "normal", "--prefix", "none"])
        .args(more)
        .output()
        .context("cargo tree does not start")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8(output.stdout).context("cargo tree writes UTF-8")?;
    let mut names: Vec<String> =
        text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_member_of_a_refused_family_is_refused_and_a_namesake_is_not() {
        for name in ["sqlx", "sqlx-core", "rten-tensor", "actix-web", "ort", "postgres-es", "ekyc-onboarder"]
        {
            assert!(is_refused(name), "{name}");
        }
        for name in ["tokio", "cqrs-es", "ortho", "towers", "imagesize", "url", "httparse"] {
            assert!(!is_refused(name), "{name}");
        }
    }

    #[test]
    fn tokio_is_for_cqrs_es_only() {
        let all = names(&["cqrs-es", "domain", "tokio"]);
        assert!(breaches("domain", &all, &names(&["cqrs-es", "domain"])).is_empty());
        assert_eq!(
            breaches("domain", &all, &names(&["domain", "tokio"])),
            ["domain must not depend on tokio directly"]
        );
    }

    #[test]
    fn a_refused_crate_is_named_with_its_package() {
        let all = names(&["projections", "sqlx-core"]);
        assert_eq!(
            breaches("projections", &all, &names(&["projections"])),
            ["projections must not depend on sqlx-core, not even through another crate"]
        );
    }
}
