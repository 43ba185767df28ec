//! Values through calls.

use crate::support::{Cases, flows};

const LEAK: [&str; 1] = ["scan keys -> print"];

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn values_pass_through_every_kind_of_call() {
    let mut cases = Cases::default();
    for (what, body) in [
        (
            "argument",
            "def f(x):\n    print(x)\nf(table.scan()['Items'])",
        ),
        (
            "keyword",
            "def f(*, x):\n    print(x)\nf(x=table.scan()['Items'])",
        ),
        (
            "star",
            "def f(*args):\n    print(args[0])\nf(table.scan()['Items'])",
        ),
        (
            "star call",
            "def f(x, y):\n    print(y)\nf(*[1, table.scan()['Items']])",
        ),
        (
            "double star",
            "def f(**kwargs):\n    print(kwargs['x'])\nf(x=table.scan()['Items'])",
        ),
        (
            "double star call",
            "def f(x=None):\n    print(x)\nf(**{'x': table.scan()['Items']})",
        ),
        (
            "pass on",
            "def g(a, b):\n    print(b)\ndef f(*args, **kwargs):\n    g(*args, **kwargs)\nf(1, b=table.scan()['Items'])",
        ),
        (
            "return",
            "def f():\n    return table.scan()['Items']\nprint(f())",
        ),
        (
            "identity",
            "def f(x):\n    return x\nprint(f(table.scan()['Items']))",
        ),
        (
            "two steps",
            "def g(x):\n    return x\ndef f(x):\n    return g(x)\nprint(f(table.scan()['Items']))",
        ),
        (
            "default",
            "def f(x=table.scan()['Items']):\n    print(x)\nf()",
        ),
        (
            "closure",
            "def f():\n    rows = table.scan()['Items']\n    def g():\n        print(rows)\n    g()\nf()",
        ),
        (
            "closure of parameter",
            "def f(rows):\n    def g():\n        print(rows)\n    g()\nf(table.scan()['Items'])",
        ),
        (
            "returned closure",
            "def f(rows):\n    def g():\n        return rows\n    return g\nprint(f(table.scan()['Items'])())",
        ),
        (
            "nonlocal",
            "def f():\n    rows = None\n    def g():\n        nonlocal rows\n        rows = table.scan()['Items']\n    g()\n    print(rows)\nf()",
        ),
        ("lambda", "f = lambda x: x\nprint(f(table.scan()['Items']))"),
        ("lambda sink", "(lambda x: print(x))(table.scan()['Items'])"),
        (
            "callback",
            "def f(call, x):\n    call(x)\nf(print, table.scan()['Items'])",
        ),
        (
            "callback own",
            "def show(x):\n    print(x)\ndef f(call, x):\n    call(x)\nf(show, table.scan()['Items'])",
        ),
        (
            "partial",
            "import functools\ndef f(a, b):\n    print(b)\nfunctools.partial(f, 1)(table.scan()['Items'])",
        ),
        (
            "partial import",
            "from functools import partial\ndef f(a, b):\n    print(a)\npartial(f, table.scan()['Items'])(1)",
        ),
        (
            "generator",
            "def f():\n    for row in table.scan()['Items']:\n        yield row\nfor row in f():\n    print(row)",
        ),
        (
            "yield from",
            "def g():\n    yield table.scan()['Items']\ndef f():\n    yield from g()\nfor row in f():\n    print(row)",
        ),
        (
            "async",
            "async def f():\n    return table.scan()['Items']\nasync def g():\n    print(await f())",
        ),
        (
            "decorated",
            "import functools\ndef log(fn):\n    @functools.wraps(fn)\n    def inner(*a, **k):\n        return fn(*a, **k)\n    return inner\n@log\ndef f():\n    return table.scan()['Items']\nprint(f())",
        ),
        (
            "decorated inside",
            "def log(fn):\n    return fn\n@log\ndef f():\n    print(table.scan()['Items'])",
        ),
        (
            "decorator with arguments",
            "def log(level):\n    def outer(fn):\n        def inner(*a):\n            return fn(*a)\n        return inner\n    return outer\n@log(1)\ndef f(x):\n    print(x)\nf(table.scan()['Items'])",
        ),
        (
            "recursion",
            "def f(x, n):\n    if n:\n        return f(x, n - 1)\n    return x\nprint(f(table.scan()['Items'], 3))",
        ),
        (
            "mutual",
            "def a(x):\n    return b(x)\ndef b(x):\n    if x:\n        return x\n    return a(x)\nprint(a(table.scan()['Items']))",
        ),
        (
            "dictionary of functions",
            "def f():\n    return table.scan()['Items']\ncalls = {'f': f}\nprint(calls['f']())",
        ),
        (
            "conditional function",
            "def f():\n    return table.scan()['Items']\ndef g():\n    return 1\nh = f if os.name else g\nprint(h())",
        ),
        (
            "changed argument",
            "def fill(d):\n    d['rows'] = table.scan()['Items']\nout = {}\nfill(out)\nprint(out)",
        ),
        (
            "appended argument",
            "def fill(rows):\n    rows.append(table.scan()['Items'])\nout = []\nfill(out)\nprint(out)",
        ),
        (
            "changed two deep",
            "def g(d):\n    d['rows'] = table.scan()['Items']\ndef fill(d):\n    g(d)\nout = {}\nfill(out)\nprint(out)",
        ),
        (
            "out tuple",
            "def f():\n    return 1, table.scan()['Items']\nn, rows = f()\nprint(rows)",
        ),
        (
            "global",
            "rows = None\ndef f():\n    global rows\n    rows = table.scan()['Items']\ndef g():\n    print(rows)",
        ),
        (
            "thread",
            "import threading\ndef f(x):\n    print(x)\nthreading.Thread(target=f, args=(table.scan()['Items'],)).start()",
        ),
        (
            "executor",
            "from concurrent.futures import ThreadPoolExecutor\ndef f(x):\n    print(x)\nThreadPoolExecutor().submit(f, table.scan()['Items'])",
        ),
        (
            "to thread",
            "from asgiref.sync import sync_to_async\ndef f():\n    return table.scan()['Items']\nasync def g():\n    print(await sync_to_async(f)())",
        ),
        (
            "run",
            "import asyncio\nasync def f():\n    return table.scan()['Items']\nprint(asyncio.run(f()))",
        ),
        (
            "reduce",
            "import functools\nprint(functools.reduce(lambda a, b: a + b, table.scan()['Items'], []))",
        ),
    ] {
        cases.same(what, &flows(body), &LEAK);
    }
}

