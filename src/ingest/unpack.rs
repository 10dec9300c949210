//! Compression: found by its magic bytes and undone while reading.

use std::io::{self, Read};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1F, 0x8B, ..] => Compression::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Compression::Zstd,
            // A zstd file may start with a frame to be skipped.
            [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// What a format's name ends in.
    pub fn suffix(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
        }
    }
}

/// A reader of what is inside.
pub fn decompress<'a>(compression: Compression, reader: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(reader),
        Compression::Gzip => {
            // The default buffer of the decoder is small for a file of gigabytes.
            let reader = io::BufReader::with_capacity(1 << 18, reader);
            Box::new(Labelled::new(flate2::bufread::MultiGzDecoder::new(reader), "gzip"))
        }
        Compression::Zstd => Box::new(Labelled::new(zstd::stream::read::Decoder::new(reader)?, "zstd")),
    })
}

/// Says of which packing an error speaks, and where it is.
pub struct Labelled<R> {
    inner: R,
    what: &'static str,
    /// Bytes that came out so far.
    n: u64,
}

impl<R> Labelled<R> {
    pub fn new(inner: R, what: &'static str) -> Self {
        Labelled { inner, what, n: 0 }
    }
}

impl<R: Read> Read for Labelled<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Labelled { inner, what, n } = self;
        match inner.read(buf) {
            Ok(read) => {
                *n += read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("its {what} data is damaged or cut off after {n} bytes of what it holds ({error})"),
            )),
        }
    }
}
