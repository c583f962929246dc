//! A ZIP archive that is written from beginning to end.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

/// Bytes that were written and not yet taken.
#[derive(Debug, Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive that is being written. Each step returns the bytes that are ready.
pub struct Archive {
    writer: ZipWriter<StreamWriter<Buffer>>,
    ready: Buffer,
}

impl Archive {
    pub fn new() -> Self {
        let ready = Buffer::default();
        Archive { writer: ZipWriter::new_stream(ready.clone()), ready }
    }

    /// Begins an entry.
    pub fn start(&mut self, name: &str) -> io::Result<()> {
        Ok(self.writer.start_file(name, SimpleFileOptions::default())?)
    }

    /// Writes more of the entry.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        self.writer.write_all(bytes)?;
        Ok(self.ready.take())
    }

    /// Adds a whole entry.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<Bytes> {
        self.start(name)?;
        self.write(bytes)
    }

    /// Writes the directory.
    pub fn finish(self) -> io::Result<Bytes> {
        self.writer.finish()?;
        Ok(self.ready.take())
    }
}
