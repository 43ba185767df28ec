//! Bodies within bounds: bytes on the wire, bytes unpacked, time.

use std::io::Read as _;

use flate2::read::{GzDecoder, ZlibDecoder};

use super::answer::Answer;
use crate::limits::{self, Breach};

/// Bounds of one body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) wire: usize,
    pub(crate) unpacked: usize,
    /// Times that a 429 is waited for.
    pub(crate) patience: u32,
}

impl Bounds {
    pub(crate) const ANSWER: Self = Self {
        wire: limits::BODY,
        unpacked: limits::UNPACKED,
        patience: limits::PATIENCE,
    };
    pub(crate) const SPECIFICATION: Self = Self {
        wire: limits::SPECIFICATION,
        unpacked: limits::SPECIFICATION,
        patience: limits::PATIENCE,
    };
}

/// Reads a response to its end or to its bound, whatever comes first.
pub(crate) async fn read(mut response: reqwest::Response, bounds: Bounds) -> Answer {
    let mut answer = Answer {
        status: response.status().as_u16(),
        ..Answer::default()
    };
    headers(&response, &mut answer);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = bounds.wire - answer.body.len();
                answer
                    .body
                    .extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    answer.breaches.push(Breach::Body);
                    break;
                }
            }
            Err(error) if error.is_timeout() => {
                answer.breaches.push(Breach::Slow);
                break;
            }
            Ok(None) | Err(_) => break,
        }
    }
    unpack(&mut answer, bounds);
    answer
}

fn headers(response: &reqwest::Response, answer: &mut Answer) {
    let mut size = 0;
    for (name, value) in response.headers() {
        size += name.as_str().len() + value.len();
        if size > limits::HEADERS {
            answer.breaches.push(Breach::Headers);
            break;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        answer.headers.push((name.as_str().to_owned(), value));
    }
}

fn unpack(answer: &mut Answer, bounds: Bounds) {
    let packing = answer
        .header("content-encoding")
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let most = bounds.unpacked as u64 + 1;
    let mut out = Vec::new();
    let read = match packing.as_str() {
        "" | "identity" => return,
        "gzip" | "x-gzip" => GzDecoder::new(answer.body.as_slice())
            .take(most)
            .read_to_end(&mut out),
        "deflate" => ZlibDecoder::new(answer.body.as_slice())
            .take(most)
            .read_to_end(&mut out),
        _ => Err(std::io::ErrorKind::Unsupported.into()),
    };
    if out.len() > bounds.unpacked {
        out.truncate(bounds.unpacked);
        answer.breaches.push(Breach::Unpacked);
    } else if read.is_err() {
        // What was cut on the wire can't end well; what came before is still worth reading.
        if !answer.breaches.contains(&Breach::Body) {
            answer.breaches.push(Breach::Packing);
        }
    }
    answer.body = out;
}
