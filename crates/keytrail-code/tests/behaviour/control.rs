//! Branches, loops, exceptions.

use crate::support::{Cases, flows};

const LEAK: [&str; 1] = ["scan keys -> print"];

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn values_survive_control_flow() {
    let mut cases = Cases::default();
    for (what, body) in [
        (
            "if",
            "if os.name:\n    x = table.scan()['Items']\nelse:\n    x = 1\nprint(x)",
        ),
        (
            "elif",
            "if os.name:\n    x = 1\nelif os.sep:\n    x = table.scan()['Items']\nelse:\n    x = 2\nprint(x)",
        ),
        (
            "try",
            "try:\n    x = table.scan()['Items']\nexcept KeyError:\n    x = None\nprint(x)",
        ),
        (
            "except",
            "x = table.scan()['Items']\ntry:\n    f()\nexcept ValueError:\n    print(x)",
        ),
        (
            "finally",
            "x = table.scan()['Items']\ntry:\n    f()\nfinally:\n    print(x)",
        ),
        (
            "else",
            "try:\n    x = table.scan()['Items']\nexcept KeyError:\n    pass\nelse:\n    print(x)",
        ),
        (
            "while",
            "x = None\nwhile not x:\n    x = table.scan()['Items']\nprint(x)",
        ),
        (
            "while else",
            "while f():\n    pass\nelse:\n    print(table.scan()['Items'])",
        ),
        (
            "for else",
            "for a in f():\n    pass\nelse:\n    print(table.scan()['Items'])",
        ),
        (
            "break",
            "for a in f():\n    x = table.scan()['Items']\n    break\nprint(x)",
        ),
        (
            "carried round",
            "a = b = c = None\nfor n in f():\n    c = b\n    b = a\n    a = table.scan()['Items']\nprint(b)",
        ),
        ("with", "with f() as g:\n    print(table.scan()['Items'])"),
        ("walrus", "if (x := table.scan()['Items']):\n    print(x)"),
        (
            "walrus in while",
            "while (x := table.scan()['Items']):\n    print(x)",
        ),
        (
            "match",
            "match f():\n    case 1:\n        print(table.scan()['Items'])\n    case _:\n        pass",
        ),
        (
            "match binding",
            "match table.scan()['Items']:\n    case [first, *rest]:\n        print(first)\n    case None:\n        pass",
        ),
        (
            "match mapping",
            "match table.scan():\n    case {'Items': rows}:\n        print(rows)",
        ),
        ("unpack", "a, b = 1, table.scan()['Items']\nprint(b)"),
        (
            "swap",
            "a, b = table.scan()['Items'], 1\na, b = b, a\nprint(b)",
        ),
        (
            "star target",
            "first, *rest = table.scan()['Items']\nprint(rest)",
        ),
        (
            "for pair",
            "for i, (k, row) in enumerate(zip(f(), table.scan()['Items'])):\n    print(row)",
        ),
        (
            "for items",
            "for name, value in {'a': table.scan()['Items']}.items():\n    print(value)",
        ),
        (
            "augmented",
            "rows = []\nrows += table.scan()['Items']\nprint(rows)",
        ),
        (
            "append",
            "rows = []\nfor row in table.scan()['Items']:\n    rows.append(row)\nprint(rows)",
        ),
        (
            "extend",
            "rows = []\nrows.extend(table.scan()['Items'])\nprint(rows)",
        ),
        (
            "append in dict",
            "out = {'rows': []}\nout['rows'].append(table.scan()['Items'])\nprint(out['rows'])",
        ),
        (
            "setdefault",
            "out = {}\nout.setdefault('rows', []).append(table.scan()['Items'])\nprint(out)",
        ),
        (
            "chained assignment",
            "a = b = table.scan()['Items']\nprint(b)",
        ),
        (
            "annotated",
            "rows: list = table.scan()['Items']\nprint(rows)",
        ),
        (
            "conditional",
            "print(table.scan()['Items'] if os.name else None)",
        ),
        ("or", "print(None or table.scan()['Items'])"),
        (
            "suppress",
            "import contextlib\nwith contextlib.suppress(KeyError):\n    x = table.scan()['Items']\n    print(x)",
        ),
        (
            "after return in branch",
            "def f(x):\n    if x:\n        return 1\n    print(table.scan()['Items'])\nf(0)",
        ),
        (
            "return in try",
            "def f():\n    try:\n        return table.scan()['Items']\n    except KeyError:\n        return None\nprint(f())",
        ),
        (
            "default dict",
            "from collections import defaultdict\nd = defaultdict(list)\nd['a'].append(table.scan()['Items'])\nprint(d)",
        ),
        (
            "deque",
            "from collections import deque\nprint(deque(table.scan()['Items']))",
        ),
        (
            "chain",
            "import itertools\nprint(list(itertools.chain(table.scan()['Items'], [])))",
        ),
    ] {
        cases.same(what, &flows(body), &LEAK);
    }
}

#[test]
fn what_was_overwritten_is_gone() {
    let mut cases = Cases::default();
    for body in [
        "x = table.scan()['Items']\nx = 1\nprint(x)",
        "x = table.scan()['Items']\ndel x\nprint(1)",
        "def f():\n    return 1\n    print(table.scan()['Items'])\nx = {'a': table.scan()['Items']}\nx['a'] = 1\nprint(x)",
        "a, b = table.scan()['Items'], 1\nprint(b)",
        "print(len(table.scan()['Items']))",
        "print(table.scan()['Count'], table.scan()['ScannedCount'])",
    ] {
        cases.same(body, &flows(body), &Vec::<String>::new());
    }
}

#[test]
fn exceptions_that_are_shown_tell_of_the_operations_under_them() {
    let mut cases = Cases::default();
    for (what, shown) in [
        ("str", "JsonResponse({'error': str(e)})"),
        ("itself", "JsonResponse({'error': e})"),
        ("format", "HttpResponse(f'failed: {e}')"),
        ("repr", "HttpResponse(repr(e))"),
        ("args", "JsonResponse({'error': e.args})"),
        ("traceback", "HttpResponse(traceback.format_exc())"),
        ("response", "JsonResponse(e.response)"),
    ] {
        let body = format!(
            "
            import traceback
            def view(request):
                try:
                    table.put_item(Item={{'a': 1}})
                except Exception as e:
                    return {shown}
            "
        );
        cases.same(
            what,
            &flows(&body),
            &["exception(put_item keys) -> response"],
        );
    }
}

#[test]
fn exceptions_of_callees_count_and_narrow_ones_do_not() {
    let body = "
        def store(x):
            table.put_item(Item={'a': 1})
        def view(request):
            try:
                store(1)
            except ClientError as e:
                return JsonResponse({'error': str(e)})
            except ValueError as e:
                print(e)
    ";
    assert_eq!(flows(body), ["exception(put_item keys) -> response"]);
}

#[test]
fn logged_exceptions() {
    let body = "
        def view(request):
            try:
                table.put_item(Item={'a': 1})
            except Exception as e:
                logger.exception('failed')
                logger.error('failed: %s', e)
    ";
    assert_eq!(
        flows(body),
        [
            "exception(put_item keys) -> log error",
            "exception(put_item keys) -> log exception"
        ]
    );
    let body = "
        def view(request):
            try:
                table.put_item(Item={'a': 1})
            except:
                logger.error('failed', exc_info=True)
    ";
    assert_eq!(flows(body), ["exception(put_item keys) -> log error"]);
}
