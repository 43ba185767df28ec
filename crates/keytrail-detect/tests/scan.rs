//! What is found in texts as they are, and what is not.

use keytrail_detect::{Detector, Format, ScanContext, expand};
use keytrail_model::{Fingerprinter, Proof, SightingConfidence};

fn found(path: &str, template: &str) -> Vec<(String, SightingConfidence)> {
    let text = expand(template);
    Detector::new()
        .scan(text.as_bytes(), &ScanContext::for_path(path))
        .into_iter()
        .map(|hit| (hit.provider.to_owned(), hit.confidence))
        .collect()
}

fn surely(path: &str, template: &str) -> Vec<String> {
    found(path, template)
        .into_iter()
        .filter(|(_, confidence)| *confidence > SightingConfidence::Low)
        .map(|(provider, _)| provider)
        .collect()
}

#[test]
fn generic_keys_in_every_form() {
    for (path, template) in [
        ("a.py", "VENDOR_API_KEY = '{alnum:32}'"),
        ("a.py", "client = Client(api_key=\"{alnum:40}\")"),
        ("a.py", "headers = {'X-Api-Key': '{hex:40}'}"),
        ("a.py", "TOKEN: str = \"{alnum:32}\""),
        (
            "a.py",
            "key = os.environ.get('PARTNER_TOKEN', '{alnum:32}')",
        ),
        (
            "a.yml",
            "env:\n  - name: PARTNER_SECRET\n    value: {alnum:32}\n",
        ),
        (
            "a.tf",
            "variable \"api_key\" {\n  default = \"{alnum:32}\"\n",
        ),
        (".env", "PARTNER_API_KEY={alnum:32}\n"),
        ("a.tfvars", "house_stripe_key = \"{alnum:48}\""),
        ("Dockerfile", "ENV PARTNER_API_KEY={alnum:48}"),
        ("a.json", "{\"api_key\": {\"S\": \"{alnum:32}\"}}"),
        (
            "a.sh",
            "curl -H 'Authorization: Bearer {alnum:40}' https://api.acme.io",
        ),
    ] {
        assert_eq!(surely(path, template), ["generic"], "{template}");
    }
}

#[test]
fn passwords_in_settings() {
    for template in [
        "DATABASES = {'default': {'PASSWORD': 'vK8#mq2!Lz9w'}}",
        "EMAIL_HOST_PASSWORD = \"x9Kq2mVb7LpTz\"",
        "conn = 'Server=db;User Id=app;Password=vK8#mq2!Lz9w;Database=x'",
    ] {
        assert_eq!(
            surely("config/settings.py", template),
            ["generic"],
            "{template}"
        );
    }
    assert_eq!(
        surely(".netrc", "machine a.io login me password x9Kq2mVb7LpTz\n"),
        ["generic"]
    );
}

#[test]
fn what_is_no_key() {
    for template in [
        "SECRET_KEY = os.environ['SECRET_KEY']",
        "api_key = config('API_KEY')",
        "password = getpass('Password: ')",
        "API_KEY = 'changeme'",
        "API_KEY = '<your-api-key-goes-here>'",
        "API_KEY=${API_KEY}",
        "api_key: \"{{ vault_api_key }}\"",
        "secret = get_secret_value('production/database/password')",
        "\"key\": \"ctrl+shift+down\"",
        "integrity sha512-{base64:86}==",
        "resolved_hash = '{hex:64}'",
        "TOKEN_URL = 'https://auth.acme.io/oauth/token/endpoint'",
        "id = '{uuid}'",
        "token_class = 'rest_framework_simplejwt.tokens.AccessToken'",
        "password_label = 'Enter your password'",
        "PASSWORD_HASHERS = [\n    'django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher',\n]",
        "public_key = 'ssh-ed25519 {base64:68}'",
        "{pem:CERTIFICATE}",
        "{pem:PUBLIC KEY}",
        "api_key = self.get_api_key_from_request_headers(request)",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "API_KEY = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        "secret_key = '0123456789abcdef0123456789abcdef'",
        "access_token = 'access_token_for_the_partner_service'",
        "GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}",
        "csrf_token = '{alnum:32}'",
        "API_TOKEN_PATTERN = r'[A-Za-z0-9_-]{32}'",
        "AUTH_PASSWORD_VALIDATORS = 'django.contrib.auth.password_validation.MinimumLengthValidator'",
    ] {
        assert_eq!(surely("app/settings.py", template), [""; 0], "{template}");
    }
}

#[test]
fn lock_files_and_bundles_hold_only_keys_with_a_shape() {
    assert!(found("package-lock.json", "\"token\": \"{hex:64}\"").is_empty());
    assert_eq!(
        surely("web/app.min.js", "a={token:'sk_live_{alnum:24}'}"),
        ["stripe-secret-key"]
    );
}

#[test]
fn an_aws_pair_is_proved() {
    let text = expand("AWS_KEY = 'AKIA{base32:16}'\nAWS_PUBLIC = '{base64:40}'\n");
    let hits = Detector::new().scan(text.as_bytes(), &ScanContext::for_path("settings.py"));
    assert_eq!(hits.len(), 2);
    assert!(
        hits.iter()
            .all(|hit| hit.confidence == SightingConfidence::High)
    );
    assert!(hits.iter().all(|hit| hit.proofs.contains(&Proof::Pair)));
}

