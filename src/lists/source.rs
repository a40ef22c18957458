//! Reads a list file once, as a stream, and hashes what goes by.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::ListError;

/// Digits of the sha256 that name a version of a list.
const VERSION_DIGITS: usize = 16;

/// A reader that keeps the sha256 of everything read through it.
pub(super) struct HashingReader<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> HashingReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    /// The shortened sha256 of what was read.
    pub(super) fn version(self) -> String {
        let mut digits = hex::encode(self.hash.finalize());
        digits.truncate(VERSION_DIGITS);
        digits
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// The end of a row. The reader's own default takes a carriage return as the end and then counts the line feed
/// after it to the next row, which makes the line numbers of such files wrong; so fields are trimmed instead.
pub(super) const ROW_END: csv::Terminator = csv::Terminator::Any(b'\n');

/// Opens a list file for streaming.
pub(super) fn open(path: &Path) -> Result<HashingReader<BufReader<File>>, ListError> {
    let file = File::open(path).map_err(io_error(path))?;
    Ok(HashingReader::new(BufReader::new(file)))
}

/// Says which file the system's complaint is about.
pub(super) fn io_error(path: &Path) -> impl Fn(io::Error) -> ListError + '_ {
    move |source| ListError::Io { path: path.to_owned(), source }
}
