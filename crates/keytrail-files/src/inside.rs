//! What lies inside files: archives, packed streams, documents, databases, compiled code, source maps.
//!
//! Everything is read, nothing is written: no entry of an archive gets a name on the disk. Limits are in
//! [`limits`]; what is met is told in the coverage.

mod compiled;
mod kind;
mod limits;
mod office;
mod pdf;
mod source_map;
mod sqlite;
mod tar;

use std::borrow::Cow;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use keytrail_detect::ItemReader;
use keytrail_model::FileSpan;
use serde_json::{Map, json};

pub(crate) use self::kind::Kind;
use self::kind::{Packing, unpacked};
pub(crate) use self::limits::Meter;
use self::limits::{DEEPEST, HELD, HELD_INSIDE};
use self::sqlite::{Database, Row, Table};
use self::tar::Tar;
use crate::search::{Named, Search};
use crate::skip::{is_binary_name, is_foreign_name};

/// Parts of one file that are named when they can't be read; the others are counted.
const MOST_NAMED: usize = 8;
/// Keys of one column that are told.
const MOST_OF_A_COLUMN: usize = 50;
/// What unpacking an `.xz` stream may take, in KB.
const XZ_MEMORY: u32 = 128 * 1024;

/// One file of the tree, and what it holds.
pub(crate) struct Inside<'r, 's> {
    pub(crate) search: &'s mut Search<'r>,
    pub(crate) meter: &'s Meter,
    /// Parts that could not be read.
    unread: usize,
}

impl<'r, 's> Inside<'r, 's> {
    pub(crate) fn new(search: &'s mut Search<'r>, meter: &'s Meter) -> Self {
        Self {
            search,
            meter,
            unread: 0,
        }
    }

    /// Reads the file to its end, whatever it holds.
    pub(crate) fn file(&mut self, at: Named<'_>, reader: Box<dyn Read + '_>) {
        if let Err(error) = self.any(at, reader, 0) {
            self.tell(at.path, format!("read in part: {}", said(&error)));
        }
        if self.unread > MOST_NAMED {
            let more = self.unread - MOST_NAMED;
            self.search
                .part
                .problem(at.path, format!("{more} more parts of it are not read"));
        }
    }

    fn tell(&mut self, path: &Arc<str>, message: String) {
        self.unread += 1;
        if self.unread <= MOST_NAMED {
            self.search.part.problem(path, message);
        }
    }

    fn any(&mut self, at: Named<'_>, reader: Box<dyn Read + '_>, depth: usize) -> io::Result<()> {
        let last = at.name.rsplit('/').next().unwrap_or(at.name);
        let Some(kind) = Kind::of(last) else {
            if is_binary_name(last.rsplit_once('.').map_or("", |(_, end)| end)) {
                self.search.part.binary += 1;
                return Ok(());
            }
            return self.search.text(at, reader);
        };
        if depth > DEEPEST {
            self.tell(
                at.path,
                format!("not read: it lies in more than {DEEPEST} others"),
            );
            return Ok(());
        }
        match kind {
            Kind::Packed(packing) => self.packed(at, packing, reader, depth),
            Kind::Tar => self.tar(at, reader, depth),
            Kind::SourceMap => self.source_map(at, reader, depth),
            Kind::Zip | Kind::Office | Kind::Pdf | Kind::Sqlite | Kind::Compiled => {
                self.held(at, kind, reader, depth)
            }
        }
    }

