//! Input made to hurt: it may cost a problem in the coverage, never a panic, a hang or a guess.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use keytrail_infra::{Infra, TableTarget, collect};
use keytrail_model::{CoverageStatus, Fact, MemoryTree, Progress};

fn read<B: Into<Vec<u8>>>(files: Vec<(&str, B)>) -> Infra {
    let started = Instant::now();
    let infra = collect(&MemoryTree::new(files), &Progress::default());
    infra
        .access
        .grants(&[TableTarget::named("keys"), TableTarget::named("*")]);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    infra
}

fn table_names(infra: &Infra) -> Vec<String> {
    let mut names: Vec<String> = infra
        .collected
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Table(table) => Some(table.name.clone()),
            _ => None,
        })
        .collect();
    names.sort();
    names
}

const GOOD: &str =
    "resource \"aws_dynamodb_table\" \"good\" {\n  name = \"good\"\n  hash_key = \"id\"\n}\n";

#[test]
fn deep_nesting_in_hcl() {
    let openings = [
        ("[", "]"),
        ("(", ")"),
        ("{ a = ", "}"),
        ("f(", ")"),
        ("\"${", "}\""),
        ("!", ""),
        ("[for x in ", " : x]"),
        ("a ? b : ", ""),
        ("1 + ", ""),
        ("-", ""),
        ("x[", "]"),
    ];
    for (open, close) in openings {
        for depth in [50, 63, 200, 20_000] {
            let text = format!(
                "locals {{\n  a = {}1{}\n}}\n{GOOD}",
                open.repeat(depth),
                close.repeat(depth)
            );
            let infra = read(vec![("main.tf", text)]);
            assert_eq!(table_names(&infra), ["good"], "{open} {depth}");
        }
    }
    let blocks = format!("{}{}\n{GOOD}", "a {\n".repeat(5000), "}\n".repeat(5000));
    assert_eq!(table_names(&read(vec![("main.tf", blocks)])), ["good"]);
}

#[test]
fn deep_nesting_in_json_and_yaml() {
    let head = "{\"AWSTemplateFormatVersion\":\"2010-09-09\",\"Resources\":{\"A\":{\"Type\":\"AWS::X\",\"P\":";
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!(
            "{head}{}1{}}}}}}}",
            open.repeat(50_000),
            close.repeat(50_000)
        );
        assert_eq!(
            read(vec![("a.json", text)]).collected.coverage.status,
            CoverageStatus::Partial
        );
    }
    let head = "AWSTemplateFormatVersion: '2010-09-09'\nResources: {A: {Type: 'AWS::X'}}\nX:\n";
    for line in ["- ", "? ", "[", "{a: ", "!Sub ", "&a "] {
        let text = format!("{head}{}", line.repeat(50_000));
        assert_eq!(
            read(vec![("a.yaml", text)]).collected.coverage.status,
            CoverageStatus::Partial
        );
    }
}

#[test]
fn a_bomb_of_aliases() {
    let mut text =
        String::from("AWSTemplateFormatVersion: '2010-09-09'\nl0: &l0 [dynamodb:Scan]\n");
    for level in 1..40 {
        let before = level - 1;
        let items = vec![format!("*l{before}"); 10].join(", ");
        writeln!(text, "l{level}: &l{level} [{items}]").expect("text takes text");
    }
    text.push_str("Resources:\n  U:\n    Type: AWS::IAM::User\n    Properties: {Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: *l39, Resource: '*'}]}}]}\n");
    let infra = read(vec![("a.yaml", text)]);
    assert_eq!(infra.collected.coverage.status, CoverageStatus::Partial);
}

#[test]
fn values_that_double() {
    let mut text = String::from("locals {\n  l0 = [\"dynamodb:Scan\"]\n  s0 = \"ab\"\n");
    for level in 1..60 {
        let before = level - 1;
        writeln!(text, "  l{level} = [local.l{before}, local.l{before}]").expect("text takes text");
        writeln!(
            text,
            "  s{level} = \"${{local.s{before}}}${{local.s{before}}}\""
        )
        .expect("text takes text");
    }
    text.push_str("}\nresource \"aws_dynamodb_table\" \"a\" {\n  name = \"x-${length(flatten(local.l59))}-${local.s59}\"\n}\n");
    text.push_str("resource \"aws_iam_user_policy\" \"a\" {\n  user = \"u\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = local.l59, Resource = \"*\" }] })\n}\n");
    text.push_str(GOOD);
    let infra = read(vec![("main.tf", text)]);
    assert_eq!(table_names(&infra).len(), 2);
}

