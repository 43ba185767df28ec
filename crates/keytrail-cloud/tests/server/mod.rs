//! A server of our own on a free port of 127.0.0.1: answers what a function says.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "helpers of several tests, of which each uses some"
)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request: the first line with the headers, and the body.
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// The path with its query.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// Status and body.
pub(crate) type Told = (u16, Vec<u8>);

/// Serves for as long as the process lives; its endpoint.
pub(crate) fn serve(mut answer: impl FnMut(&Asked) -> Told + Send + 'static) -> String {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let answer = Arc::new(Mutex::new(move |asked: &Asked| answer(asked)));
    std::thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                talk(stream, &mut |asked| {
                    let mut answer = answer.lock().unwrap();
                    answer(asked)
                })
            });
        }
    });
    format!("http://127.0.0.1:{port}")
}

fn talk(mut stream: TcpStream, answer: &mut dyn FnMut(&Asked) -> Told) -> Option<()> {
    loop {
        let asked = request(&mut stream)?;
        let (status, body) = answer(&asked);
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // In one piece: two would wait for each other's acknowledgement.
        stream.write_all(&[head.into_bytes(), body].concat()).ok()?;
    }
}

/// The next request of a connection; nothing where it ends.
pub(crate) fn request(stream: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(Asked { head, body })
}
