//! Whether a server still takes TLS 1.0 or 1.1: the first message of a handshake, nothing more. No library
//! that is worth using speaks them any more, so the message is written here.

use std::net::IpAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::limits;

/// `0x0301` is TLS 1.0, `0x0302` is 1.1.
pub(super) const OLD: [(u16, &str); 2] = [(0x0301, "TLS 1.0"), (0x0302, "TLS 1.1")];

/// True where the server answers the hello of this version with one of its own.
pub(super) async fn takes(host: &str, address: Option<IpAddr>, port: u16, version: u16) -> bool {
    let work = async {
        let mut stream = match address {
            Some(address) => TcpStream::connect((address, port)).await.ok()?,
            None => TcpStream::connect((host.trim_start_matches('[').trim_end_matches(']'), port))
                .await
                .ok()?,
        };
        stream.write_all(&hello(host, version)).await.ok()?;
        let mut head = [0_u8; 11];
        stream.read_exact(&mut head).await.ok()?;
        // A handshake record with a server's hello, in the version that was asked for.
        let is_hello = head[0] == 0x16 && head[5] == 0x02;
        (is_hello && u16::from_be_bytes([head[9], head[10]]) == version).then_some(())
    };
    matches!(
        tokio::time::timeout(limits::CONNECT, work).await,
        Ok(Some(()))
    )
}

fn hello(host: &str, version: u16) -> Vec<u8> {
    const SUITES: [u16; 8] = [
        0xc014, 0xc013, 0xc00a, 0xc009, 0x0035, 0x002f, 0x000a, 0x00ff,
    ];
    let mut body = version.to_be_bytes().to_vec();
    body.extend([0x5a; 32]);
    body.push(0);
    body.extend(u16_of(SUITES.len() * 2));
    for suite in SUITES {
        body.extend(suite.to_be_bytes());
    }
    body.extend([1, 0]);
    let extensions = extensions(host);
    body.extend(u16_of(extensions.len()));
    body.extend(extensions);
    let mut handshake = vec![1, 0];
    handshake.extend(u16_of(body.len()));
    handshake.extend(body);
    let mut record = vec![0x16, 0x03, 0x01];
    record.extend(u16_of(handshake.len()));
    record.extend(handshake);
    record
}

fn extensions(host: &str) -> Vec<u8> {
    let mut out = Vec::new();
    if host.parse::<IpAddr>().is_err() && !host.starts_with('[') {
        let name = host.as_bytes();
        out.extend([0, 0]);
        out.extend(u16_of(name.len() + 5));
        out.extend(u16_of(name.len() + 3));
        out.push(0);
        out.extend(u16_of(name.len()));
        out.extend(name);
    }
    // Groups x25519, secp256r1, secp384r1; uncompressed points.
    out.extend([0, 10, 0, 8, 0, 6, 0, 29, 0, 23, 0, 24]);
    out.extend([0, 11, 0, 2, 1, 0]);
    out
}

fn u16_of(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_fit() {
        let hello = hello("api.example.com", 0x0302);
        let record = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
        assert_eq!(record + 5, hello.len());
        let handshake = usize::from(u16::from_be_bytes([hello[7], hello[8]]));
        assert_eq!(handshake + 9, hello.len());
    }
}