#[test]
fn loops_within_loops() {
    let text = format!(
        "locals {{\n  n = range(4000)\n  a = [for a in local.n : [for b in local.n : [for c in local.n : a + b + c]]]\n}}\nresource \"aws_dynamodb_table\" \"a\" {{\n  name = \"x${{local.a[0][0][0]}}\"\n}}\n{GOOD}"
    );
    let infra = read(vec![("main.tf", text)]);
    assert!(
        table_names(&infra).contains(&"good".to_owned())
            || infra.collected.coverage.status == CoverageStatus::Partial
    );
}

#[test]
fn endless_instances() {
    let text = format!(
        "resource \"aws_dynamodb_table\" \"n\" {{\n  count = 1e18\n  name = \"t${{count.index}}\"\n}}\n{GOOD}"
    );
    let infra = read(vec![("main.tf", text)]);
    assert!(table_names(&infra).len() < 1000);
    assert_eq!(infra.collected.coverage.status, CoverageStatus::Partial);
}

#[test]
fn modules_that_multiply() {
    // Each calls the next ten times: a million by the sixth.
    let mut files: Vec<(String, String)> = Vec::new();
    for level in 0..8 {
        let next = level + 1;
        let text = format!("module \"m\" {{\n  source = \"../m{next}\"\n  count = 10\n}}\n{GOOD}");
        files.push((format!("m{level}/main.tf"), text));
    }
    files.push(("m8/main.tf".to_owned(), GOOD.to_owned()));
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()))
        .collect();
    let infra = read(files);
    assert_eq!(infra.collected.coverage.status, CoverageStatus::Partial);
}

#[test]
fn rings_of_all_kinds() {
    let text = "locals { a = local.b, b = [local.c], c = { x = local.a } }\n\
        variable \"v\" { default = \"x\" }\n\
        resource \"aws_dynamodb_table\" \"a\" {\n  for_each = aws_dynamodb_table.b\n  name = each.key\n}\n\
        resource \"aws_dynamodb_table\" \"b\" {\n  for_each = aws_dynamodb_table.a\n  name = each.key\n}\n\
        module \"self\" {\n  source = \"./\"\n  in = module.self.out\n}\n\
        output \"out\" { value = module.self.out }\n\
        data \"aws_iam_policy_document\" \"d\" { source_policy_documents = [data.aws_iam_policy_document.d.json] }\n\
        resource \"aws_iam_user_policy\" \"p\" {\n  user = \"u\"\n  policy = data.aws_iam_policy_document.d.json\n}\n";
    read(vec![("main.tf", text)]);
    let text = "AWSTemplateFormatVersion: '2010-09-09'\nParameters: {P: {Default: !Ref P}}\nResources:\n  T: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: !Sub ['${A}', {A: !Sub ['${B}', {B: !Ref T}]}]}}\n";
    read(vec![("a.yaml", text)]);
}

#[test]
fn not_text() {
    let files = vec![
        ("a.tf", b"\xff\xfe\x00\x01resource".to_vec()),
        ("b.tf", GOOD.as_bytes().to_vec()),
        (
            "c.yaml",
            b"AWSTemplateFormatVersion Resources AWS:: \xff\xff".to_vec(),
        ),
        ("d.json", b"\x00\x01\x02Resources AWS::".to_vec()),
        ("e.tf", Vec::new()),
        ("f.tfvars", b"\x00".to_vec()),
        ("g.tf.json", b"[]".to_vec()),
    ];
    let infra = read(files);
    assert_eq!(table_names(&infra), ["good"]);
    let paths: Vec<&str> = infra
        .collected
        .coverage
        .problems
        .iter()
        .map(|problem| &*problem.path)
        .collect();
    assert_eq!(paths, ["a.tf", "c.yaml", "f.tfvars"]);
}

#[test]
fn huge_files_are_told() {
    let infra = read(vec![
        ("huge.tf", vec![b' '; 5 * 1024 * 1024]),
        ("good.tf", GOOD.as_bytes().to_vec()),
    ]);
    assert_eq!(table_names(&infra), ["good"]);
    assert_eq!(infra.collected.coverage.problems.len(), 1);
}

