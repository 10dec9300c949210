//! From bytes to UTF-8: which encoding a text is in, and a reader that turns it into UTF-8 on the way.
//!
//! Bytes that are no text in their encoding are never replaced: two names that differ must not become one. They come
//! out as a byte that is no UTF-8 either, so that the record they stand in is refused.

use std::io::{self, Read};

use encoding_rs::{DecoderResult, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How the bytes of a text become UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoding {
    pub encoding: &'static Encoding,
    /// Bytes of byte order marks in front.
    pub bom: usize,
    /// Whether the encoding was guessed from the text where a wrong guess would still read.
    pub is_guess: bool,
}

/// A byte that occurs in no UTF-8 text.
const NO_TEXT: u8 = 0xFF;

impl Decoding {
    /// Finds out how the text that starts with `head` is encoded; `wish` is what the flag says.
    ///
    /// # Errors
    /// An unknown name, or an encoding that is not read; a sentence.
    pub fn detect(head: &[u8], is_whole: bool, wish: Option<&str>) -> Result<Self, String> {
        let utf32 = head.starts_with(&[0xFF, 0xFE, 0, 0]) || head.starts_with(&[0, 0, 0xFE, 0xFF]);
        if utf32 {
            return Err("is UTF-32 text; convert it to UTF-8".into());
        }
        let (by_mark, bom) = match Encoding::for_bom(head) {
            Some((encoding, len)) => (Some(encoding), len * marks(head, &head[..len])),
            None => (None, 0),
        };
        if let Some(label) = wish {
            let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                format!(
                    "`{label}` is not an encoding; use utf-8, utf-16le, windows-1252, gb18030, shift_jis or the like"
                )
            })?;
            let encoding = if encoding == GBK { GB18030 } else { encoding };
            let bom = if by_mark == Some(encoding) { bom } else { 0 };
            return Ok(Decoding { encoding, bom, is_guess: false });
        }
        if let Some(encoding) = by_mark {
            return Ok(Decoding { encoding, bom, is_guess: false });
        }
        if let Some(encoding) = utf16_without_mark(head) {
            return Ok(Decoding { encoding, bom: 0, is_guess: true });
        }
        if is_utf8(head, is_whole) {
            return Ok(Decoding { encoding: UTF_8, bom: 0, is_guess: false });
        }
        Ok(Decoding { encoding: guess(head, is_whole), bom: 0, is_guess: true })
    }

    /// The encoding as people write it.
    pub fn name(&self) -> &'static str {
        self.encoding.name()
    }

    pub fn is_utf8(&self) -> bool {
        self.encoding == UTF_8
    }

    /// The start of the text as UTF-8, without the mark.
    pub fn decode(&self, head: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut reader = Transcoder::new(head, *self);
        // Reading from memory does not fail; what is cut off in the middle of a character comes out as no text.
        let _ = reader.read_to_end(&mut text);
        text
    }

    /// A reader of the same text as UTF-8, without the mark.
    pub fn reader<'a>(&self, reader: &'a mut dyn Read) -> io::Result<Box<dyn Read + 'a>> {
        if !self.is_utf8() {
            return Ok(Box::new(Transcoder::new(reader, *self)));
        }
        let mut mark = vec![0; self.bom];
        reader.read_exact(&mut mark)?;
        Ok(Box::new(reader))
    }
}

/// How often a mark is repeated in front; files that were glued together have several.
fn marks(head: &[u8], mark: &[u8]) -> usize {
    head.chunks_exact(mark.len()).take_while(|chunk| *chunk == mark).count()
}

/// UTF-16 without a mark: in ASCII text every second byte is 0.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(4096) & !1];
    if head.len() < 8 {
        return None;
    }
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let half = head.len() / 2;
    if odd * 10 >= half * 7 && even * 10 <= half {
        Some(UTF_16LE)
    } else if even * 10 >= half * 7 && odd * 10 <= half {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn is_utf8(head: &[u8], is_whole: bool) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        // The sample may end in the middle of a character.
        Err(error) => !is_whole && error.error_len().is_none(),
    }
}

/// The encoding of a text that is not valid UTF-8: still UTF-8 where a few lines are broken and more are good.
fn guess(head: &[u8], is_whole: bool) -> &'static Encoding {
    let (mut good, mut bad) = (0, 0);
    for line in head.split(|&byte| byte == b'\n').filter(|line| !line.is_ascii()) {
        if is_utf8(line, is_whole) { good += 1 } else { bad += 1 }
    }
    if good > bad {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(head, is_whole);
    let found = detector.guess(None, chardetng::Utf8Detection::Deny);
    if found == GBK {
        return GB18030;
    }
    // With little to go by, the detector prefers one of many single-byte alphabets; Western is by far the likeliest.
    let foreign = head.iter().filter(|&&byte| byte >= 0x80).count();
    if found.is_single_byte() && foreign < 8 { WINDOWS_1252 } else { found }
}