    /// A stream that is what its name says; else a text or nothing.
    fn packed(
        &mut self,
        at: Named<'_>,
        packing: Packing,
        mut reader: Box<dyn Read + '_>,
        depth: usize,
    ) -> io::Result<()> {
        let mut head = Vec::new();
        (&mut *reader).take(6).read_to_end(&mut head)?;
        let magic: &[u8] = match packing {
            Packing::Gzip => b"\x1F\x8B",
            Packing::Bzip2 => b"BZh",
            Packing::Xz => b"\xFD7zXZ\0",
            Packing::Zstandard => b"\x28\xB5\x2F\xFD",
        };
        let is_packed = head.starts_with(magic);
        let reader = Cursor::new(head).chain(reader);
        if !is_packed {
            return self.search.text(at, Box::new(reader));
        }
        let buffered = BufReader::with_capacity(128 * 1024, reader);
        let decoder: Box<dyn Read + '_> = match packing {
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
            Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered)),
            Packing::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(
                buffered, true, XZ_MEMORY,
            )),
            Packing::Zstandard => Box::new(Frames::new(buffered)),
        };
        let name = unpacked(at.name);
        let inner = Named {
            path: at.path,
            name: &name,
        };
        let meter = self.meter;
        self.any(inner, Box::new(meter.count(decoder)), depth + 1)
    }

    fn tar(&mut self, at: Named<'_>, reader: Box<dyn Read + '_>, depth: usize) -> io::Result<()> {
        let mut tar = Tar::new(BufReader::with_capacity(64 * 1024, reader));
        while let Some(entry) = tar.next()? {
            let content = tar.content(entry.size);
            self.entry(at, &entry.name, Box::new(content), depth)?;
        }
        Ok(())
    }

    /// A file of an archive. Fails only where the rest can't be read either.
    fn entry(
        &mut self,
        at: Named<'_>,
        inner: &str,
        reader: Box<dyn Read + '_>,
        depth: usize,
    ) -> io::Result<()> {
        if !self.meter.file() {
            let most = limits::MOST_FILES;
            return Err(io::Error::other(format!("it holds more than {most} files")));
        }
        let inner = shown(inner);
        if Path::new(&inner).ancestors().skip(1).any(is_foreign_name) {
            self.search.part.foreign_inside += 1;
            return Ok(());
        }
        let path: Arc<str> = Arc::from(format!("{}!{inner}", at.path));
        let name = format!("{}/{inner}", at.name);
        let named = Named {
            path: &path,
            name: &name,
        };
        self.search.part.inside += 1;
        match self.any(named, reader, depth + 1) {
            Err(error) if self.meter.is_empty() => Err(error),
            Err(error) => {
                self.tell(&path, format!("read in part: {}", said(&error)));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// What has to be in memory to be read.
    fn held(
        &mut self,
        at: Named<'_>,
        kind: Kind,
        reader: Box<dyn Read + '_>,
        depth: usize,
    ) -> io::Result<()> {
        let most = if depth == 0 { HELD } else { HELD_INSIDE };
        let mut bytes = Vec::new();
        reader.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            let most = most >> 20;
            return Err(io::Error::other(format!(
                "it is larger than {most} MB, the limit for files of its kind"
            )));
        }
        match kind {
            Kind::Zip if bytes.starts_with(b"PK") => self.zip(at, &bytes, depth, false),
            Kind::Office if bytes.starts_with(b"PK") => self.zip(at, &bytes, depth, true),
            // A document under a password is one of the old form that holds the new.
            Kind::Office if bytes.starts_with(b"\xD0\xCF\x11\xE0") => {
                self.tell(
                    at.path,
                    "not read: it is encrypted, or of a form before 2007".to_owned(),
                );
                Ok(())
            }
            Kind::Pdf if bytes.starts_with(b"%PDF") => {
                self.pdf(at, &bytes);
                Ok(())
            }
            Kind::Sqlite => {
                self.sqlite(at, &bytes);
                Ok(())
            }
            Kind::Compiled => {
                // Docstrings stand among the strings, and nothing tells them apart.
                let name = format!("{}.txt", at.name);
                let named = Named { name: &name, ..at };
                self.search.held(named, &compiled::text(&bytes));
                Ok(())
            }
            _ => {
                self.search.held(at, &bytes);
                Ok(())
            }
        }
    }

    fn zip(&mut self, at: Named<'_>, bytes: &[u8], depth: usize, office: bool) -> io::Result<()> {
        // The directory is read whole before its first entry is.
        let entries = memchr::memmem::find_iter(bytes, b"PK\x01\x02").count();
        if entries > limits::MOST_FILES {
            let most = limits::MOST_FILES;
            return Err(io::Error::other(format!("it holds more than {most} files")));
        }
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
        let mut encrypted = 0;
        for number in 0..archive.len() {
            let entry = match archive.by_index(number) {
                Ok(entry) => entry,
                Err(error) => {
                    let locked = matches!(&error, zip::result::ZipError::UnsupportedArchive(why) if why.contains("assword"));
                    encrypted += usize::from(locked);
                    if !locked {
                        self.tell(
                            at.path,
                            format!("its file number {number} is not read: {error}"),
                        );
                    }
                    continue;
                }
            };
            if !entry.is_file() {
                continue;
            }
            let name = entry
                .name()
                .map_or_else(|_| "?".to_owned(), Cow::into_owned);
            let meter = self.meter;
            let reader = Box::new(meter.count(entry));
            if office {
                if office::is_text(&name) {
                    self.document(at, &name, reader)?;
                }
            } else {
                self.entry(at, &name, reader, depth)?;
            }
        }
        if encrypted > 0 {
            self.tell(
                at.path,
                format!("{encrypted} of its files are encrypted and not read"),
            );
        }
        Ok(())
    }

    /// A part of an Office document.
    fn document(
        &mut self,
        at: Named<'_>,
        part: &str,
        reader: Box<dyn Read + '_>,
    ) -> io::Result<()> {
        let mut xml = Vec::new();
        reader.take(HELD_INSIDE).read_to_end(&mut xml)?;
        let path: Arc<str> = Arc::from(format!("{}!{}", at.path, shown(part)));
        // Judged as prose.
        let name = format!("{}.txt", at.name);
        let named = Named {
            path: &path,
            name: &name,
        };
        self.search.part.inside += 1;
        self.search.held(named, &office::text(&xml));
        Ok(())
    }

    fn pdf(&mut self, at: Named<'_>, bytes: &[u8]) {
        let pdf = pdf::read(bytes, self.meter);
        if pdf.encrypted {
            self.tell(at.path, "not read: it is encrypted".to_owned());
            return;
        }
        if let Some(why) = pdf.cut {
            self.tell(at.path, format!("read in part: {why}"));
        }
        self.search.held(at, &pdf.text);
    }

    fn source_map(
        &mut self,
        at: Named<'_>,
        mut reader: Box<dyn Read + '_>,
        depth: usize,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        (&mut *reader)
            .take(HELD_INSIDE + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > HELD_INSIDE {
            return self
                .search
                .text(at, Box::new(Cursor::new(bytes).chain(reader)));
        }
        let Some(sources) = source_map::sources(&bytes) else {
            self.search.held(at, &bytes);
            return Ok(());
        };
        for (name, text) in sources {
            self.entry(at, &name, Box::new(Cursor::new(text)), depth)?;
        }
        Ok(())
    }

    fn sqlite(&mut self, at: Named<'_>, bytes: &[u8]) {
        let Some(database) = Database::open(bytes) else {
            // Other programs call their files so, too.
            self.search.held(at, bytes);
            return;
        };
        let reader = ItemReader::new(self.search.detector);
        self.search.part.files += 1;
        self.search.part.bytes += bytes.len() as u64;
        for table in database.tables() {
            self.search.part.inside += 1;
            self.table(at, &database, &table, &reader);
        }
    }

    fn table(
        &mut self,
        at: Named<'_>,
        database: &Database<'_>,
        table: &Table,
        reader: &ItemReader,
    ) {
        let path: Arc<str> = Arc::from(format!("{}!{}", at.path, shown(&table.name)));
        let test = keytrail_detect::is_test_path(at.name);
        let detector = self.search.detector;
        let mut told: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        let mut found = Vec::new();
        let may_name: Vec<bool> = table
            .columns
            .iter()
            .map(|name| detector.may_name_a_key(name))
            .collect();
        database.rows(table, |row| {
            let named = |at: usize| may_name.get(at).copied().unwrap_or_default();
            let looks = |text: &str| {
                text.contains(['\n', '{', '[', '"']) || detector.may_hold_a_key(text.as_bytes())
            };
            if !row
                .texts
                .iter()
                .any(|(at, text)| named(*at) || text.len() > 512 || looks(text))
            {
                return;
            }
            let id = row.id;
            for hit in reader.read(&item(table, row)).hits {
                let count = told.entry(hit.attribute.clone()).or_default();
                *count += 1;
                if *count <= MOST_OF_A_COLUMN {
                    found.push((id, hit));
                }
            }
        });
        for (id, mut hit) in found {
            let line = u32::try_from(id).unwrap_or(u32::MAX);
            hit.hit.name = Some(hit.attribute);
            self.search
                .found(hit.hit, FileSpan::line(&path, line), test, None);
        }
        for (column, count) in told
            .into_iter()
            .filter(|(_, count)| *count > MOST_OF_A_COLUMN)
        {
            let message =
                format!("of the {count} keys in `{column}` the first {MOST_OF_A_COLUMN} are told");
            self.search.part.problem(&path, message);
        }
    }
}

/// A row in the form of an item.
fn item(table: &Table, row: Row) -> Map<String, serde_json::Value> {
    let named = |at: usize| match table.columns.get(at) {
        Some(name) => name.clone(),
        None => format!("column {at}"),
    };
    let texts = row.texts.into_iter();
    texts
        .map(|(at, text)| (named(at), json!({"S": text})))
        .collect()
}

/// A name as it may be shown: one line of bounded length.
fn shown(name: &str) -> String {
    const LONGEST: usize = 400;
    let plain = |c: char| if c.is_control() { '?' } else { c };
    let name: String = name.chars().map(plain).take(LONGEST).collect();
    let name = name.trim_start_matches("./").trim_start_matches('/');
    if name.is_empty() {
        "?".to_owned()
    } else {
        name.to_owned()
    }
}

/// An error without more than its own words.
fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Other | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            error.to_string()
        }
        kind => kind.to_string(),
    }
}

/// Frames of Zstandard, one after another.
struct Frames<R: io::BufRead> {
    reader: Option<R>,
    decoder: Option<ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: io::BufRead> Frames<R> {
    fn new(reader: R) -> Self {
        Self {
            reader: Some(reader),
            decoder: None,
        }
    }
}

impl<R: io::BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(decoder) = &mut self.decoder {
                let count = decoder.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                self.reader = self
                    .decoder
                    .take()
                    .map(ruzstd::decoding::StreamingDecoder::into_inner);
            }
            let Some(mut reader) = self.reader.take() else {
                return Ok(0);
            };
            if reader.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let decoder = ruzstd::decoding::StreamingDecoder::new(reader);
            self.decoder = Some(decoder.map_err(|error| io::Error::other(error.to_string()))?);
        }
    }
}
