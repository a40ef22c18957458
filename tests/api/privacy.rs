//! Nothing personal lies in the data folder in clear: the whole demonstration runs, then every file is searched.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::support::{TestApp, demonstrate};

#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_holds_no_name_number_date_or_user_id_in_any_spelling() {
    let app = TestApp::for_specimens().await;
    let summary = demonstrate(&app.base, &app.key, 3).await;
    app.store.verify_log().await.unwrap();
    let folder = app.stop().await;
    let files = files_below(folder.path());
    assert!(files.iter().any(|file| file.ends_with("ekyc.db")));
    let needles: Vec<Vec<u8>> = summary
        .outcomes
        .iter()
        .flat_map(|outcome| &outcome.personal_data)
        .flat_map(|text| spellings(text))
        .collect();
    assert!(needles.len() > 200);
    for file in files {
        let content = std::fs::read(&file).unwrap().to_ascii_lowercase();
        for needle in &needles {
            let found = content.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{} holds {}", file.display(), String::from_utf8_lossy(needle));
        }
    }
}

/// A text in clear, in hexadecimal, as in an MRZ, as a six-digit date, and in base64 at each of the three alignments;
/// all in lower case. Short words that any file may hold by chance are left out.
pub fn spellings(text: &str) -> Vec<Vec<u8>> {
    let plain = text.as_bytes().to_vec();
    let mut found =
        vec![plain.clone(), hex::encode(&plain).into_bytes(), hex::encode_upper(&plain).into_bytes()];
    found.push(text.to_uppercase().replace([' ', '-'], "<").into_bytes());
    if let Ok(date) = text.parse::<chrono::NaiveDate>() {
        found.push(date.format("%Y%m%d").to_string().into_bytes());
        found.push(date.format("%d.%m.%Y").to_string().into_bytes());
    }
    for shift in 0..3 {
        let encoded = STANDARD_NO_PAD.encode([vec![b' '; shift], plain.clone()].concat());
        // The first and last characters mix with the neighbours' bits.
        let inner = &encoded[(shift * 4).div_ceil(3)..encoded.len() - 1];
        found.push(inner.as_bytes().to_vec());
    }
    found.retain(|needle| needle.len() >= 6);
    found.iter_mut().for_each(|needle| needle.make_ascii_lowercase());
    found
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files_below(&path) } else { vec![path] }
        })
        .collect()
}
