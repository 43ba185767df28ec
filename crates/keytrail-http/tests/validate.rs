//! Asking about a key, against doubles on this machine: what is sent, what is kept, what is refused.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests count as no tests for this lint"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use keytrail_detect::{Detector, Validation};
use keytrail_http::{Question, Reply, ValidateOptions, Validator};
use keytrail_model::{Liveness, Secret};

const KEY: &str = "kq7Zp2Vx9LmR4tYw8BnC";

fn options() -> ValidateOptions {
    ValidateOptions {
        rate: 1_000,
        proxy: None,
        ca: None,
    }
}

fn of(id: &str) -> &'static Validation {
    let mut all = Detector::new().providers().iter();
    let found = all.find(|it| it.id == id).unwrap();
    found.validation.as_ref().unwrap()
}

/// A double that gives these answers in turn, the last one for ever; what it was asked.
fn double(answers: &'static [&'static str]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (send, asked) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut text, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                    break;
                }
                if let Some(told) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = told.trim().parse().unwrap();
                }
                text.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            text.push_str(&String::from_utf8(body).unwrap());
            let answer = answers[number.min(answers.len() - 1)];
            let _ = (&stream).write_all(answer.as_bytes());
            let _ = send.send(text);
        }
    });
    (origin, asked)
}

fn ask(origin: &str, id: &str, key: &str, pair: Option<&Secret>) -> Reply {
    let mut validator = Validator::against(&options(), origin).unwrap();
    let key = Secret::new(key.as_bytes());
    validator.ask(&Question {
        validation: of(id),
        key: &key,
        pair,
        signed: &[],
    })
}

const YES: &str = "HTTP/1.1 200 OK\r\ncontent-length: 24\r\nconnection: close\r\n\r\n{\"login\": \"octo-cat-42\"}";
const NO: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[test]
fn a_key_is_sent_once_in_its_header_and_nowhere_else() {
    let (origin, asked) = double(&[YES]);
    let reply = ask(&origin, "github-token", KEY, None);
    assert_eq!(reply.liveness, Liveness::Live);
    assert_eq!(reply.status, Some(200));
    assert_eq!(reply.identity.unwrap().to_string(), "oc…(11 characters)");
    let request = asked.try_recv().unwrap();
    assert!(request.starts_with("GET /user HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains(&format!("authorization: Bearer {KEY}\r\n")),
        "{request}"
    );
    assert_eq!(request.matches(KEY).count(), 1);
    assert!(asked.try_recv().is_err());
    let reply = ask(&double(&[NO]).0, "github-token", KEY, None);
    assert_eq!(
        (reply.liveness, reply.status),
        (Liveness::Refused, Some(401))
    );
}

#[test]
fn questions_in_a_body_a_path_and_of_a_pair() {
    let (origin, asked) = double(&[YES]);
    ask(&origin, "linear-key", "lin_api_x", None);
    let request = asked.try_recv().unwrap();
    assert!(request.starts_with("POST /graphql "), "{request}");
    assert!(
        request.contains("content-type: application/json\r\n"),
        "{request}"
    );
    assert!(
        request.ends_with(r#"{"query":"{ viewer { id } }"}"#),
        "{request}"
    );
    let (origin, asked) = double(&[NO]);
    let reply = ask(&origin, "telegram-bot-token", "12345678:AAx/../y", None);
    assert_eq!(reply.liveness, Liveness::Refused);
    let request = asked.try_recv().unwrap();
    assert!(
        request.starts_with("GET /bot12345678:AAx%2F..%2Fy/getMe "),
        "{request}"
    );
    let (origin, asked) = double(&[YES]);
    let pair = Secret::new(b"AC01");
    ask(&origin, "twilio-auth-token", KEY, Some(&pair));
    let request = asked.try_recv().unwrap();
    assert!(
        request.starts_with("GET /2010-04-01/Accounts/AC01.json "),
        "{request}"
    );
    let alone = ask(&origin, "twilio-auth-token", KEY, None);
    assert_eq!((alone.liveness, alone.status), (Liveness::Unknown, None));
}

#[test]
fn redirects_are_not_followed() {
    let (origin, asked) = double(&[
        "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ]);
    let reply = ask(&origin, "github-token", KEY, None);
    assert_eq!(
        (reply.liveness, reply.status),
        (Liveness::Unknown, Some(302))
    );
    assert!(reply.why.contains("redirect"), "{}", reply.why);
    asked.try_recv().unwrap();
    assert!(asked.try_recv().is_err(), "it was followed");
}

#[test]
fn patience_is_had_once_and_not_for_long() {
    let later = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (origin, _asked) = double(Box::leak(Box::new([later, YES])));
    let begun = Instant::now();
    assert_eq!(
        ask(&origin, "github-token", KEY, None).liveness,
        Liveness::Live
    );
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let long = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 9000\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (origin, _asked) = double(Box::leak(Box::new([long])));
    let begun = Instant::now();
    let reply = ask(&origin, "github-token", KEY, None);
    assert_eq!(reply.liveness, Liveness::Unknown);
    assert!(reply.why.contains("patience") && begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_host_that_fails_is_left_alone_and_nothing_quotes_the_key() {
    let port = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut validator =
        Validator::against(&options(), &format!("http://127.0.0.1:{port}")).unwrap();
    let key = Secret::new(b"12345678:AAkq7Zp2Vx9LmR4tYw8BnC");
    let question = Question {
        validation: of("telegram-bot-token"),
        key: &key,
        pair: None,
        signed: &[],
    };
    let replies: Vec<Reply> = (0..4).map(|_| validator.ask(&question)).collect();
    assert!(
        replies[0].why.contains("can't be reached"),
        "{:?}",
        replies[0]
    );
    assert!(replies[3].why.contains("left alone"), "{:?}", replies[3]);
    assert!(!format!("{replies:?}{validator:?}{question:?}").contains("kq7Z"));
}

#[test]
fn an_endless_answer_ends() {
    let (origin, _asked) =
        double(&["HTTP/1.1 200 OK\r\ncontent-length: 900000000\r\n\r\n{\"login\": \"a\"}"]);
    let begun = Instant::now();
    let reply = ask(&origin, "github-token", KEY, None);
    assert_eq!(reply.liveness, Liveness::Unknown);
    assert!(begun.elapsed() < Duration::from_secs(30), "{reply:?}");
}

#[test]
fn private_names_and_plain_http_are_refused_without_a_double() {
    let mut validator = Validator::new(&options()).unwrap();
    let key = Secret::new(KEY.as_bytes());
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in [
        format!("https://localhost:{port}/"),
        format!("http://localhost:{port}/"),
    ] {
        let validation = Validation {
            url,
            ..of("github-token").clone()
        };
        let reply = validator.ask(&Question {
            validation: &validation,
            key: &key,
            pair: None,
            signed: &[],
        });
        assert_eq!((reply.liveness, reply.status), (Liveness::Unknown, None));
    }
    assert!(listener.accept().is_err(), "it was dialled");
}