/// A reader that turns text of any encoding into UTF-8.
struct Transcoder<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    skip: usize,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    text: Vec<u8>,
    text_at: usize,
    text_end: usize,
    is_over: bool,
}

impl<R: Read> Transcoder<R> {
    fn new(inner: R, decoding: Decoding) -> Self {
        Transcoder {
            inner,
            decoder: decoding.encoding.new_decoder_without_bom_handling(),
            skip: decoding.bom,
            raw: vec![0; 1 << 16],
            raw_at: 0,
            raw_end: 0,
            text: vec![0; 1 << 18],
            text_at: 0,
            text_end: 0,
            is_over: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        (self.text_at, self.text_end) = (0, 0);
        while self.text_end == 0 && !self.is_over {
            if self.raw_at == self.raw_end {
                self.raw_end = self.inner.read(&mut self.raw)?;
                self.raw_at = self.skip.min(self.raw_end);
                self.skip -= self.raw_at;
            }
            let is_last = self.raw_end == 0;
            // One byte of room is kept for the mark of what is no text.
            let room = self.text.len() - 1;
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.raw[self.raw_at..self.raw_end],
                &mut self.text[..room],
                is_last,
            );
            self.raw_at += read;
            self.text_end = written;
            match result {
                DecoderResult::InputEmpty => self.is_over = is_last,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.text[self.text_end] = NO_TEXT;
                    self.text_end += 1;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.text_at == self.text_end {
            self.refill()?;
        }
        let n = buf.len().min(self.text_end - self.text_at);
        buf[..n].copy_from_slice(&self.text[self.text_at..self.text_at + n]);
        self.text_at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], name: &str, text: &str) {
        let decoding = Decoding::detect(bytes, true, None).expect("an encoding");
        assert_eq!(decoding.name(), name);
        assert_eq!(String::from_utf8(decoding.decode(bytes)).expect("UTF-8"), text);
        let mut read = Vec::new();
        decoding.reader(&mut &bytes[..]).expect("a reader").read_to_end(&mut read).expect("memory");
        assert_eq!(read, text.as_bytes());
    }

    #[test]
    fn every_encoding_reads_as_the_same_text() {
        let text = "id,事件,time\nJosé,加入购物车,2024\nJosè,付款,2025\n";
        check(text.as_bytes(), "UTF-8", text);
        check(format!("\u{FEFF}\u{FEFF}{text}").as_bytes(), "UTF-8", text);
        let utf16 = |be: bool, mark: bool| -> Vec<u8> {
            let marked = if mark { format!("\u{FEFF}{text}") } else { "id,event,time\na,b,c\n".to_owned() };
            marked.encode_utf16().flat_map(|unit| if be { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        check(&utf16(false, true), "UTF-16LE", text);
        check(&utf16(true, true), "UTF-16BE", text);
        check(&utf16(false, false), "UTF-16LE", "id,event,time\na,b,c\n");
        check(&utf16(true, false), "UTF-16BE", "id,event,time\na,b,c\n");
        let chinese = "用户ID,事件名,事件时间\n张三,加入购物车,2024-01-01\n李四,提交订单,2024-01-02\n";
        check(&GB18030.encode(chinese).0, "gb18030", chinese);
        check(b"id,event\nJos\xE9,caf\xE9\nM\xFCller,x\n", "windows-1252", "id,event\nJosé,café\nMüller,x\n");
    }

    #[test]
    fn what_is_no_text_stays_no_text() {
        let decoding = Decoding::detect(b"", true, Some("gb18030")).expect("known");
        let decoded = decoding.decode(b"a\xFF,b\n");
        assert!(std::str::from_utf8(&decoded).is_err());
        assert_eq!(decoded, b"a\xFF,b\n");
    }

    #[test]
    fn one_broken_line_does_not_change_the_encoding_of_the_rest() {
        let text = [&b"id,name\n1,Jos\xC3\xA9\n2,M\xC3\xBCller\n3,x\xE9\n"[..]].concat();
        assert!(Decoding::detect(&text, true, None).expect("text").is_utf8());
    }

    #[test]
    fn an_unknown_encoding_is_named() {
        let error = Decoding::detect(b"", true, Some("klingon")).expect_err("unknown");
        assert!(error.starts_with("`klingon` is not an encoding"), "{error}");
    }
}
