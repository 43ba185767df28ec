//! Sources that nobody writes by hand: the analysis must end, soon, and never take the process
//! down with it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::{Cases, Facts, bytes, tree};

/// Generous: these run without optimisation and beside each other.
const SOON: Duration = Duration::from_secs(30);

/// Reads one file and proves that the rest of the tree was still understood.
fn survives(what: &str, source: impl Into<Vec<u8>>) -> Facts {
    let began = Instant::now();
    let facts = bytes([
        ("app/hostile.py", source.into()),
        (
            "app/other.py",
            b"import boto3\nprint(boto3.resource('dynamodb').Table('keys').scan()['Items'])\n"
                .to_vec(),
        ),
    ]);
    assert!(began.elapsed() < SOON, "{what} took {:?}", began.elapsed());
    assert!(
        facts.flows().contains(&"scan keys -> print".to_owned()),
        "{what}: {:?}",
        facts.flows()
    );
    facts
}

#[test]
fn deep_nesting_ends() {
    for depth in [200, 3_000, 10_000, 200_000] {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{'a': ", "}"),
            ("f(", ")"),
            ("-", ""),
            ("not ", ""),
            ("lambda: ", ""),
            ("x if x else ", "x"),
            ("await ", ""),
            ("*", ""),
        ] {
            let source = format!("x = {}1{}\n", open.repeat(depth), close.repeat(depth));
            survives(&format!("{depth} {open}"), source);
        }
    }
}

#[test]
fn long_chains_end() {
    for length in [5_000, 100_000] {
        for part in [
            " + a",
            ".a",
            "[0]",
            "()",
            " and a",
            " == a",
            " if a else b",
            ".f(1)",
            " | a",
        ] {
            let source = format!("a = 1\nx = a{}\n", part.repeat(length));
            survives(&format!("{length} {part}"), source);
        }
    }
}

#[test]
fn deep_blocks_end() {
    for depth in [100, 2_000] {
        for head in [
            "if x:",
            "while x:",
            "for x in y:",
            "def f(x):",
            "class A:",
            "with x:",
            "try:",
        ] {
            let mut source = String::new();
            for level in 0..depth {
                writeln!(source, "{}{head}", " ".repeat(level)).unwrap();
            }
            writeln!(source, "{}pass", " ".repeat(depth)).unwrap();
            survives(&format!("{depth} {head}"), source);
        }
    }
}

#[test]
fn elif_chains_end_and_each_branch_is_read() {
    for length in [60, 5_000, 50_000] {
        let mut source = String::from(
            "import boto3\nt = boto3.resource('dynamodb').Table('k')\ndef f(x):\n    if x == 0:\n        pass\n",
        );
        for number in 1..length {
            writeln!(source, "    elif x == {number}:\n        y = {number}").unwrap();
        }
        source += "    elif x:\n        t.put_item(Item={'a': 1})\n    else:\n        t.put_item(Item={'b': 1})\n";
        let lines = survives(&format!("{length} elif"), source).operations();
        assert!(
            lines.contains(&"put_item k writes a".to_owned()),
            "{length}: {lines:?}"
        );
        assert!(
            lines.contains(&"put_item k writes b".to_owned()),
            "{length}: {lines:?}"
        );
    }
}

#[test]
fn deep_patterns_and_formats_end() {
    let depth = 5_000;
    survives(
        "patterns",
        format!(
            "match x:\n    case {}y{}:\n        pass\n",
            "[".repeat(depth),
            "]".repeat(depth)
        ),
    );
    let or: String = (0..20_000).map(|n| format!(" | {n}")).collect();
    survives(
        "or patterns",
        format!("match x:\n    case 0{or}:\n        pass\n"),
    );
    survives(
        "format",
        format!("x = {}a{}\n", "f'{".repeat(500), "}'".repeat(500)),
    );
    survives(
        "decorators",
        format!("{}def f():\n    pass\n", "@d\n".repeat(20_000)),
    );
    survives(
        "annotation",
        format!(
            "x: {}int{} = 1\n",
            "list[".repeat(20_000),
            "]".repeat(20_000)
        ),
    );
    survives(
        "comprehension",
        format!(
            "x = {}y{}\n",
            "[a for a in ".repeat(1_000),
            "]".repeat(1_000)
        ),
    );
    survives(
        "generators",
        format!("x = [a{}]\n", " for a in a".repeat(20_000)),
    );
}

