//! Evidence files: sealed before they touch the disk, under random names, on disk when `put` returns.
//!
//! Which event refers to which file is not known here; `sweep` is told by its caller.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::ids::{BlobId, SessionId};
use domain::ports::{EvidenceStore, PortError};
use domain::sealed::DataClass;
use uuid::Uuid;

use crate::vault::KeyVault;

const UNFINISHED: &str = ".unfinished-";

/// Where a file lies below the directory of evidence files.
pub fn place(blob: BlobId) -> PathBuf {
    let digits = blob.uuid().simple().to_string();
    Path::new(&digits[..2]).join(blob.to_string())
}

/// Sealed files in a directory: `<first two digits>/<blob id>`.
pub struct FileEvidence {
    directory: PathBuf,
    vault: Arc<KeyVault>,
}

impl FileEvidence {
    /// Files under `directory`, made (mode 0700) when missing.
    pub fn open(directory: &Path, vault: Arc<KeyVault>) -> io::Result<Self> {
        make_private_directory(directory)?;
        Ok(Self { directory: directory.to_owned(), vault })
    }

    /// Deletes files older than `age` that nothing refers to, and what interrupted writes left; returns how many.
    ///
    /// `age` has to exceed the longest time between `put` and the event that refers to the file.
    pub async fn sweep(
        &self,
        age: Duration,
        is_referred_to: impl Fn(BlobId) -> bool + Send + 'static,
    ) -> Result<u64, PortError> {
        let directory = self.directory.clone();
        on_disk(move || sweep(&directory, SystemTime::now() - age, &is_referred_to)).await
    }

    fn path(&self, blob: BlobId) -> PathBuf {
        self.directory.join(place(blob))
    }
}

#[async_trait]
impl EvidenceStore for FileEvidence {
    async fn put(&self, session: SessionId, class: DataClass, bytes: &[u8]) -> Result<BlobId, PortError> {
        let blob = BlobId::new(Uuid::new_v4());
        let sealed = self.vault.seal_raw(session, class, &blob.to_string(), bytes).await?;
        let path = self.path(blob);
        on_disk(move || write_durably(&path, &sealed)).await?;
        Ok(blob)
    }

    async fn remove(&self, blob: BlobId) -> Result<(), PortError> {
        let path = self.path(blob);
        on_disk(move || match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    async fn get(&self, session: SessionId, class: DataClass, blob: BlobId) -> Result<Vec<u8>, PortError> {
        let path = self.path(blob);
        let sealed = on_disk(move || match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        });
        let Some(sealed) = sealed.await? else {
            // Erasing deletes the key and the file: the key knows which of the two reasons it is.
            self.vault.require_key(session, class).await?;
            return Err(PortError::Failed("evidence file: missing".into()));
        };
        let mut opened = self.vault.open_raw(session, class, &blob.to_string(), &sealed).await?;
        Ok(std::mem::take(&mut opened))
    }
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, PortError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|_| PortError::Failed("evidence file: interrupted".into()))?;
    done.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            tracing::error!("the disk of the evidence files is full");
            PortError::Unavailable
        }
        kind => PortError::Failed(format!("evidence file: {kind}")),
    })
}

/// Writes beside the final name, syncs, renames, syncs the directory: after a crash the file is whole or absent.
fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().expect("a blob lies in a directory");
    if !directory.exists() {
        make_private_directory(directory)?;
        sync_directory(directory.parent().expect("below the blobs' directory"))?;
    }
    let name = path.file_name().expect("a blob has a name").to_string_lossy();
    let unfinished = directory.join(format!("{UNFINISHED}{name}"));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    sync_directory(directory)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    // Only Unix can open a directory to sync it.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

pub(crate) fn make_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn sweep(root: &Path, before: SystemTime, is_referred_to: &dyn Fn(BlobId) -> bool) -> io::Result<u64> {
    let mut swept = 0;
    for shard in std::fs::read_dir(root)? {
        let shard = shard?;
        if !shard.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(shard.path())? {
            let file = file?;
            let name = file.file_name();
            let name = name.to_string_lossy();
            let orphan = match name.parse() {
                Ok(blob) => !is_referred_to(blob),
                Err(_) => name.starts_with(UNFINISHED),
            };
            if orphan && file.metadata()?.modified()? < before {
                std::fs::remove_file(file.path())?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use domain::ports::Vault;
    use tempfile::TempDir;

    use super::*;
    use crate::vault::master::MasterKey;

    const CLASS: DataClass = DataClass::Biometric;

    fn session() -> SessionId {
        SessionId::new(Uuid::from_u128(1))
    }

    async fn files() -> (TempDir, FileEvidence) {
        let dir = tempfile::tempdir().unwrap();
        let master = MasterKey::from_bytes(&[1; 32]);
        let vault = KeyVault::open(&dir.path().join("keys.sqlite"), &master).await.unwrap();
        let partner = domain::ids::PartnerId::new(Uuid::from_u128(2));
        vault.open_session(session(), partner, &[]).await.unwrap();
        let files = FileEvidence::open(&dir.path().join("blobs"), Arc::new(vault)).unwrap();
        (dir, files)
    }

    #[tokio::test]
    async fn a_file_reads_back_and_holds_no_plaintext() {
        let (_dir, files) = files().await;
        let image = b"a recognisable picture ".repeat(10_000);
        let blob = files.put(session(), CLASS, &image).await.unwrap();
        assert_eq!(files.get(session(), CLASS, blob).await.unwrap(), image);
        let stored = std::fs::read(files.path(blob)).unwrap();
        assert!(!stored.windows(12).any(|window| window == b"recognisable"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_files_and_directories() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, files) = files().await;
        let blob = files.put(session(), CLASS, b"x").await.unwrap();
        let path = files.path(blob);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&path), mode(path.parent().unwrap()), mode(&files.directory)),
            (0o600, 0o700, 0o700)
        );
    }

    #[tokio::test]
    async fn a_file_under_another_name_does_not_open() {
        let (_dir, files) = files().await;
        let one = files.put(session(), CLASS, b"one").await.unwrap();
        let two = files.put(session(), CLASS, b"two").await.unwrap();
        std::fs::copy(files.path(one), files.path(two)).unwrap();
        assert!(files.get(session(), CLASS, two).await.is_err());
    }

    #[tokio::test]
    async fn after_erasure_a_file_is_unreadable_whether_deleted_or_not() {
        let (_dir, files) = files().await;
        let blob = files.put(session(), CLASS, b"face").await.unwrap();
        files.vault.erase(session(), CLASS).await.unwrap();
        assert_eq!(files.get(session(), CLASS, blob).await, Err(PortError::Erased));
        files.remove(blob).await.unwrap();
        files.remove(blob).await.unwrap();
        assert_eq!(files.get(session(), CLASS, blob).await, Err(PortError::Erased));
    }

    #[tokio::test]
    async fn a_sweep_takes_old_orphans_and_unfinished_writes_only() {
        let (_dir, files) = files().await;
        let kept = files.put(session(), CLASS, b"kept").await.unwrap();
        let orphan = files.put(session(), CLASS, b"orphan").await.unwrap();
        let unfinished = files.path(kept).with_file_name(format!("{UNFINISHED}x"));
        std::fs::write(unfinished, b"half").unwrap();
        assert_eq!(files.sweep(Duration::from_secs(3600), move |blob| blob == kept).await, Ok(0));
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(files.sweep(Duration::ZERO, move |blob| blob == kept).await, Ok(2));
        assert!(files.get(session(), CLASS, kept).await.is_ok());
        assert!(files.get(session(), CLASS, orphan).await.is_err());
    }
}
