//! Servers that mean harm: every answer ends within its bound, and the bound is told.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

#[path = "support/script.rs"]
mod script;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use keytrail_detect::Detector;
use keytrail_http::{HttpCollected, HttpError, HttpOptions, collect};
use keytrail_model::{CoverageStatus, Fact, Fingerprinter, Progress, SurfaceKind};

/// A server whose every answer is written by `answer`, given the path; its options.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Clone + Send + 'static) -> HttpOptions {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                let _ = reader.read_line(&mut line);
                let mut header = String::new();
                while reader.read_line(&mut header).unwrap_or(0) > 2 {
                    header.clear();
                }
                answer(line.split(' ').nth(1).unwrap_or("/"), &mut stream);
            });
        }
    });
    let mut options = HttpOptions::new(&format!("http://127.0.0.1:{port}/"));
    options.rate = 2_000;
    options
}

fn run(options: HttpOptions) -> Result<HttpCollected, HttpError> {
    collect(
        options,
        &Detector::new(),
        &Fingerprinter::default(),
        &Progress::default(),
    )
}

fn told(collected: &HttpCollected) -> String {
    let problems = collected
        .coverage
        .iter()
        .flat_map(|record| &record.problems);
    let lines: Vec<String> = problems
        .map(|problem| format!("{} {}", problem.path, problem.message))
        .collect();
    lines.join(
        "
",
    )
}

fn plain(stream: &mut TcpStream, headers: &str, body: &[u8]) {
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    let _ = stream.write_all(body);
}

fn nothing(stream: &mut TcpStream) {
    let _ = stream
        .write_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn an_endless_body_ends() {
    let collected = run(serve(|path, stream| {
        if path != "/" {
            return nothing(stream);
        }
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n");
        while stream.write_all(&[b'a'; 8_192]).is_ok() {}
    }));
    assert!(told(&collected.unwrap()).contains("longer than 2 MB"));
}

#[test]
fn a_drip_ends() {
    let start = Instant::now();
    let collected = run(serve(|path, stream| {
        if path != "/docs" {
            return nothing(stream);
        }
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n");
        while stream.write_all(b"a").is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    }));
    assert!(told(&collected.unwrap()).contains("longer than 15 seconds"));
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_bomb_does_not_go_off() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..30 * 128 {
        packed.write_all(&[0; 8_192]).unwrap();
    }
    let packed = packed.finish().unwrap();
    let collected = run(serve(move |path, stream| {
        if path == "/" {
            plain(
                stream,
                "Content-Encoding: gzip\r\nContent-Type: text/html\r\n",
                &packed,
            );
        } else {
            nothing(stream);
        }
    }));
    assert!(told(&collected.unwrap()).contains("more than 8 MB"));
}

#[test]
fn redirects_in_a_circle_end_and_other_hosts_are_not_followed() {
    let collected = run(serve(|path, stream| {
        let to = match path {
            "/a" => "/b",
            "/" | "/b" => "/a",
            "/robots.txt" => "http://elsewhere.invalid/robots.txt",
            _ => return nothing(stream),
        };
        let _ = write!(
            stream,
            "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n"
        );
    }));
    let told = told(&collected.unwrap());
    assert!(told.contains("lead in a circle"), "{told}");
    assert!(
        told.contains("http://elsewhere.invalid/robots.txt") && told.contains("not followed"),
        "{told}"
    );
}

#[test]
fn a_flood_of_headers_is_refused() {
    let collected = run(serve(|path, stream| {
        if path != "/docs" {
            return plain(stream, "Content-Type: text/html\r\n", b"hello");
        }
        let flood: Vec<String> = (0..5_000)
            .map(|number| {
                format!(
                    "X-{number}: {}
",
                    "a".repeat(200)
                )
            })
            .collect();
        let flood = flood.concat();
        plain(stream, &flood, b"");
    }));
    let told = told(&collected.unwrap());
    assert!(told.contains("headers"), "{told}");
}

#[test]
fn bytes_that_are_no_text_are_no_trouble() {
    let collected = run(serve(|path, stream| {
        let body = [
            b"<a href=\"/\xff\xfe\">".as_slice(),
            &[0xc3, 0x28, 0, 0xf0, 0x9f],
        ]
        .concat();
        if path == "/x.json" {
            plain(
                stream,
                "Content-Type: application/json\r\n",
                b"{\"a\": \"\xff\xff\"}",
            );
        } else {
            plain(
                stream,
                "Content-Type: text/html; charset=utf-8\r\nX-A: \u{80}\u{ff}\r\n",
                &body,
            );
        }
    }));
    assert_eq!(collected.unwrap().coverage[0].source, "http");
}

#[test]
fn what_is_no_http_and_what_is_nobody_is_told() {
    let error = run(serve(|_, stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
    }));
    assert!(matches!(error, Err(HttpError::Unreachable { .. })));
    let free = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = run(HttpOptions::new(&format!("http://127.0.0.1:{free}/"))).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(!error.hint().is_empty());
}

