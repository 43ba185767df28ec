//! Files that are not the application's code, and what the coverage says.

use crate::support::{bytes, tree};
use keytrail_model::CoverageStatus;

#[test]
fn nothing_to_read_is_said() {
    let facts = tree(&[("README.md", "x")]);
    assert_eq!(facts.coverage.status, CoverageStatus::NotApplicable);
    assert!(facts.facts.is_empty());
}

#[test]
fn tests_and_migrations_are_left_out_and_counted() {
    let leak = "import boto3\nprint(boto3.resource('dynamodb').Table('k').scan()['Items'])\n";
    for path in [
        "app/tests/test_a.py",
        "app/tests.py",
        "app/migrations/0001.py",
        "conftest.py",
        "app/a_test.py",
    ] {
        let facts = tree(&[("app/models.py", "x = 1\n"), (path, leak)]);
        assert_eq!(facts.flows(), Vec::<String>::new(), "{path}");
        assert_eq!(facts.coverage.counts["test_files_left_out"], 1, "{path}");
    }
    assert_eq!(
        tree(&[("tests/only.py", leak)]).flows(),
        ["scan k -> print"]
    );
}

#[test]
fn counts_tell_what_was_read() {
    let facts = tree(&[(
        "a.py",
        "import boto3\ndef f():\n    return boto3.client('dynamodb').scan(TableName='k')\n",
    )]);
    assert_eq!(facts.coverage.status, CoverageStatus::Evaluated);
    assert_eq!(facts.coverage.counts["files"], 1);
    assert_eq!(facts.coverage.counts["operations"], 1);
    assert_eq!(facts.coverage.counts["functions_cut_short"], 0);
}

#[test]
fn problems_never_quote_the_source() {
    let key = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
    for source in [
        format!("x = '{key}\n"),
        format!("{key} {key}\n"),
        format!("def {key}(:\n"),
        format!("f'{{{key}'\n"),
    ] {
        let facts = bytes([("a.py", source.clone().into_bytes())]);
        assert!(
            !format!("{:?}", facts.coverage).contains(&key[4..]),
            "{source}"
        );
    }
}
