//! Files as people have them: other line ends, tabs, marks, comments, decorators, encodings. Whatever `fix` does
//! not mean to change is there afterwards, byte for byte.

#[path = "support/judged.rs"]
mod judged;

use std::collections::BTreeMap;

use judged::{expected, facts, judge};
use keytrail_detect::Detector;
use keytrail_model::MemoryTree;
use keytrail_remedy::{Made, Store, Why, Wishes, edited, plan};
use keytrail_rules::{Example, File};
use proptest::prelude::*;

const SETTINGS: &str = "ROOT_URLCONF = \"config.urls\"\nDEBUG = False\n";
const URLS: &str = "from django.urls import path\nfrom shop import views\nurlpatterns = [path(\"keys/\", views.create)]\n";
const STORE: &str = "import boto3\n\ntable = boto3.resource(\"dynamodb\").Table(\"keys\")\n\n\ndef add(owner, api_key):\n    table.put_item(Item={\"owner_id\": owner, \"api_key\": api_key})\n";

fn example(views: &str) -> Example {
    let files = [
        ("config/settings.py", SETTINGS),
        ("config/urls.py", URLS),
        ("shop/store.py", STORE),
        ("shop/views.py", views),
    ];
    Example {
        files: files
            .into_iter()
            .map(|(path, text)| File {
                path: path.to_owned(),
                text: text.to_owned(),
                commit: 0,
            })
            .collect(),
        ..Example::default()
    }
}

fn made(example: &Example, rule: &str) -> Made {
    let facts = facts(example, &Detector::default());
    let mut findings = judge(&facts).findings;
    findings.retain(|finding| finding.rule == rule);
    assert!(!findings.is_empty(), "{rule} finds nothing in it");
    let _ = expected(&findings[0]);
    let files = example.files.iter();
    let tree = MemoryTree::new(files.map(|file| (file.path.as_str(), file.text.as_str())));
    edited(
        &tree,
        &plan(&findings, &facts, &tree, Wishes::default()).changes,
    )
}

/// What becomes of `shop/views.py` when the keys that it logs are masked.
fn masked(views: &str) -> String {
    let made = made(&example(views), "key-in-log");
    let files: BTreeMap<&str, &Vec<u8>> =
        made.files.iter().map(|it| (&*it.path, &it.after)).collect();
    String::from_utf8_lossy(files["shop/views.py"]).into_owned()
}

const VIEWS: &str = "import logging
from django.contrib.auth.decorators import login_required
from shop import store

logger = logging.getLogger(__name__)