#[test]
fn large_files_end() {
    let mut source = String::new();
    for number in 0..100_000 {
        writeln!(source, "a{} = a{}", number % 7, (number + 1) % 7).unwrap();
    }
    survives("assignments", source);
    let mut source = String::from("def f(x):\n");
    for _ in 0..60_000 {
        source += "    x = x\n";
    }
    source += "    return x\nprint(f(open('a')))\n";
    survives("one name, over and over", source);
    let mut source = String::from("DATA = {\n");
    for number in 0..40_000 {
        writeln!(
            source,
            "    'key{number}': {{'a': {number}, 'b': 'text {number}'}},"
        )
        .unwrap();
    }
    source += "}\n";
    survives("a large dictionary", source);
    let mut source = String::new();
    for number in 0..8_000 {
        writeln!(
            source,
            "def f{number}(x):\n    return f{}(x)",
            (number + 1) % 8_000
        )
        .unwrap();
    }
    survives("a ring of functions", source);
    let mut source = String::new();
    for number in 0..3_000 {
        writeln!(
            source,
            "class C{number}(C{}):\n    def m(self):\n        return super().m()",
            number + 1
        )
        .unwrap();
    }
    survives("a chain of classes", source);
    survives("one line", format!("x = '{}'\n", "a".repeat(3 << 20)));
    survives("commas", format!("x = [{}]\n", "1,".repeat(1 << 20)));
    let too_large = survives("too large", vec![b'\n'; 5 << 20]);
    assert_eq!(too_large.coverage.problems.len(), 1);
}

#[test]
fn loops_in_loops_and_calls_in_calls_do_not_double_for_ever() {
    let mut source = String::from("def f(x):\n");
    for level in 0..40 {
        writeln!(source, "{}for a{level} in x:", " ".repeat(level + 4)).unwrap();
    }
    writeln!(source, "{}x.append(a0)", " ".repeat(60)).unwrap();
    survives("loops", source);
    let mut source = String::from(
        "import boto3\nt = boto3.resource('dynamodb').Table('k')\ndef f0(x):\n    return t.get_item(Key={'a': x})\n",
    );
    for number in 1..40 {
        writeln!(
            source,
            "def f{number}(x):\n    return (f{0}(x), f{0}([x]), f{0}({{'a': x}}))",
            number - 1
        )
        .unwrap();
    }
    survives("calls", source);
    let mut source = String::from("def f(x):\n    a = {}\n");
    for number in 0..400 {
        writeln!(source, "    a = {{'l': a, 'r': a, 'n{number}': x}}").unwrap();
    }
    source += "    return a\n";
    survives("doubling values", source);
    survives(
        "nested calls",
        format!("x = {}1{}\n", "f(g(".repeat(90), "))".repeat(90)),
    );
    let mut source = String::from("def f(x):\n");
    for number in 0..28 {
        writeln!(source, "    x, y{number} = x, (x, x)").unwrap();
    }
    survives("unpacking", source);
    let deep = format!("a{}", "[b".repeat(60)) + &"]".repeat(60);
    survives(
        "subscripts of subscripts",
        format!("{deep} = 1\n{deep}.append(2)\n{deep} += 3\n"),
    );
    let dotted = format!("a{}", ".b".repeat(60));
    survives(
        "attributes of attributes",
        format!("{dotted}.c = 1\n{dotted}.append(1)\n{dotted}.c.update(d=1)\n"),
    );
}

#[test]
fn recursion_and_cycles_end() {
    survives(
        "recursion",
        "def a(x):\n    return b([x])\ndef b(x):\n    return a({'x': x})\nprint(a(1))\n",
    );
    survives(
        "self",
        "class A(A):\n    def m(self):\n        return self.m()\nA().m()\n",
    );
    survives(
        "each other",
        "class A(B):\n    pass\nclass B(A):\n    pass\nB().m()\n",
    );
    survives(
        "own name",
        "a = a\nb = c\nc = b\nd = d.d.d\ndef f(): return f\nf()()()\n",
    );
    survives("decorated by itself", "@f\ndef f(x):\n    return f(f)\n");
    survives(
        "a table of a table",
        "def f(t):\n    while t:\n        t = t.Table(t)\n    return f(t)\n",
    );
    let facts = tree(&[
        ("a/__init__.py", "from b import *\nfrom a import *\n"),
        (
            "b/__init__.py",
            "from a import *\nfrom . import *\nfrom .c import *\n",
        ),
        (
            "b/c.py",
            "from ..b import x\nfrom b.c import x as y\nimport a, b\nprint(a.b.x.y, x)\n",
        ),
        (
            "settings.py",
            "from settings import *\nROOT_URLCONF = 'urls'\nSECRET_KEY = SECRET_KEY\n",
        ),
        (
            "urls.py",
            "from django.urls import path, include\nfrom urls import urlpatterns as u\nurlpatterns = [path('a/', include('urls')), path('b/', include(u))] + urlpatterns\nurlpatterns += urlpatterns\n",
        ),
    ]);
    assert_eq!(facts.coverage.problems, []);
}