#[test]
fn tests_and_docstrings_lower_what_is_known_by_context_only() {
    let generic = "API_KEY = '{alnum:32}'";
    assert_eq!(
        found("app/tests/test_a.py", generic),
        [("generic".to_owned(), SightingConfidence::Low)]
    );
    assert!(
        surely(
            "app/a.py",
            "def f():\n    \"\"\"\n    API_KEY = '{alnum:32}'\n    \"\"\"\n"
        )
        .is_empty()
    );
    assert_eq!(
        surely("app/tests/test_a.py", "'sk_live_{alnum:24}'"),
        ["stripe-secret-key"]
    );
}

#[test]
fn encrypted_private_keys_are_told_apart() {
    let text = expand("{pem:RSA PRIVATE KEY}").replacen(
        "KEY-----\n",
        "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
        1,
    );
    let hits = Detector::new().scan(text.as_bytes(), &ScanContext::default());
    assert_eq!(hits[0].provider, "encrypted-private-key");
}

#[test]
fn the_same_key_has_the_same_fingerprint_in_a_file_and_in_a_literal() {
    let detector = Detector::new();
    let prints = Fingerprinter::default();
    let file = expand("{pem:PRIVATE KEY}");
    let literal = format!("KEY = \"{}\"", file.replace('\n', "\\n"));
    let of = |text: &str| {
        detector.scan(text.as_bytes(), &ScanContext::default())[0].fingerprint(&prints)
    };
    assert!(of(&file).is_some());
    assert_eq!(of(&file), of(&literal));
    let key = expand("sk_live_{alnum:24}");
    let examined = detector.examine(&key, Some("STRIPE_KEY")).unwrap();
    assert_eq!(examined.fingerprint(&prints), of(&format!("x: {key}\n")));
}

#[test]
fn a_literal_is_examined_with_its_name() {
    let detector = Detector::new();
    let value = expand("{alnum:40}");
    assert_eq!(
        detector
            .examine(&value, Some("vendor_api_key"))
            .unwrap()
            .provider,
        "generic"
    );
    assert!(detector.examine(&value, Some("etag")).is_none());
    assert!(detector.examine(&value, None).is_none());
    assert!(
        detector
            .examine("get_secret_value", Some("secret"))
            .is_none()
    );
}

#[test]
fn redaction_masks_keys_and_what_stands_beside_secret_names() {
    let detector = Detector::new();
    for (text, secret) in [
        (
            "{\"password\": \"open sesame\", \"user\": \"me\"}",
            "open sesame",
        ),
        ("api_key=abc&user=me", "abc"),
        ("Authorization: Bearer abcdef", "abcdef"),
        ("db_password = 'ünïcode'", "ünïcode"),
        ("client(secret='changeme')", "changeme"),
    ] {
        let redacted = detector.redact(text);
        assert!(
            redacted.contains("characters)") && !redacted.contains(secret),
            "{redacted}"
        );
    }
    let plain = "nothing to see here: user=me";
    assert!(matches!(detector.redact(plain), std::borrow::Cow::Borrowed(same) if same == plain));
}

#[test]
fn redaction_leaves_no_shaped_key() {
    let detector = Detector::new();
    for provider in detector.providers() {
        for example in &provider.examples {
            let text = expand(example);
            for hit in detector.scan(text.as_bytes(), &ScanContext::default()) {
                let key = &text[hit.range.clone()];
                assert!(!detector.redact(&text).contains(key), "{}", provider.id);
            }
        }
    }
}

#[test]
fn nothing_that_prints_shows_a_key() {
    let key = expand("sk_live_{alnum:24}");
    let text = format!("STRIPE = '{key}'");
    let hits = Detector::new().scan(text.as_bytes(), &ScanContext::default());
    assert!(!format!("{hits:?}").contains(&key[12..]));
}

#[test]
fn hostile_texts_take_bounded_time_and_never_panic() {
    let detector = Detector::new();
    let start = std::time::Instant::now();
    for text in [
        "a".repeat(500_000),
        "A".repeat(125_000),
        "password=".repeat(25_000),
        "\"".repeat(125_000),
        "'''".repeat(37_500),
        "eyJ".repeat(37_500),
        "-----BEGIN RSA PRIVATE KEY-----".repeat(625),
        "://a:b".repeat(25_000),
        "key=(\n".repeat(25_000),
        "\u{fffd}=\"é".repeat(12_500),
    ] {
        for format in [Format::Source, Format::Config, Format::Generated] {
            let cx = ScanContext {
                format,
                ..ScanContext::default()
            };
            detector.scan(text.as_bytes(), &cx);
        }
    }
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn the_id_in_a_signed_url_is_low() {
    let id = format!("AKIA{}", "Z3MSJYVQK7QWERTY");
    let level = |text: &str| {
        let hits = Detector::new().scan(text.as_bytes(), &ScanContext::for_path("app/a.py"));
        hits.first().map(|hit| hit.confidence)
    };
    let signed =
        format!("https://a.s3.amazonaws.com/b?X-Amz-Credential={id}%2F20240531%2Feu-west-1");
    assert_eq!(level(&signed), Some(SightingConfidence::Low));
    assert!(level(&format!("key_id = '{id}'")) > Some(SightingConfidence::Low));
}
