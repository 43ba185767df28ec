//! A moto server on a free port of 127.0.0.1, for as long as a test runs.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "helpers of several tests, of which each uses some"
)]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ENDPOINT: &str = "AWS_ENDPOINT_URL";
const CHILD: &str = "KEYTRAIL_TEST_CHILD";

/// Environment of a client of a server on this machine.
fn environment(endpoint: &str) -> Vec<(&'static str, String)> {
    vec![
        (ENDPOINT, endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_CONFIG_FILE", "/nonexistent".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent".to_owned()),
    ]
}

/// Runs the test `name` of this very binary again, with the endpoint in its environment: the SDK reads
/// that of the process, which no test may change. `None` in the outer run, when all is done.
pub(crate) fn inside(name: &str, serve: impl FnOnce() -> (String, Stop)) -> Option<()> {
    if std::env::var_os(CHILD).is_some() {
        return Some(());
    }
    let (endpoint, stop) = serve();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--include-ignored", "--nocapture"])
        .env(CHILD, "1")
        .envs(environment(&endpoint))
        .status()
        .unwrap();
    drop(stop);
    assert!(status.success(), "{name} failed in its own process");
    None
}

/// Stops the server when dropped.
pub(crate) struct Stop(Option<Child>);

impl Stop {
    /// For servers that end with the process.
    pub(crate) fn nothing() -> Self {
        Self(None)
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

fn packages() -> PathBuf {
    let named = std::env::var_os("KEYTRAIL_MOTO");
    PathBuf::from(named.expect("KEYTRAIL_MOTO names a Python environment with moto[server,all]"))
}

/// Starts moto; its endpoint, and what stops it.
pub(crate) fn serve() -> (String, Stop) {
    let port = free_port();
    let child = Command::new(packages().join("bin/moto_server"))
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stop = Stop(Some(child));
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "moto does not start"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    (format!("http://127.0.0.1:{port}"), stop)
}

/// Runs a script beside this file under the environment of this process.
pub(crate) fn python(script: &str, arguments: &[&str]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto");
    let status = Command::new(packages().join("bin/python"))
        .arg(format!("{path}/{script}"))
        .args(arguments)
        .status()
        .unwrap();
    assert!(status.success(), "{script} failed");
}