#[test]
fn broken_python_is_read_as_far_as_it_goes() {
    for source in [
        "def f(:\n  x = \n",
        "class\nimport\nfrom import x\nif:\n",
        "x = 'unclosed\ny = \"\"\"never closed",
        "}}}}))))]]]]",
        "def f(x):\n\tif x:\n        return 1\n  return 2\n",
        "print 'python 2', x\nexec 'a'\nraise E, 'x'\n",
        "x = 1 +\n\n\n@\n",
        "match = 1\nmatch match:\n  case\n",
        "\\",
        "\u{feff}x = 1\n\u{feff}y = 2\n",
        "x = 0o9 + 1_ + 0x\n",
        "f'{'f\"{\n",
        "async await yield return lambda\n",
    ] {
        survives(source, source);
    }
    let facts = survives(
        "broken, then whole",
        "x = = 1\nimport boto3\nboto3.client('dynamodb').scan(TableName='seen')\n",
    );
    assert!(facts.operations().contains(&"scan seen".to_owned()));
    assert!(!facts.coverage.problems.is_empty());
    assert_eq!(facts.coverage.problems[0].line, Some(1));
}

#[test]
fn all_sorts_of_bytes_are_read() {
    let mut cases = Cases::default();
    let code = "import boto3\nboto3.client('dynamodb').scan(TableName='seen')\n";
    for (what, source) in [
        ("windows", code.replace('\n', "\r\n").into_bytes()),
        ("old mac", code.replace('\n', "\r").into_bytes()),
        ("mark", format!("\u{feff}{code}").into_bytes()),
        ("form feed", format!("\u{c}\n{code}").into_bytes()),
        (
            "tabs",
            format!("if 1:\n\t{}", code.replace('\n', "\n\t")).into_bytes(),
        ),
        (
            "latin",
            [b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", code.as_bytes()].concat(),
        ),
        ("no end", code.trim_end().as_bytes().to_vec()),
    ] {
        let facts = survives(what, source);
        assert!(
            facts.operations().contains(&"scan seen".to_owned()),
            "{what}: {:?}",
            facts.operations()
        );
        cases.same(what, &facts.coverage.problems, &[]);
    }
    for (what, source) in [
        ("binary", b"\x00\x01\xff\xfe import".to_vec()),
        ("nul", b"x = 1\x00\n".to_vec()),
        (
            "utf-16",
            "x = 1\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
    ] {
        let facts = survives(what, source);
        assert!(!facts.coverage.problems.is_empty(), "{what}");
    }
    survives("empty", "");
    survives("blank", "\n\n   \n");
}

#[test]
fn lines_end_as_python_ends_them() {
    let facts = bytes([(
        "a.py",
        b"import boto3\rt = boto3.resource('dynamodb').Table('k')\rt.scan()\r".to_vec(),
    )]);
    let line = facts.facts.iter().find_map(|fact| match fact {
        keytrail_model::Fact::Operation(operation) => Some(operation.location.span().line),
        _ => None,
    });
    assert_eq!(line, Some(3));
}

#[test]
fn templates_that_include_each_other_end() {
    let mut files: Vec<(String, Vec<u8>)> = vec![("app/views.py".to_owned(), b"x = 1\n".to_vec())];
    for number in 0..30 {
        let mut page = String::new();
        for other in 0..30 {
            write!(
                page,
                "{{% include 'p{other}.html' %}}{{{{ a{number}.b{other} }}}}"
            )
            .unwrap();
        }
        files.push((format!("app/templates/p{number}.html"), page.into_bytes()));
    }
    files.push((
        "app/templates/open.html".to_owned(),
        b"{{ {% {# {{{{{{".repeat(10_000),
    ));
    let began = Instant::now();
    bytes(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.clone())),
    );
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn modules_that_import_from_themselves_and_each_other_end() {
    let many = "from .views import a, b, c\n".repeat(40);
    let stars = "from .store import *\nfrom .views import *\n".repeat(40);
    let began = Instant::now();
    bytes([
        (
            "app/views.py",
            format!("{many}{stars}urlpatterns = [path('x', a), path('y', b)]\nc(a(b))\n")
                .into_bytes(),
        ),
        (
            "app/store.py",
            format!("{many}{stars}a(b(c))\n").into_bytes(),
        ),
    ]);
    assert!(began.elapsed() < SOON, "took {:?}", began.elapsed());
}

#[test]
fn a_variable_that_always_grows_ends() {
    let mut source = "class Bag:\n    held = {}\n".to_owned();
    for index in 0..400 {
        writeln!(
            source,
            "\n    def step_{index}(self, value):\n        self.held = {{'a{index}': self.held, \
             'b{index}': {{'c{index}': value, 'd': self.step_{}(self.held)}}}}\n        return self.held",
            (index * 7 + 3) % 400
        )
        .unwrap();
    }
    survives("a variable that always grows", source);
}
