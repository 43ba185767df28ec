//! A service that answers by a script: what rules' pages show as `service.http`.
//!
//! Exchanges are parted by `###`. The first line is the request, `GET /path`, with ` as NAME` for one that is
//! answered to that identity only (`wrong`: any credential; `changed`: any token that is none of those
//! given); then the status with the content type, headers, an empty line, the body. Lines with `@` before the
//! first exchange say how the service is asked: `@llm quick`, `@jwt NAME {claims} WORD`, `@tls trusted`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::TcpListener;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use keytrail_http::{HttpOptions, Identity, LlmDepth};
use sha2::Sha256;

/// One exchange.
#[derive(Debug)]
struct Exchange {
    method: String,
    target: String,
    who: String,
    containing: String,
    status: u16,
    kind: String,
    headers: Vec<String>,
    body: String,
}

/// A script, read.
#[derive(Debug, Default)]
pub(crate) struct Script {
    exchanges: Vec<Exchange>,
    tokens: BTreeMap<String, String>,
    llm: bool,
    tls: String,
}

impl Script {
    pub(crate) fn parse(text: &str) -> Self {
        let mut script = Self::default();
        for section in text.split("###\n") {
            let section = section.trim_start_matches('\n');
            if section.starts_with('@') {
                section.lines().for_each(|line| script.directive(line));
            } else if !section.trim().is_empty() {
                script.exchange(section);
            }
        }
        for name in ["alice", "bob", "admin"] {
            if script.exchanges.iter().any(|it| it.who == name) && !script.tokens.contains_key(name)
            {
                script
                    .tokens
                    .insert(name.to_owned(), format!("script-token-of-{name}"));
            }
        }
        script
    }

    fn directive(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("@jwt ") {
            let (name, rest) = rest.split_once(' ').unwrap();
            let (claims, word) = rest.rsplit_once(' ').unwrap();
            self.tokens.insert(name.to_owned(), jwt(claims, word));
        } else if line.starts_with("@llm") {
            self.llm = true;
        } else if let Some(kind) = line.strip_prefix("@tls ") {
            kind.clone_into(&mut self.tls);
        }
    }

    fn exchange(&mut self, section: &str) {
        let (head, body) = section.split_once("\n\n").unwrap_or((section, ""));
        let mut lines = head.lines();
        let (request, containing) = lines
            .next()
            .unwrap()
            .split_once(" containing ")
            .map_or_else(
                || (section.lines().next().unwrap(), ""),
                |(request, containing)| (request, containing),
            );
        let (request, who) = request.split_once(" as ").unwrap_or((request, ""));
        let (method, target) = request.split_once(' ').unwrap();
        let (status, kind) = lines.next().unwrap().split_once(' ').unwrap();
        self.exchanges.push(Exchange {
            method: method.to_owned(),
            target: target.trim().to_owned(),
            who: who.trim().to_owned(),
            containing: containing.to_owned(),
            status: status.parse().unwrap(),
            kind: kind.to_owned(),
            headers: lines.map(str::to_owned).collect(),
            body: repeated(body.trim_end_matches('\n')),
        });
    }