#[test]
fn every_cut_of_a_template_is_survived() {
    for (name, text) in [
        ("main.tf", include_str!("fixtures/tf_policies/in/main.tf")),
        (
            "template.yaml",
            include_str!("fixtures/cfn/in/template.yaml"),
        ),
        ("other.json", include_str!("fixtures/cfn/in/other.json")),
    ] {
        for end in (0..text.len()).step_by(97) {
            if let Some(cut) = text.get(..end) {
                read(vec![(name, cut)]);
            }
        }
    }
}

#[test]
fn no_value_of_a_template_is_in_the_output() {
    // Built here, so that no scanner of this repository takes it for a key.
    let key = format!("kt_live_{}", "Zq7".repeat(11));
    let text = format!(
        "variable \"k\" {{ default = \"{key}\" }}\nlocals {{ k = var.k }}\n{GOOD}\
        resource \"aws_dynamodb_table_item\" \"i\" {{\n  table_name = aws_dynamodb_table.good.name\n  item = jsonencode({{ api_key = {{ S = var.k }} }})\n}}\n\
        resource \"aws_lambda_function\" \"f\" {{\n  function_name = \"f\"\n  environment {{\n    variables = {{ K = local.k, T = aws_dynamodb_table.good.name }}\n  }}\n}}\n\
        resource \"aws_dynamodb_table\" \"b\" {{\n  name = \"b\"\n  tags = {{ api_key = var.k }}\n}}\n\
        broken \"{key} {{\n"
    );
    let infra = read(vec![
        ("main.tf", text.as_str()),
        ("p.tfvars", &format!("k = \"{key}\"\n = {key}\n")),
    ]);
    let shown = format!("{infra:?}");
    assert!(!shown.contains("Zq7"), "a value got out");
    assert!(shown.contains("api_key"));
}

fn problems(infra: &Infra) -> Vec<String> {
    infra
        .collected
        .coverage
        .problems
        .iter()
        .map(|it| format!("{}:{}: {}", it.path, it.line.unwrap_or(0), it.message))
        .collect()
}

fn told(infra: &Infra, start: &str) {
    let all = problems(infra);
    assert!(
        all.iter().any(|it| it.starts_with(start)),
        "{start}: {all:?}"
    );
    assert!(
        all.iter().all(|it| it.contains("; ")),
        "each has a remedy: {all:?}"
    );
}

#[test]
fn a_template_file_that_takes_in_itself() {
    let infra = read(vec![
        (
            "main.tf",
            format!(
                "{GOOD}locals {{\n  a = templatefile(\"loop.tpl\", {{}})\n}}\nresource \"aws_dynamodb_table\" \"b\" {{\n  name = local.a\n}}\n"
            ),
        ),
        (
            "loop.tpl",
            "x${templatefile(\"loop.tpl\", {})}${templatefile(\"loop.tpl\", {})}".to_owned(),
        ),
    ]);
    assert_eq!(table_names(&infra), ["good", "x*"]);
    told(&infra, "loop.tpl:1: `loop.tpl` is defined by itself");
}

#[test]
fn template_files_that_double_each_other() {
    let mut files = vec![(
        "main.tf".to_owned(),
        format!(
            "{GOOD}resource \"aws_dynamodb_table\" \"b\" {{\n  name = templatefile(\"0.tpl\", {{}})\n}}\n"
        ),
    )];
    for number in 0..60 {
        let next = number + 1;
        files.push((
            format!("{number}.tpl"),
            format!(
                "${{templatefile(\"{next}.tpl\", {{}})}}${{templatefile(\"{next}.tpl\", {{}})}}"
            ),
        ));
    }
    files.push(("60.tpl".to_owned(), "x".to_owned()));
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let infra = read(files);
    assert!(
        problems(&infra)
            .iter()
            .any(|it| it.contains("needs more work"))
    );
}

#[test]
fn ranges_and_products_beyond_reason() {
    let text = format!(
        "{GOOD}locals {{\n  a = range(1000000000)\n  b = [for x in local.a : x]\n  c = setproduct(range(4000), range(4000))\n  d = join(\"\", [for x in range(4000) : join(\"\", range(4000))])\n}}\nresource \"aws_dynamodb_table\" \"b\" {{\n  name = \"b${{length(local.b)}}${{length(local.c)}}${{local.d}}\"\n}}\n"
    );
    let infra = read(vec![("main.tf", text)]);
    told(&infra, "main.tf:6: has more instances than are looked at");
}

