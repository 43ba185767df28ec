//! Texts of any size: what is small is held, the rest is searched window by window.

use std::io::{self, Read};
use std::sync::Arc;

use keytrail_detect::{Detector, Format, Hit, ScanContext, Window};
use keytrail_model::{FileSpan, Fingerprinter, Keyring, Location};

use crate::collect::{Part, context, keep, sighting};
use crate::lines::Lines;
use crate::log;
use crate::text::{decode, decode_stream};

/// Larger texts are streamed. In bytes.
pub(crate) const HELD: u64 = 8 * 1024 * 1024;

/// Searches texts and gathers what is found in them.
pub(crate) struct Search<'r> {
    pub(crate) detector: &'r Detector,
    pub(crate) prints: &'r Fingerprinter,
    pub(crate) keyring: Option<&'r Keyring>,
    pub(crate) part: &'r mut Part,
    /// Version control leaves the file out.
    pub(crate) ignored: bool,
}

/// Where a text is shown to be, and under which name it is judged: in `a.zip!b/c.py` it is `a.zip/b/c.py`.
#[derive(Clone, Copy)]
pub(crate) struct Named<'n> {
    pub(crate) path: &'n Arc<str>,
    pub(crate) name: &'n str,
}

impl Search<'_> {
    /// A text that is read to its end.
    pub(crate) fn text(&mut self, at: Named<'_>, mut reader: Box<dyn Read + '_>) -> io::Result<()> {
        let mut head = Vec::new();
        (&mut *reader).take(HELD + 1).read_to_end(&mut head)?;
        if head.len() as u64 <= HELD {
            self.held(at, &head);
            return Ok(());
        }
        let text = decode_stream(Box::new(io::Cursor::new(head).chain(reader)))?;
        self.part.binary += u64::from(text.is_none());
        text.map_or(Ok(()), |text| self.streamed(at, text))
    }

    /// A text in memory; nothing where it is none.
    pub(crate) fn held(&mut self, at: Named<'_>, bytes: &[u8]) {
        let Some(text) = decode(bytes) else {
            self.part.binary += 1;
            return;
        };
        self.part.files += 1;
        self.part.bytes += bytes.len() as u64;
        let cx = self.context(at, &text);
        let mut lines = Lines::new(&text);
        let (hits, undecoded) = self.detector.scan_counting(&text, &cx);
        self.part.limits(at.path, hits.len(), undecoded);
        for hit in hits {
            let writer = log::writer(at.name, &text, hit.range.start, self.detector);
            let span = lines.span(at.path, &hit.range);
            self.found(hit, span, cx.test, writer);
        }
    }

    fn streamed(&mut self, at: Named<'_>, mut reader: Box<dyn Read + '_>) -> io::Result<()> {
        const HEAD: u64 = 64 * 1024;
        let mut head = Vec::new();
        (&mut *reader).take(HEAD).read_to_end(&mut head)?;
        let cx = self.context(at, &head);
        let mut place = (1, 1);
        let (mut hits, mut undecoded) = (0, 0);
        let mut reader = io::Cursor::new(head).chain(reader);
        let detector = self.detector;
        let read = detector.scan_stream(&mut reader, &cx, |mut window| {
            window.hits.truncate(Detector::MOST_HITS - hits);
            hits += window.hits.len();
            undecoded += window.undecoded;
            self.part.bytes += window.own.len() as u64;
            place = self.window(window, at, place, cx.test);
            hits < Detector::MOST_HITS
        });
        self.part.files += 1;
        self.part.limits(at.path, hits, undecoded);
        read
    }

    /// Line and column of the window's end.
    fn window(
        &mut self,
        window: Window<'_>,
        at: Named<'_>,
        place: (u32, u32),
        test: bool,
    ) -> (u32, u32) {
        let mut lines = Lines::resume(window.bytes, window.own.start, place);
        for hit in window.hits {
            let writer = log::writer(at.name, window.bytes, hit.range.start, self.detector);
            let span = lines.span(at.path, &hit.range);
            self.found(hit, span, test, writer);
        }
        Lines::resume(window.bytes, window.own.start, place).place(window.own.end)
    }

    /// Keeps a key.
    pub(crate) fn found(&mut self, hit: Hit, span: FileSpan, test: bool, writer: Option<String>) {
        keep(self.keyring, &hit, self.prints, &span.path);
        let location = Location::File { span };
        let mut sighting = sighting(hit, location, test, self.ignored, self.prints);
        sighting.context.writer = writer;
        self.part.sightings.push(sighting);
    }

    /// As [`context`]; counts packed files.
    fn context<'n>(&mut self, at: Named<'n>, text: &[u8]) -> ScanContext<'n> {
        let cx = context(at.name, text);
        let packed = cx.format != ScanContext::for_path(at.name).format;
        self.part.packed += u64::from(packed && cx.format == Format::Generated);
        cx
    }
}
