//! Rows of `SQLite` files, read from their pages: tables with a row id or without, overflowing records,
//! the three encodings of text. Nothing is written, locked or recovered; a journal beside the file is not
//! looked at. Written by hand: the crates for it build or carry the C library.

use rustc_hash::FxHashSet;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// A longer record is cut.
const LONGEST: usize = 16 << 20;

/// An opened file.
pub(super) struct Database<'b> {
    bytes: &'b [u8],
    page: usize,
    usable: usize,
    encoding: u32,
}

/// A table of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    root: u32,
}

/// A row: its id, or its number in a table without ids, and its texts with the number of their column.
pub(super) struct Row {
    pub(super) id: u64,
    pub(super) texts: Vec<(usize, String)>,
}

impl<'b> Database<'b> {
    /// `None` where it is no such file, or an encrypted one.
    pub(super) fn open(bytes: &'b [u8]) -> Option<Self> {
        let header = bytes.get(..100)?;
        if !header.starts_with(MAGIC) {
            return None;
        }
        let page = match be(header, 16, 2)? {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => size,
            _ => return None,
        };
        let page = usize::try_from(page).ok()?;
        let usable = page - usize::from(header[20]);
        Some(Self {
            bytes,
            page,
            usable,
            encoding: be(header, 56, 4)?,
        })
        .filter(|database| database.usable >= 480)
    }

    /// The tables that people made.
    pub(super) fn tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        self.records(1, &mut |_, record| {
            let values = Self::values(record);
            let text = |at: usize| values.get(at).and_then(|value| self.text(value));
            let root = values.get(3).and_then(Value::number);
            let root = root.and_then(|root| u32::try_from(root).ok());
            let (Some(kind), Some(name), Some(root)) = (text(0), text(1), root) else {
                return;
            };
            if kind == "table" && root > 0 {
                tables.push(Table {
                    columns: columns(&text(4).unwrap_or_default()),
                    name,
                    root,
                });
            }
        });
        tables
    }

    /// Every row; of a damaged file what can be reached.
    pub(super) fn rows(&self, table: &Table, mut each: impl FnMut(Row)) {
        self.records(table.root, &mut |id, record| {
            let values = Self::values(record);
            let texts = values.iter().enumerate();
            let texts = texts.filter_map(|(at, value)| Some((at, self.text(value)?)));
            each(Row {
                id,
                texts: texts.collect(),
            });
        });
    }

    fn page(&self, number: u32) -> Option<&'b [u8]> {
        let start = usize::try_from(number)
            .ok()?
            .checked_sub(1)?
            .checked_mul(self.page)?;
        self.bytes.get(start..start.checked_add(self.page)?)
    }

    /// Visits each page once, so that pages which point at each other have an end.
    fn records(&self, root: u32, each: &mut dyn FnMut(u64, &[u8])) {
        let mut seen = FxHashSet::default();
        let mut waiting = vec![root];
        let mut count = 0;
        while let Some(number) = waiting.pop() {
            if !seen.insert(number) {
                continue;
            }
            if let Some(page) = self.page(number) {
                let _ = self.visit(number, page, &mut waiting, &mut count, each);
            }
        }
    }

    fn visit(
        &self,
        number: u32,
        page: &[u8],
        waiting: &mut Vec<u32>,
        count: &mut u64,
        each: &mut dyn FnMut(u64, &[u8]),
    ) -> Option<()> {
        // The first page begins with the header of the file.
        let start = if number == 1 { 100 } else { 0 };
        let kind = *page.get(start)?;
        let cells = usize::try_from(be(page, start + 3, 2)?).ok()?;
        let (interior, of_index) = (matches!(kind, 2 | 5), matches!(kind, 2 | 10));
        if !matches!(kind, 2 | 5 | 10 | 13) {
            return None;
        }
        let pointers = start + if interior { 12 } else { 8 };
        let mut children = Vec::new();
        for cell in 0..cells {
            let mut at = usize::try_from(be(page, pointers + 2 * cell, 2)?).ok()?;
            if interior {
                children.push(be(page, at, 4)?);
                at += 4;
            }
            if interior && !of_index {
                continue;
            }
            let length = varint(page, &mut at)?;
            *count += 1;
            let id = if of_index {
                *count
            } else {
                varint(page, &mut at)?
            };
            if let Some(record) = self.payload(page, at, length, of_index) {
                each(id, &record);
            }
        }
        if interior {
            children.push(be(page, start + 8, 4)?);
        }
        waiting.extend(children.into_iter().rev());
        Some(())
    }

    /// A record, with what overflows into other pages.
    fn payload(&self, page: &[u8], at: usize, length: u64, of_index: bool) -> Option<Vec<u8>> {
        let length = usize::try_from(length).ok()?;
        let most = if of_index {
            (self.usable - 12) * 64 / 255 - 23
        } else {
            self.usable - 35
        };
        let wanted = length.min(LONGEST);
        if length <= most {
            return Some(page.get(at..at + length)?.to_vec());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let local = least + (length - least) % (self.usable - 4);
        let local = if local <= most { local } else { least };
        let mut record = page.get(at..at + local)?.to_vec();
        let mut next = be(page, at + local, 4)?;
        // As many pages as the record needs, so a circle has an end.
        while next != 0 && record.len() < wanted {
            let page = self.page(next)?;
            let part = (wanted - record.len()).min(self.usable - 4);
            record.extend_from_slice(page.get(4..4 + part)?);
            next = be(page, 0, 4)?;
        }
        Some(record)
    }

    fn values(record: &[u8]) -> Vec<Value<'_>> {
        /// A table has no more.
        const MOST: usize = 32_767;
        let mut values = Vec::new();
        let mut at = 0;
        let Some(header) = varint(record, &mut at).and_then(|length| usize::try_from(length).ok())
        else {
            return values;
        };
        let mut body = header;
        while at < header && values.len() < MOST {
            let Some(kind) = varint(record, &mut at) else {
                break;
            };
            let length = match kind {
                0 | 8 | 9 | 10 | 11 => 0,
                1..=4 => kind,
                5 => 6,
                6 | 7 => 8,
                other => (other - 12) / 2,
            };
            let end = usize::try_from(length)
                .ok()
                .and_then(|length| body.checked_add(length));
            // Of a record that is cut, what is there.
            let bytes = end.map_or(&[][..], |end| {
                record.get(body..end.min(record.len())).unwrap_or_default()
            });
            values.push(Value { kind, bytes });
            body = end.unwrap_or(usize::MAX);
        }
        values
    }

    /// Texts, and bytes that are text.
    fn text(&self, value: &Value<'_>) -> Option<String> {
        if value.kind < 12 {
            return None;
        }
        if value.kind.is_multiple_of(2) {
            return std::str::from_utf8(value.bytes).ok().map(str::to_owned);
        }
        let wide = |unit: fn([u8; 2]) -> u16| {
            let units = value
                .bytes
                .chunks_exact(2)
                .map(|pair| unit([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        };
        Some(match self.encoding {
            2 => wide(u16::from_le_bytes),
            3 => wide(u16::from_be_bytes),
            _ => String::from_utf8_lossy(value.bytes).into_owned(),
        })
    }
}

struct Value<'r> {
    kind: u64,
    bytes: &'r [u8],
}

impl Value<'_> {
    fn number(&self) -> Option<u64> {
        match self.kind {
            8 => Some(0),
            9 => Some(1),
            1..=6 => Some(
                self.bytes
                    .iter()
                    .fold(0, |number, byte| number << 8 | u64::from(*byte)),
            ),
            _ => None,
        }
    }
}