#[test]
fn patterns_that_explode() {
    let text = format!(
        "{GOOD}resource \"aws_dynamodb_table\" \"b\" {{\n  name = regex(\"(((a{{1,900}}){{1,900}}){{1,900}})\", \"aaaa\")\n}}\nresource \"aws_dynamodb_table\" \"c\" {{\n  name = replace(\"{}\", \"/(a|a)*b/\", \"\")\n}}\n",
        "a".repeat(5000)
    );
    let infra = read(vec![("main.tf", text)]);
    assert!(table_names(&infra).contains(&"good".to_owned()));
}

#[test]
fn rings_of_conditions_and_loops() {
    let mut text = "AWSTemplateFormatVersion: \"2010-09-09\"\nConditions:\n".to_owned();
    for number in 0..2000 {
        writeln!(
            text,
            "  C{number}: !Not [!Condition C{}]",
            (number + 1) % 2000
        )
        .unwrap();
    }
    text.push_str("Resources:\n  Keys:\n    Type: AWS::DynamoDB::Table\n    Condition: C0\n    Properties:\n      TableName: !If [C0, a, b]\n");
    let infra = read(vec![("a.yaml", text)]);
    assert_eq!(table_names(&infra), ["a"]);
    assert!(!problems(&infra).is_empty());

    let list = format!(
        "[{}]",
        (0..60)
            .map(|n| format!("w{n}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let mut text = "Resources:\n".to_owned();
    let mut indent = "  ".to_owned();
    for number in 0..7 {
        writeln!(text, "{indent}Fn::ForEach::L{number}:\n{indent}  - I{number}\n{indent}  - {list}\n{indent}  - ").unwrap();
        indent.push_str("    ");
    }
    writeln!(
        text,
        "{indent}T${{I0}}${{I1}}${{I2}}${{I3}}:\n{indent}  Type: AWS::DynamoDB::Table"
    )
    .unwrap();
    let infra = read(vec![("loops.yaml", text)]);
    told(&infra, "loops.yaml:");
}

#[test]
fn services_whose_variables_are_rings() {
    let text = "service: a\nprovider: aws\ncustom:\n  a: ${self:custom.b}\n  b: ${self:custom.a}\n  c: ${file(serverless.yml):custom.c}\n  d: ${self:custom.${self:custom.d}}\nresources:\n  Resources:\n    T:\n      Type: AWS::DynamoDB::Table\n      Properties:\n        TableName: x-${self:custom.a}-${self:custom.c}-${self:custom.d}\n";
    let infra = read(vec![("serverless.yml", text)]);
    assert_eq!(table_names(&infra), ["x-*-*-*"]);
    told(&infra, "serverless.yml:");
}

#[test]
fn plans_too_large_and_too_deep() {
    let large = format!(
        "{{\"format_version\":\"1.2\",\"terraform_version\":\"1.9.5\",\"x\":\"{}\"}}",
        "y".repeat(33 * 1024 * 1024)
    );
    told(
        &read(vec![("plan.json", large)]),
        "plan.json:0: is larger than 32 MB",
    );
    let mut modules = "{\"resources\":[]}".to_owned();
    for _ in 0..300 {
        modules = format!("{{\"child_modules\":[{modules}]}}");
    }
    let deep = format!(
        "{{\"format_version\":\"1.2\",\"terraform_version\":\"1.9.5\",\"planned_values\":{{\"root_module\":{modules}}}}}"
    );
    read(vec![("plan.json", deep)]);
}

#[test]
fn a_broken_template_is_told() {
    let text = "Resources:\n  Keys:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: [keys\n  Other:\n    Type: AWS::IAM::Role\n";
    told(&read(vec![("stack.yaml", text)]), "stack.yaml:");
    let text = "{\"Resources\": {\"Keys\": {\"Type\": \"AWS::DynamoDB::Table\", \"Properties\": {\"TableName\": \"keys\"";
    told(
        &read(vec![("stack.json", text)]),
        "stack.json:1: is no valid JSON",
    );
    // A chart that only mentions such words is no template.
    let text = "{{- if .Values.x }}\nResources: {{ .y }}\n  a: AWS::DynamoDB::Table\n{{- end }}\n";
    assert!(problems(&read(vec![("chart/templates/x.yaml", text)])).is_empty());
}
