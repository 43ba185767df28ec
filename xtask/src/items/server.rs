//! `DescribeTable` and `Scan` of one table, from memory, as fast as a socket takes it; with counts of what
//! was read, and a throttle in front.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::table::{Page, Table};
use super::throttle::Throttle;

/// What the service saw since somebody last asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) units: f64,
    pub(super) refused: u64,
    /// From the first page to the last.
    pub(super) first: Option<Instant>,
    pub(super) last: Option<Instant>,
    /// Most items of one segment that had been read before.
    pub(super) again: Vec<u64>,
    pub(super) largest_page: u64,
}

/// The running service; it ends with the process.
#[derive(Clone, Debug)]
pub(super) struct Server {
    shared: Arc<Shared>,
    pub(super) endpoint: String,
}

#[derive(Debug)]
struct Shared {
    table: Table,
    /// How long each page takes beside its making.
    delay: Duration,
    throttle: Option<Mutex<Throttle>>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    seen: Seen,
    read: Vec<bool>,
}

impl Server {
    pub(super) fn start(
        table: Table,
        delay: Duration,
        throttle: Option<Throttle>,
    ) -> anyhow::Result<Self> {
        let socket = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", socket.local_addr()?);
        let read = vec![false; usize::try_from(table.items)?];
        let shared = Arc::new(Shared {
            table,
            delay,
            throttle: throttle.map(Mutex::new),
            inner: Mutex::new(Inner {
                seen: Seen::default(),
                read,
            }),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A connection that breaks is its client's end.
                std::thread::spawn(move || serve(stream, &shared).ok());
            }
        });
        Ok(Self { shared, endpoint })
    }

    pub(super) fn table(&self) -> &Table {
        &self.shared.table
    }

    /// What was seen since the last call; which items were read stays known.
    pub(super) fn take(&self) -> Seen {
        let mut inner = self.shared.inner();
        std::mem::take(&mut inner.seen)
    }

    /// True after the first page since `take`.
    pub(super) fn began(&self) -> bool {
        self.shared.inner().seen.first.is_some()
    }

    /// How many items were read at all.
    pub(super) fn read(&self) -> usize {
        self.shared
            .inner()
            .read
            .iter()
            .filter(|read| **read)
            .count()
    }
}

impl Shared {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn answer(&self, operation: &str, request: &Value) -> (u16, Vec<u8>) {
        match operation {
            "DescribeTable" => (200, self.described().to_string().into_bytes()),
            "Scan" => self.scan(request),
            _ => refusal("UnknownOperationException"),
        }
    }

    fn described(&self) -> Value {
        json!({"Table": {
            "TableName": "keys",
            "TableStatus": "ACTIVE",
            "ItemCount": self.table.items,
            "TableSizeBytes": self.table.bytes(),
            "TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/keys",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        }})
    }

    fn scan(&self, request: &Value) -> (u16, Vec<u8>) {
        let number = |field: &str| request[field].as_u64();
        let segment = number("Segment").unwrap_or(0);
        let mut rest = self
            .table
            .segment(segment, number("TotalSegments").unwrap_or(1));
        if let Some(start) = request["ExclusiveStartKey"]["id"]["S"].as_str() {
            let after = start
                .strip_prefix("owner-")
                .and_then(|number| number.parse::<u64>().ok());
            let Some(after) = after.filter(|after| rest.contains(after)) else {
                return refusal("ValidationException");
            };
            rest.start = after + 1;
        }
        if let Some(throttle) = &self.throttle
            && !throttle
                .lock()
                .is_ok_and(|mut throttle| throttle.lets(Instant::now()))
        {
            self.inner().seen.refused += 1;
            return refusal("ProvisionedThroughputExceededException");
        }
        let page = self.table.page(&rest, number("Limit").unwrap_or(u64::MAX));
        if let Some(throttle) = &self.throttle
            && let Ok(mut throttle) = throttle.lock()
        {
            throttle.spend(page.units);
        }
        self.count(segment, &page);
        std::thread::sleep(self.delay);
        (200, written(&page))
    }

    fn count(&self, segment: u64, page: &Page) {
        let mut inner = self.inner();
        let again = inner.mark(&page.items);
        let seen = &mut inner.seen;
        seen.units += page.units;
        seen.first.get_or_insert_with(Instant::now);
        seen.last = Some(Instant::now());
        seen.largest_page = seen.largest_page.max(page.items.end - page.items.start);
        let at = usize::try_from(segment).unwrap_or(0);
        if seen.again.len() <= at {
            seen.again.resize(at + 1, 0);
        }
        seen.again[at] += again;
    }
}

impl Inner {
    /// Marks items as read; how many were so before.
    fn mark(&mut self, items: &Range<u64>) -> u64 {
        let at = |item| usize::try_from(item).unwrap_or(usize::MAX);
        let read = self
            .read
            .get_mut(at(items.start)..at(items.end))
            .unwrap_or_default();
        let mut again = 0;
        for item in read {
            again += u64::from(std::mem::replace(item, true));
        }
        again
    }
}

fn written(page: &Page) -> Vec<u8> {
    let count = page.items.end - page.items.start;
    let mut out = Vec::with_capacity(page.json.len() + 300);
    out.extend_from_slice(b"{\"Items\":[");
    out.extend_from_slice(&page.json);
    out.push(b']');
    if !page.last {
        let last = page.items.end - 1;
        out.extend_from_slice(
            format!(",\"LastEvaluatedKey\":{{\"id\":{{\"S\":\"owner-{last:09}\"}}}}").as_bytes(),
        );
    }
    let units = page.units;
    out.extend_from_slice(
        format!(
            ",\"Count\":{count},\"ScannedCount\":{count},\
             \"ConsumedCapacity\":{{\"TableName\":\"keys\",\"CapacityUnits\":{units:.1}}}}}"
        )
        .as_bytes(),
    );
    out
}

fn refusal(code: &str) -> (u16, Vec<u8>) {
    let told = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}")});
    (400, told.to_string().into_bytes())
}

/// Requests of one connection, one after the other.
fn serve(stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut operation, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "x-amz-target" => {
                    value
                        .rsplit('.')
                        .next()
                        .unwrap_or_default()
                        .clone_into(&mut operation);
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (status, body) = shared.answer(&operation, &serde_json::from_slice(&body)?);
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // In one piece: two would wait for each other's acknowledgement.
        writer.write_all(&[head.into_bytes(), body].concat())?;
    }
}