    /// Serves on a free port of this machine until the process ends; how to ask it.
    pub(crate) fn serve(self) -> HttpOptions {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut options = HttpOptions::new(&format!("http://127.0.0.1:{port}/"));
        options.rate = 2_000;
        options.llm = self.llm.then_some(LlmDepth::Quick);
        for (name, token) in &self.tokens {
            let identity = Identity::parse(&format!("{name}=bearer:{token}")).unwrap();
            options.identities.push(identity);
        }
        let tls = (!self.tls.is_empty()).then(|| {
            let made = certificate();
            if self.tls == "trusted" {
                options.ca = Some(made.1.clone());
            }
            options.url = format!("https://127.0.0.1:{port}/");
            made.0
        });
        let script = Arc::new(self);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, tls) = (Arc::clone(&script), tls.clone());
                std::thread::spawn(move || match tls {
                    None => script.connection(stream),
                    Some(config) => {
                        let connection = rustls::ServerConnection::new(config).unwrap();
                        script.connection(rustls::StreamOwned::new(connection, stream));
                    }
                });
            }
        });
        options
    }

    fn connection(&self, stream: impl std::io::Read + Write) {
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let mut parts = line.split_whitespace();
            let (Some(method), Some(target)) = (parts.next(), parts.next()) else {
                return;
            };
            let (method, target) = (method.to_owned(), target.to_owned());
            let mut authorization = None;
            let mut length = 0;
            loop {
                let mut header = String::new();
                if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
                    break;
                }
                let (name, value) = header.split_once(':').unwrap_or((&header, ""));
                match name.to_ascii_lowercase().as_str() {
                    "authorization" => authorization = Some(value.trim().to_owned()),
                    "content-length" => length = value.trim().parse().unwrap_or(0),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
            let answer = self.answer(
                &method,
                &target,
                authorization.as_deref(),
                &String::from_utf8_lossy(&body),
            );
            let out = reader.get_mut();
            if out.write_all(&answer).and_then(|()| out.flush()).is_err() {
                return;
            }
        }
    }

    fn answer(
        &self,
        method: &str,
        target: &str,
        authorization: Option<&str>,
        text: &str,
    ) -> Vec<u8> {
        let caller = self.caller(authorization);
        let path = target.split('?').next().unwrap_or(target);
        let fits = |it: &&Exchange| {
            it.method == method
                && (it.target == target || it.target == path)
                && text.contains(&it.containing)
        };
        // The whole target before its path alone, a caller's own before everybody's.
        let mut known: Vec<&Exchange> = self.exchanges.iter().filter(fits).collect();
        known.sort_by_key(|it| (it.target != target, it.who.is_empty()));
        match known
            .iter()
            .find(|it| it.who.is_empty() || it.who == caller)
        {
            Some(it) => {
                let mut headers = vec![format!("Content-Type: {}", it.kind)];
                headers.extend(it.headers.iter().cloned());
                written(
                    it.status,
                    &headers,
                    if method == "HEAD" { "" } else { &it.body },
                )
            }
            None if !known.is_empty() => {
                written(401, &["WWW-Authenticate: Bearer".to_owned()], "{}")
            }
            None if method == "OPTIONS" => written(204, &[], ""),
            None => written(404, &["Content-Type: text/plain".to_owned()], "nothing"),
        }
    }

    fn caller(&self, authorization: Option<&str>) -> String {
        let Some(line) = authorization else {
            return String::new();
        };
        let token = line.strip_prefix("Bearer ").unwrap_or(line);
        let known = self.tokens.iter().find(|(_, own)| *own == token);
        match known {
            Some((name, _)) => name.clone(),
            None if token.split('.').count() == 3 => "changed".to_owned(),
            None => "wrong".to_owned(),
        }
    }
}

fn written(status: u16, headers: &[String], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// `@repeat 120 {"results": [%]} {"a": 1}`: so many of the last, joined, in place of `%`.
fn repeated(body: &str) -> String {
    let Some(rest) = body.strip_prefix("@repeat ") else {
        return body.to_owned();
    };
    let (count, rest) = rest.split_once(' ').unwrap();
    let (around, one) = rest.split_at(rest.find("} {").unwrap() + 1);
    let many = vec![one.trim(); count.parse().unwrap()].join(",");
    around.replace('%', &many)
}

fn jwt(claims: &str, word: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let head = format!(
        "{}.{}",
        encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        encode(claims)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(word.as_bytes()).unwrap();
    mac.update(head.as_bytes());
    format!(
        "{head}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

/// A certificate for this machine that nobody knows, and the file to trust it by.
fn certificate() -> (Arc<rustls::ServerConfig>, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let (mut file, path) = file.keep().unwrap();
    file.write_all(made.cert.pem().as_bytes()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (Arc::new(config), path)
}
