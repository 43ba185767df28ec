//! What hides a key, and what only seems to.

use crate::support::{Cases, flows};

fn stored(expression: &str, setup: &str) -> Vec<String> {
    let setup = crate::support::dedent(setup);
    let lines = flows(&format!(
        "{setup}\ndef view(request):\n    key = request.POST['api_key']\n    table.put_item(Item={{'k': {expression}}})\n"
    ));
    lines
        .into_iter()
        .map(|line| line.replace("body api_key -> put_item keys k", "k"))
        .collect()
}

#[test]
fn hashes_and_macs() {
    let mut cases = Cases::default();
    let setup = "import hashlib, hmac, bcrypt\nfrom django.contrib.auth.hashers import make_password\nfrom django.utils.crypto import salted_hmac";
    for expression in [
        "hashlib.sha256(key.encode()).hexdigest()",
        "hashlib.new('sha256', key.encode()).hexdigest()",
        "hashlib.pbkdf2_hmac('sha256', key.encode(), b's', 1).hex()",
        "make_password(key)",
        "bcrypt.hashpw(key.encode(), bcrypt.gensalt())",
        "hashlib.sha256(f'x{key}'.encode('utf-8')).digest()",
    ] {
        cases.same(expression, &stored(expression, setup), &["k [hashed]"]);
    }
    for expression in [
        "hmac.new(b's', key.encode(), 'sha256').hexdigest()",
        "hmac.digest(b's', key.encode(), 'sha256')",
        "salted_hmac('s', key).hexdigest()",
    ] {
        cases.same(expression, &stored(expression, setup), &["k [hmac]"]);
    }
}

#[test]
fn a_hash_filled_by_update_is_a_hash() {
    let lines = flows(
        "
        import hashlib
        def view(request):
            h = hashlib.sha256()
            h.update(request.POST['api_key'].encode())
            table.put_item(Item={'k': h.hexdigest()})
        ",
    );
    assert_eq!(lines, ["body api_key -> put_item keys k [hashed]"]);
}

#[test]
fn few_characters_are_a_mask_and_many_are_not() {
    let mut cases = Cases::default();
    for expression in [
        "key[:4]",
        "key[-4:]",
        "'****' + key[-4:]",
        "f'{key[:3]}…'",
        "key[0:6]",
    ] {
        cases.same(expression, &stored(expression, ""), &["k [masked]"]);
    }
    for expression in ["key[4:]", "key[:40]", "key[:-1]", "key[:]", "key[::-1]"] {
        cases.same(expression, &stored(expression, ""), &["k"]);
    }
}

#[test]
fn helpers_of_the_project_are_what_they_do() {
    let setup = "
        import hashlib
        def mask(value):
            if not value:
                return ''
            return '*' * 8 + value[-4:]
        def hide(value):
            return value
        def digest(value):
            return hashlib.sha256(value.encode()).hexdigest()
        class Tools:
            @staticmethod
            def short(value):
                return value[:4]
    ";
    assert_eq!(stored("mask(key)", setup), ["k [masked]"]);
    assert_eq!(stored("hide(key)", setup), ["k"]);
    assert_eq!(stored("digest(key)", setup), ["k [hashed]"]);
    assert_eq!(stored("Tools.short(key)", setup), ["k [masked]"]);
}

#[test]
fn encryption() {
    let mut cases = Cases::default();
    let setup = "from cryptography.fernet import Fernet\nf = Fernet(os.environ['FERNET'])\nkms = boto3.client('kms')";
    for expression in [
        "f.encrypt(key.encode()).decode()",
        "Fernet(b'x').encrypt(key.encode())",
        "kms.encrypt(KeyId='a', Plaintext=key)['CiphertextBlob']",
        "b64(kms.encrypt(KeyId='a', Plaintext=key)['CiphertextBlob'])",
    ] {
        let setup = format!("{setup}\nfrom base64 import b64encode as b64");
        cases.same(expression, &stored(expression, &setup), &["k [encrypted]"]);
    }
}

#[test]
fn encodings_hide_nothing() {
    let mut cases = Cases::default();
    let setup = "import base64, urllib.parse";
    for expression in [
        "base64.b64encode(key.encode()).decode()",
        "urllib.parse.quote(key)",
    ] {
        cases.same(expression, &stored(expression, setup), &["k [encoded]"]);
    }
    for expression in [
        "key.strip().upper()",
        "key.encode().hex()",
        "json.dumps(key)",
        "repr(key)",
        "str(key)",
    ] {
        cases.same(expression, &stored(expression, setup), &["k"]);
    }
}

#[test]
fn what_says_nothing_of_the_key() {
    let mut cases = Cases::default();
    for expression in [
        "len(key)",
        "bool(key)",
        "key == 'x'",
        "key.startswith('sk_')",
        "not key",
        "isinstance(key, str)",
    ] {
        cases.same(expression, &stored(expression, ""), &Vec::<String>::new());
    }
}

#[test]
fn secret_str_hides_until_it_is_opened() {
    let lines = flows(
        "
        from pydantic import SecretStr
        def view(request):
            item = table.get_item(Key={'id': 1})['Item']
            key = SecretStr(item['api_key'])
            logger.info('key %s', key)
            print(key.get_secret_value())
        ",
    );
    assert_eq!(
        lines,
        [
            "get_item keys api_key -> log info [masked]",
            "get_item keys api_key -> print"
        ]
    );
}

#[test]
fn one_way_that_hides_does_not_hide_the_other() {
    let lines = flows(
        "
        def view(request):
            key = request.POST['api_key']
            shown = key[:4] if request.user.is_staff else key
            table.put_item(Item={'k': shown})
        ",
    );
    assert_eq!(
        lines,
        [
            "body api_key -> put_item keys k",
            "body api_key -> put_item keys k [masked]"
        ]
    );
}

#[test]
fn decrypting_gives_the_key_back() {
    let lines = flows(
        "
        kms = boto3.client('kms')
        def view(request):
            item = table.get_item(Key={'id': 1})['Item']
            plain = kms.decrypt(CiphertextBlob=item['blob'])['Plaintext']
            return JsonResponse({'k': plain.decode()})
        ",
    );
    assert_eq!(lines, ["vault -> response"]);
}