@login_required  # only for people
@other(
    1,
)
def create(request):
    \"\"\"Stores a key.\"\"\"
    api_key = request.POST[\"api_key\"]
    # the next line is the one
    logger.info(\"stored %s for %s\", api_key, \\
        request.user.id)  # api_key
    store.add(request.user.id, api_key)
";

#[test]
fn only_the_argument_changes() {
    let expected = VIEWS.replace("%s\", api_key,", "%s\", \"***\",");
    assert_eq!(masked(VIEWS), expected);
}

#[test]
fn line_ends_marks_and_tabs_stay() {
    let expected = VIEWS.replace("%s\", api_key,", "%s\", \"***\",");
    for (from, to) in [("\n", "\r\n"), ("    ", "\t"), ("Stores", "Sторes é 🗝")] {
        assert_eq!(masked(&VIEWS.replace(from, to)), expected.replace(from, to));
    }
    let mark = "\u{feff}";
    assert_eq!(
        masked(&format!("{mark}{VIEWS}")),
        format!("{mark}{expected}")
    );
}

#[test]
fn a_file_prefers_its_own_quotes() {
    let views = VIEWS.replace('"', "'").replace("'''", "\"\"\"");
    assert!(masked(&views).contains("for %s', '***', \\\n"));
}

#[test]
fn keys_in_texts_are_masked_where_they_stand() {
    let view = |call: &str| {
        format!(
            "import logging\n\nfrom shop import store\n\nlogger = logging.getLogger(__name__)\n\n\ndef create(request):\n    api_key = request.POST[\"api_key\"]\n    {call}\n    store.add(1, api_key)\n"
        )
    };
    for (call, after) in [
        (
            "logger.info(f\"stored {api_key!r} of {request.user}\")",
            "logger.info(f\"stored *** of {request.user}\")",
        ),
        (
            "logger.info(\"stored \" + api_key)",
            "logger.info(\"stored \" + \"***\")",
        ),
        (
            "logger.info(\"stored %s\" % (api_key))",
            "logger.info(\"stored %s\" % \"***\")",
        ),
        (
            "logger.info(\"stored {}\".format(api_key))",
            "logger.info(\"stored {}\".format(\"***\"))",
        ),
        (
            "print(api_key, request.user)",
            "print(\"***\", request.user)",
        ),
        (
            "logger.info(\"stored\", extra={\"key\": api_key, \"of\": 1})",
            "logger.info(\"stored\", extra={\"key\": \"***\", \"of\": 1})",
        ),
    ] {
        assert_eq!(masked(&view(call)), view(after));
    }
}

#[test]
fn what_is_no_utf8_or_does_not_parse_is_left() {
    let example = example(VIEWS);
    let facts = facts(&example, &Detector::default());
    let mut findings = judge(&facts).findings;
    findings.retain(|finding| finding.rule == "key-in-log");
    let with = |views: Vec<u8>| {
        let files = example.files.iter();
        let mut all: Vec<(&str, Vec<u8>)> = files
            .map(|file| (file.path.as_str(), file.text.clone().into()))
            .collect();
        all.push(("shop/views.py", views));
        let tree = MemoryTree::new(all);
        plan(&findings, &facts, &tree, Wishes::default())
            .left
            .into_iter()
            .map(|left| left.why)
            .collect::<Vec<_>>()
    };
    let latin = VIEWS
        .replace("Stores", "Störes")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect();
    assert_eq!(with(latin), [Why::NotUtf8]);
    assert_eq!(with(format!("{VIEWS}def (\n").into_bytes()), [Why::Broken]);
    let deep = format!("{VIEWS}x = {}{}\n", "(".repeat(2000), ")".repeat(2000));
    assert_eq!(with(deep.into_bytes()), [Why::TooLarge]);
}

#[test]
fn imports_go_where_imports_are() {
    let view = |head: &str, test: &str| {
        format!(
            "{head}from shop import store\n\n\ndef create(request):\n    store.add(1, request.POST[\"api_key\"])\n    return {test}\n"
        )
    };
    let before = "request.POST[\"api_key\"] == store.known()";
    let after = "hmac.compare_digest(request.POST[\"api_key\"], store.known())";
    for (head, mended) in [
        ("", "import hmac\n\n"),
        (
            "import os\nimport re\n\n",
            "import hmac\nimport os\nimport re\n\n",
        ),
        (
            "import collections\nfrom os import path\n\n",
            "import collections\nimport hmac\nfrom os import path\n\n",
        ),
        (
            "#!/usr/bin/python\n\"\"\"Views.\"\"\"\nfrom __future__ import annotations\n\n",
            "#!/usr/bin/python\n\"\"\"Views.\"\"\"\nfrom __future__ import annotations\n\nimport hmac\n\n",
        ),
        ("import hmac\n\n", "import hmac\n\n"),
    ] {
        let mut example = example(&view(head, before));
        example.files[2].text = format!(
            "{STORE}\n\ndef known():\n    return table.get_item(Key={{\"owner_id\": \"a\"}})[\"Item\"][\"api_key\"]\n"
        );
        let made = made(&example, "compare-in-variable-time");
        let text = String::from_utf8_lossy(&made.files[0].after).into_owned();
        assert_eq!(text, view(mended, after), "{head}");
    }
}

/// One template, and what becomes of it by all remedies of its tables.
fn template(path: &str, text: &str) -> String {
    let example = Example {
        files: vec![
            File {
                path: path.to_owned(),
                text: text.to_owned(),
                commit: 0,
            },
            File {
                path: "shop/store.py".to_owned(),
                text: STORE.to_owned(),
                commit: 0,
            },
        ],
        ..Example::default()
    };
    let facts = facts(&example, &Detector::default());
    let findings = judge(&facts).findings;
    let files = example.files.iter();
    let tree = MemoryTree::new(files.map(|file| (file.path.as_str(), file.text.as_str())));
    let made = edited(
        &tree,
        &plan(&findings, &facts, &tree, Wishes::default()).changes,
    );
    let file = made.files.iter().find(|file| &*file.path == path);
    file.map_or_else(
        || text.to_owned(),
        |file| String::from_utf8_lossy(&file.after).into_owned(),
    )
}

#[test]
fn cloudformation_is_edited_as_yaml_and_as_json() {
    let yaml = "Resources:\n  # the keys\n  Keys:\n    Type: AWS::DynamoDB::Table\n    Properties:\n        TableName: keys # é\n        KeySchema:\n        - {AttributeName: owner_id, KeyType: HASH}\n        PointInTimeRecoverySpecification:\n          PointInTimeRecoveryEnabled: false\n  Other: {Type: 'AWS::SNS::Topic'}\n";
    let expected = yaml
        .replace(
            "        TableName",
            "        DeletionProtectionEnabled: true\n        TableName",
        )
        .replace("Enabled: false", "Enabled: true");
    assert_eq!(template("infra/stack.yaml", yaml), expected);
    assert_eq!(
        template("infra/stack.yaml", &yaml.replace('\n', "\r\n")),
        expected.replace('\n', "\r\n")
    );
    assert_eq!(template("infra/stack.yaml", &expected), expected);
    let json = "{\n\t\"Resources\": {\n\t\t\"Keys\": {\n\t\t\t\"Type\": \"AWS::DynamoDB::Table\",\n\t\t\t\"Properties\": {\n\t\t\t\t\"TableName\": \"keys\",\n\t\t\t\t\"KeySchema\": [{\"AttributeName\": \"owner_id\", \"KeyType\": \"HASH\"}]\n\t\t\t}\n\t\t}\n\t}\n}\n";
    let expected = json.replace(
        "\"TableName\"",
        "\"DeletionProtectionEnabled\": true,\n\t\t\t\t\"PointInTimeRecoverySpecification\": {\"PointInTimeRecoveryEnabled\": true},\n\t\t\t\t\"TableName\"",
    );
    assert_eq!(template("infra/stack.json", json), expected);
    let spaces = json.replace('\t', "  ");
    assert_eq!(
        template("infra/stack.json", &spaces),
        expected.replace('\t', "  ")
    );
}

#[test]
fn terraform_keeps_its_form() {
    let table = "resource \"aws_dynamodb_table\" \"keys\" {\n    name     = \"keys\" # é\n    hash_key = \"owner_id\"\n\n    tags = { Owner = \"a\" }\n\n    point_in_time_recovery {\n        enabled = false\n    }\n}\n";
    let expected = "resource \"aws_dynamodb_table\" \"keys\" {\n    name     = \"keys\" # é\n    hash_key = \"owner_id\"\n\n    tags = { Environment = terraform.workspace, Owner = \"a\" }\n\n    point_in_time_recovery {\n        enabled = true\n    }\n\n    deletion_protection_enabled = true\n\n    server_side_encryption {\n        enabled     = true\n        kms_key_arn = aws_kms_key.keys.arn\n    }\n}\n\nresource \"aws_kms_key\" \"keys\" {\n    description         = \"Encrypts the items of a DynamoDB table\"\n    enable_key_rotation = true\n}\n";
    let same = |text: &str| template("infra/main.tf", text);
    let mended = same(table);
    let lines = |text: &str| {
        let mut all: Vec<String> = text.lines().map(str::to_owned).collect();
        all.sort();
        all
    };
    assert_eq!(lines(&mended), lines(expected), "{mended}");
    assert_eq!(same(&mended), mended, "a second time makes nothing of it");
    assert_eq!(
        same(&table.replace('\n', "\r\n")),
        mended.replace('\n', "\r\n")
    );
}

#[test]
fn keys_are_read_from_the_vault_that_was_asked_for() {
    let key = [
        "SG.q7Xw2LmR9tYbV4cN8zKdPf",
        ".H3jG6sA1uE5iO0pWvQyZxT7rBnMkLcDfJhGsUaIeOqW",
    ]
    .concat();
    let other = key.replace("H3jG6sA1", "K9pT2wZ5");
    let text = format!(
        "\"\"\"Mail.\"\"\"\nimport os\n\n# keys\nMAIL_KEY = \"{key}\"\nOTHER_KEY = \"{other}\"\n"
    );
    let example = Example {
        files: vec![File {
            path: "shop/mail.py".to_owned(),
            text,
            commit: 0,
        }],
        ..Example::default()
    };
    let facts = facts(&example, &Detector::default());
    let findings = judge(&facts).findings;
    let tree = MemoryTree::new(
        example
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.text.as_str())),
    );
    let wishes = Wishes {
        store: Store::SecretsManager,
        ..Wishes::default()
    };
    let made = edited(&tree, &plan(&findings, &facts, &tree, wishes).changes);
    let after = String::from_utf8_lossy(&made.files[0].after).into_owned();
    assert_eq!(
        after,
        "\"\"\"Mail.\"\"\"\nimport functools\nimport os\n\nimport boto3\n\n\n@functools.cache\ndef _secret(name):\n    client = boto3.client(\"secretsmanager\")\n    return client.get_secret_value(SecretId=name)[\"SecretString\"]\n\n\n# keys\nMAIL_KEY = _secret(\"MAIL_KEY\")\nOTHER_KEY = _secret(\"OTHER_KEY\")\n"
    );
}

proptest! {
    /// A file whose lines are put together at random is edited to one that parses and has every
    /// other line as it was, or is left.
    #[test]
    fn lines_around_an_edit_stay(before in lines(), after in lines(), ends in prop_oneof![Just("\n"), Just("\r\n")]) {
        let view = format!(
            "import logging\nfrom shop import store\n{before}\ndef create(request):\n    api_key = request.POST[\"api_key\"]\n    logging.info(\"%s\", api_key)\n    store.add(1, api_key)\n{after}"
        ).replace('\n', ends);
        prop_assert_eq!(masked(&view), view.replace("\"%s\", api_key", "\"%s\", \"***\""));
    }
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("# é comment with api_key\n"),
        Just("x = \"\"\"text\n  of several lines \\\n\"\"\"\n"),
        Just("y = [1,\n\t2,  # two\n]\n"),
        Just("\n"),
        Just("\x0c\n"),
        Just("if 1: pass\n"),
        Just("z = \"a\" \\\n    \"b\"\n"),
        Just("def f(a, *, b=(1)): return a ; \n"),
    ];
    proptest::collection::vec(line, 0..6).prop_map(|lines| lines.concat())
}