#[test]
fn tls_that_is_none_and_a_certificate_that_nobody_knows() {
    let mut options = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n");
    });
    options.url = options.url.replace("http://", "https://");
    assert!(matches!(run(options), Err(HttpError::Unreachable { .. })));
    let collected =
        run(script::Script::parse("@tls untrusted\n###\nGET /\n200 text/html\n\nhello").serve())
            .unwrap();
    let kinds: Vec<SurfaceKind> = collected
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Surface(surface) => Some(surface.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [SurfaceKind::BadCertificate]);
    let unevaluated = collected
        .coverage
        .iter()
        .filter(|record| record.status == CoverageStatus::NotEvaluated);
    assert!(unevaluated.count() >= 11);
}

#[test]
fn specifications_that_run_in_circles_or_are_too_large() {
    let spec = r##"{"openapi":"3.0.0","paths":{"/a":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/N"}}}}}}},"/b":{"$ref":"#/paths/~1b"}},"components":{"schemas":{"N":{"allOf":[{"$ref":"#/components/schemas/N"},{"$ref":"#/components/schemas/M"}],"properties":{"n":{"$ref":"#/components/schemas/N"}}},"M":{"anyOf":[{"$ref":"#/components/schemas/N"},{"$ref":"#/components/schemas/M"}]}}}}"##;
    let nested = (0..60).fold("1".to_owned(), |inner, _| format!("{{\"n\":{inner}}}"));
    let collected = run(serve(move |path, stream| match path {
        "/openapi.json" => plain(
            stream,
            "Content-Type: application/json\r\n",
            spec.as_bytes(),
        ),
        "/a" => plain(
            stream,
            "Content-Type: application/json\r\n",
            nested.as_bytes(),
        ),
        _ => nothing(stream),
    }))
    .unwrap();
    assert!(
        told(&collected).contains("1 references lead nowhere"),
        "{}",
        told(&collected)
    );

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("large.json");
    std::fs::File::create(&file)
        .unwrap()
        .set_len((50 << 20) + 1)
        .unwrap();
    let mut options = serve(|_, stream| nothing(stream));
    options.spec = Some(file.display().to_string());
    let error = run(options).unwrap_err();
    assert!(error.to_string().contains("larger than 50 MB"), "{error}");
}

#[test]
fn a_specification_of_nearly_fifty_megabytes_is_read() {
    let mut text = String::from(r#"{"openapi":"3.0.0","paths":{"#);
    let filling = "x".repeat(2_000);
    let mut number = 0;
    while text.len() < (49 << 20) {
        let path = format!(r#""/p{number}":{{"post":{{"description":"{filling}"}}}},"#);
        text.push_str(&path);
        number += 1;
    }
    text.push_str(r#""/last":{"get":{}}}}"#);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("large.json");
    std::fs::write(&file, &text).unwrap();
    let mut options = serve(|_, stream| nothing(stream));
    options.spec = Some(file.display().to_string());
    let collected = run(options).unwrap();
    assert!(
        told(&collected).contains("operations were left out"),
        "{}",
        told(&collected)
    );
}

#[test]
fn a_service_that_only_refuses_costs_a_minute_at_most() {
    let start = Instant::now();
    let mut options = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 429 Too Many\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 100000\r\n\r\n");
    });
    options.budget = 100;
    let collected = run(options).unwrap();
    assert!(
        told(&collected).contains("asked for patience"),
        "{}",
        told(&collected)
    );
    assert!(start.elapsed() < Duration::from_secs(30));
}
