//! Digests of cached files, and the stamps that spare computing them again at every start.
//!
//! A stamp says: with this size and modification time the content had this digest. It saves time and is no
//! protection: who can write to the cache can write stamps. `ekyc models verify` ignores them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::manifest::Sha256Digest;

/// Digest of a file's content.
pub fn digest_file(path: &Path) -> io::Result<Sha256Digest> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 17];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Sha256Digest::finish(hasher)),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Digest of a folder: of the lines `<sha256>  <path>\n` of its files, sorted by path.
pub fn digest_tree(root: &Path) -> io::Result<Sha256Digest> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    files.sort();
    let mut hasher = Sha256::new();
    for relative in files {
        let digest = digest_file(&root.join(&relative))?;
        hasher.update(format!("{digest}  {relative}\n"));
    }
    Ok(Sha256Digest::finish(hasher))
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let relative = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{relative}/"), files)?;
        } else {
            files.push(relative);
        }
    }
    Ok(())
}

/// Whether a stamp says that `path` still has `digest`.
pub fn vouches(path: &Path, digest: Sha256Digest) -> bool {
    let line = stamp_line(path, digest);
    line.is_ok_and(|line| fs::read_to_string(stamp_path(path)).is_ok_and(|stamp| stamp == line))
}

/// Writes the stamp of `path`, whose content was just found to have `digest`. A cache that cannot be written
/// to (baked into an image) works without stamps, only slower; so a failure is no error.
pub fn write(path: &Path, digest: Sha256Digest) {
    if let Ok(line) = stamp_line(path, digest) {
        // A torn stamp matches nothing and is written anew.
        let _ = fs::write(stamp_path(path), line);
    }
}

/// Removes the stamp of a file that turned out to be changed.
pub fn remove(path: &Path) {
    let _ = fs::remove_file(stamp_path(path));
}

/// Whole seconds: container image layers drop the rest of a modification time. A folder's size differs between
/// file systems and is left out.
fn stamp_line(path: &Path, digest: Sha256Digest) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    let size = if metadata.is_dir() { 0 } else { metadata.len() };
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(format!("{digest} {size} {modified}\n"))
}

fn stamp_path(path: &Path) -> PathBuf {
    path.with_added_extension("stamp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_vouches_until_the_size_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.onnx");
        fs::write(&path, b"weights").unwrap();
        let digest = digest_file(&path).unwrap();
        assert!(!vouches(&path, digest));
        write(&path, digest);
        assert!(vouches(&path, digest));
        assert!(!vouches(&path, Sha256Digest::of(b"others")));
        fs::write(&path, b"other weights").unwrap();
        assert!(!vouches(&path, digest));
    }

    #[test]
    fn the_digest_of_a_folder_is_that_of_its_sorted_listing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/x"), b"1").unwrap();
        fs::write(folder.path().join("b.txt"), b"2").unwrap();
        let listing = format!("{}  b.txt\n{}  b/x\n", Sha256Digest::of(b"2"), Sha256Digest::of(b"1"));
        assert_eq!(digest_tree(folder.path()).unwrap(), Sha256Digest::of(listing.as_bytes()));
    }
}