/// A number of up to four bytes, the first one the highest.
fn be(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let part = bytes.get(at..at.checked_add(length)?)?;
    Some(
        part.iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte)),
    )
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0_u64;
    for count in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if count == 8 {
            return Some(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}

/// Names of the columns in `CREATE TABLE name (id integer, "api key" text, UNIQUE (…))`.
fn columns(sql: &str) -> Vec<String> {
    const CONSTRAINTS: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    let Some((_, inner)) = sql.split_once('(') else {
        return Vec::new();
    };
    let mut depth = 0_usize;
    let mut parts = vec![String::new()];
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    let names = parts.iter().filter_map(|part| {
        let part = part.trim();
        let close = match part.chars().next()? {
            '"' => '"',
            '`' => '`',
            '[' => ']',
            _ => return part.split_whitespace().next().map(str::to_owned),
        };
        part[1..].split(close).next().map(str::to_owned)
    });
    names
        .take_while(|name| !CONSTRAINTS.iter().any(|it| it.eq_ignore_ascii_case(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns() {
        let sql = "CREATE TABLE \"keys\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(80), \
                   [api key] text, `note` decimal(5, 2) CHECK (x > 1), UNIQUE (name, note))";
        assert_eq!(columns(sql), ["id", "name", "api key", "note"]);
        assert!(columns("CREATE VIRTUAL TABLE x").is_empty());
    }

    #[test]
    fn numbers() {
        assert_eq!(varint(&[0x81, 0x00], &mut 0), Some(128));
        assert_eq!(varint(&[0xFF; 9], &mut 0), Some(u64::MAX));
        assert_eq!(varint(&[0x80], &mut 0), None);
    }

    /// Every byte of a small header set to every value that matters: no panic, and an end.
    #[test]
    fn broken_files_end() {
        let mut file = vec![0; 1024];
        file[..16].copy_from_slice(MAGIC);
        file[16] = 2;
        file[59] = 1;
        file[100] = 13;
        file[104] = 3;
        for at in 100..160 {
            for byte in [0, 1, 2, 5, 10, 13, 0x7F, 0x80, 0xFF] {
                let mut broken = file.clone();
                broken[at] = byte;
                let database = Database::open(&broken).unwrap();
                for table in database.tables() {
                    database.rows(&table, |_| {});
                }
            }
        }
        assert!(Database::open(b"SQLite format 3\0").is_none());
    }
}