#[test]
fn a_task_is_called_and_its_arguments_rest_in_the_queue() {
    let task = "from celery import shared_task\n@shared_task\ndef f(x):\n    print(x)\nf";
    let mut cases = Cases::default();
    for call in [
        ".delay(table.scan()['Items'])",
        ".apply_async(args=[table.scan()['Items']])",
        ".apply_async(kwargs={'x': table.scan()['Items']})",
    ] {
        cases.same(
            call,
            &flows(&format!("{task}{call}")),
            &["scan keys -> a task queue", "scan keys -> print"],
        );
    }
}

#[test]
fn a_helper_takes_out_for_its_caller() {
    let lines = flows(
        "
        def clean(item):
            item.pop('api_key', None)
            del item['token']
        def view(request):
            item = table.get_item(Key={'id': 1})['Item']
            clean(item)
            return JsonResponse(item)
        ",
    );
    assert_eq!(lines, ["get_item keys -> response without api_key,token"]);
    let lines = flows(
        "
        def clean(item):
            item = dict(item)
            item.pop('api_key', None)
            return item
        def view(request):
            return JsonResponse(clean(table.get_item(Key={'id': 1})['Item']))
        ",
    );
    assert_eq!(lines, ["get_item keys -> response without api_key"]);
}

#[test]
fn a_helper_s_pick_is_its_caller_s_pick() {
    let lines = flows(
        "
        PUBLIC = ('alias', 'owner')
        def public(item):
            return {name: item[name] for name in PUBLIC}
        def rows():
            return [public(item) for item in table.scan()['Items']]
        def view(request):
            return JsonResponse(rows())
        ",
    );
    assert_eq!(
        lines,
        ["scan keys alias -> response", "scan keys owner -> response"]
    );
}

#[test]
fn two_callers_of_one_helper_do_not_mix() {
    let lines = flows(
        "
        def show(x):
            return {'x': x}
        def view(request):
            item = table.get_item(Key={'id': 1})['Item']
            print(show(item['api_key']))
            return JsonResponse(show(item['alias']))
        ",
    );
    assert_eq!(
        lines,
        [
            "get_item keys alias -> response",
            "get_item keys api_key -> print"
        ]
    );
}
