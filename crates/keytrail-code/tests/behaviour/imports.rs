//! Names over files.

use crate::support::{Cases, Facts, tree};

const STORE: &str = "
    import boto3
    table = boto3.resource('dynamodb').Table('keys')
    def read():
        return table.scan()['Items']
";
const LEAK: &str = "scan keys -> response";

fn with(files: &[(&str, &str)]) -> Vec<String> {
    tree(files).flows()
}

fn view(import: &str, call: &str) -> String {
    format!(
        "from django.http import JsonResponse\n{import}\ndef view(request):\n    return JsonResponse({call})\n"
    )
}

#[test]
fn absolute_and_relative_imports_of_modules_and_names() {
    let mut cases = Cases::default();
    for (import, call) in [
        ("from app.store import read", "read()"),
        ("from app import store", "store.read()"),
        ("import app.store", "app.store.read()"),
        ("import app.store as s", "s.read()"),
        ("from app.store import read as r", "r()"),
        ("from .store import read", "read()"),
        ("from . import store", "store.read()"),
        ("from .store import *", "read()"),
        ("from ..app.store import read", "read()"),
    ] {
        let view = view(import, call);
        let files = [
            ("proj/__init__.py", ""),
            ("proj/app/__init__.py", ""),
            ("proj/app/store.py", STORE),
            ("proj/app/views.py", view.as_str()),
        ];
        let shorter = [
            ("app/__init__.py", ""),
            ("app/store.py", STORE),
            ("app/views.py", view.as_str()),
        ];
        let files: &[(&str, &str)] = if import.contains("..app") {
            &files
        } else {
            &shorter
        };
        cases.same(import, &with(files), &[LEAK]);
    }
}

#[test]
fn a_package_hands_on_what_its_modules_define() {
    let mut cases = Cases::default();
    for init in [
        "from .store import read",
        "from .store import *",
        "from . import store\nread = store.read",
    ] {
        let files = [
            ("lib/__init__.py", init),
            ("lib/store.py", STORE),
            ("app/__init__.py", ""),
            ("app/views.py", &view("from lib import read", "read()")),
        ];
        cases.same(init, &with(&files), &[LEAK]);
    }
}

#[test]
fn functions_import_for_themselves() {
    let views = "
        from django.http import JsonResponse
        def view(request):
            from app.store import read as get
            import app.store as s
            return JsonResponse(get())
        def other(request):
            import app.store as s
            print(s.read())
    ";
    let files = [
        ("app/__init__.py", ""),
        ("app/store.py", STORE),
        ("app/views.py", views),
    ];
    assert_eq!(with(&files), ["scan keys -> print", LEAK]);
}

#[test]
fn source_roots_below_the_tree_are_found() {
    let mut cases = Cases::default();
    for root in ["src/", "backend/", "services/api/src/"] {
        let files: Vec<(String, String)> = vec![
            (format!("{root}app/__init__.py"), String::new()),
            (format!("{root}app/store.py"), crate::support::dedent(STORE)),
            (
                format!("{root}app/views.py"),
                view("from app.store import read", "read()"),
            ),
        ];
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        cases.same(root, &with(&files), &[LEAK]);
    }
}

#[test]
fn packages_need_no_init() {
    let files = [
        ("app/data/store.py", STORE),
        (
            "app/views.py",
            &view("from app.data.store import read", "read()"),
        ),
        (
            "app/more.py",
            "from app import data\nfrom app.data import store\nprint(store.read())\n",
        ),
    ];
    assert_eq!(with(&files), ["scan keys -> print", LEAK]);
}

#[test]
fn of_two_services_each_sees_its_own_modules() {
    let harmless = "def read():\n    return 1\n";
    let view = view("from app.store import read", "read()");
    let files = [
        ("a/app/__init__.py", ""),
        ("a/app/store.py", STORE),
        ("a/app/views.py", &view),
        ("b/app/__init__.py", ""),
        ("b/app/store.py", harmless),
        ("b/app/views.py", &view),
    ];
    let facts = tree(&files);
    let leaks: Vec<_> = places(&facts, LEAK);
    assert_eq!(leaks, ["a/app/views.py"]);
}

fn places(facts: &Facts, _line: &str) -> Vec<String> {
    facts
        .facts
        .iter()
        .filter_map(|fact| match fact {
            keytrail_model::Fact::Flow(flow) => Some(flow.location.span().path.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn conditional_imports_are_all_taken() {
    let import =
        "try:\n    from app.fast import read\nexcept ImportError:\n    from app.store import read";
    let files = [
        ("app/__init__.py", ""),
        ("app/store.py", STORE),
        ("app/views.py", &view(import, "read()")),
    ];
    assert_eq!(with(&files), [LEAK]);
    let import =
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.store import Store";
    let store = "
        import boto3
        class Store:
            def read(self):
                return boto3.resource('dynamodb').Table('keys').scan()['Items']
    ";
    let views = format!(
        "{import}\nfrom django.http import JsonResponse\ndef view(request, store: 'Store'):\n    return JsonResponse(store.read())\n"
    );
    let files = [
        ("app/__init__.py", ""),
        ("app/store.py", store),
        ("app/views.py", &views),
    ];
    assert_eq!(with(&files), [LEAK]);
}

#[test]
fn a_name_from_a_library_is_not_the_tree_s_own() {
    let files = [
        (
            "tools/scripts/requests.py",
            "def get(url):\n    return url\n",
        ),
        ("app/__init__.py", ""),
        (
            "app/views.py",
            "import requests\nimport os\nrequests.get('https://api.test/?key=' + os.environ['API_KEY'])\n",
        ),
    ];
    assert_eq!(with(&files), ["env API_KEY -> url"]);
}

#[test]
fn constants_come_over_files() {
    let files = [
        ("app/__init__.py", ""),
        (
            "app/names.py",
            "PREFIX = 'prod-'\nTABLE = PREFIX + 'keys'\n",
        ),
        (
            "app/views.py",
            "import boto3\nfrom app.names import TABLE\nt = boto3.resource('dynamodb').Table(TABLE)\nt.scan()\n",
        ),
    ];
    assert_eq!(tree(&files).operations(), ["scan prod-keys"]);
}
