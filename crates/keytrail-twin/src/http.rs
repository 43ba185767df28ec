//! The account behind a port of 127.0.0.1, as JSON over HTTP/1.1 with connections that stay open.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::world::World;

/// Serves for as long as the process lives; the endpoint.
pub fn serve(world: &World) -> std::io::Result<String> {
    let socket = TcpListener::bind("127.0.0.1:0")?;
    let port = socket.local_addr()?.port();
    let world = world.clone();
    std::thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            let world = world.clone();
            std::thread::spawn(move || talk(stream, &world));
        }
    });
    Ok(format!("http://127.0.0.1:{port}"))
}

fn talk(mut stream: TcpStream, world: &World) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (target, body) = request(&mut reader)?;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let reply = world.answer(&target, &body);
        if reply.lost {
            return None;
        }
        let text = reply.body.to_string();
        let head = format!(
            "HTTP/1.1 {} x\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            reply.status,
            text.len()
        );
        stream.write_all((head + &text).as_bytes()).ok()?;
        world.answered(&target);
    }
}

/// The next request: `X-Amz-Target`, and the body.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("x-amz-target") {
            value.trim().clone_into(&mut target);
        } else if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((target, body))
}
