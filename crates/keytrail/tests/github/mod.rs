//! What the Action asks of GitHub, on a free port of 127.0.0.1: comments of one pull request, and files of releases.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A comment: number, who, what.
pub(crate) type Comment = (u64, String, String);

/// What it holds, and what it was asked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) comments: Vec<Comment>,
    /// `METHOD path status`, in order.
    pub(crate) asked: Vec<String>,
    /// Answers everything about comments so, where it is not 0.
    pub(crate) refuses: u16,
    /// Comments that another run makes right before the next one is made here.
    pub(crate) meanwhile: Vec<Comment>,
    /// Released files by their path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    next: u64,
}

pub(crate) struct GitHub {
    pub(crate) url: String,
    pub(crate) state: Arc<Mutex<State>>,
}

/// The only token that it takes.
pub(crate) const TOKEN: &str = "token-of-the-job";
/// Who writes with it.
pub(crate) const BOT: &str = "github-actions[bot]";

pub(crate) fn serve() -> GitHub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let state = Arc::new(Mutex::new(State {
        next: 1_000,
        ..State::default()
    }));
    let held = Arc::clone(&state);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = answer(stream.unwrap(), &mut held.lock().unwrap());
        }
    });
    GitHub { url, state }
}

fn answer(mut stream: TcpStream, state: &mut State) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (mut length, mut known) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length: ") {
            length = value.parse().unwrap_or(0);
        }
        known |= line == format!("Authorization: Bearer {TOKEN}");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, bytes) = respond(method, target, known, &body, state);
    state.asked.push(format!("{method} {target} {status}"));
    let length = bytes.len();
    write!(
        stream,
        "HTTP/1.1 {status} told\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&bytes)
}

fn respond(
    method: &str,
    target: &str,
    known: bool,
    body: &[u8],
    state: &mut State,
) -> (u16, Vec<u8>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Some(file) = state.files.get(path) {
        return (200, file.clone());
    }
    let Some(rest) = path.strip_prefix("/repos/shop/api/issues/") else {
        return (404, Vec::new());
    };
    if !known {
        return (401, Vec::new());
    }
    if state.refuses != 0 {
        return (state.refuses, Vec::new());
    }
    let sent: Value = serde_json::from_slice(body).unwrap_or_default();
    let sent = sent["body"].as_str().unwrap_or_default().to_owned();
    let number = rest
        .strip_prefix("comments/")
        .and_then(|it| it.parse::<u64>().ok());
    let at = state.comments.iter().position(|it| Some(it.0) == number);
    match (method, rest, at) {
        ("GET", "7/comments", _) => (200, page(&state.comments, query)),
        ("POST", "7/comments", _) => {
            let others = std::mem::take(&mut state.meanwhile);
            state.comments.extend(others);
            state.next += 1;
            let made = (state.next, BOT.to_owned(), sent);
            let told = shown(&made);
            state.comments.push(made);
            (201, told.to_string().into_bytes())
        }
        ("PATCH", _, Some(at)) => {
            state.comments[at].2 = sent;
            (200, shown(&state.comments[at]).to_string().into_bytes())
        }
        ("DELETE", _, Some(at)) => {
            state.comments.remove(at);
            (204, Vec::new())
        }
        _ => (404, Vec::new()),
    }
}

fn page(comments: &[Comment], query: &str) -> Vec<u8> {
    let value = |name: &str| -> usize {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(key, _)| *key == name);
        found.and_then(|(_, value)| value.parse().ok()).unwrap()
    };
    let (size, number) = (value("per_page"), value("page"));
    let shown: Vec<Value> = comments
        .iter()
        .skip(size * (number - 1))
        .take(size)
        .map(shown)
        .collect();
    Value::from(shown).to_string().into_bytes()
}

fn shown((id, login, body): &Comment) -> Value {
    json!({ "id": id, "user": { "login": login }, "body": body })
}
