//! Classes: lookup order, instances, data classes.

use crate::support::{Cases, flows};

const LEAK: [&str; 1] = ["scan keys -> print"];

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn methods_are_found_where_python_finds_them() {
    let mut cases = Cases::default();
    for (what, body) in [
        (
            "inherited",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nclass B(A):\n    pass\nprint(B().m())",
        ),
        (
            "overridden",
            "class A:\n    def m(self):\n        return 1\nclass B(A):\n    def m(self):\n        return table.scan()['Items']\nprint(B().m())",
        ),
        (
            "mixin first",
            "class M:\n    def m(self):\n        return table.scan()['Items']\nclass A:\n    def m(self):\n        return 1\nclass B(M, A):\n    pass\nprint(B().m())",
        ),
        (
            "super",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nclass B(A):\n    def m(self):\n        return super().m()\nprint(B().m())",
        ),
        (
            "old super",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nclass B(A):\n    def m(self):\n        return super(B, self).m()\nprint(B().m())",
        ),
        (
            "cooperative super",
            "class A:\n    def m(self):\n        return 1\nclass L(A):\n    def m(self):\n        return super().m()\nclass R(A):\n    def m(self):\n        return table.scan()['Items']\nclass B(L, R):\n    pass\nprint(B().m())",
        ),
        (
            "base by name",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nclass B(A):\n    def m(self):\n        return A.m(self)\nprint(B().m())",
        ),
        (
            "template method",
            "class A:\n    def run(self):\n        return self.m()\nclass B(A):\n    def m(self):\n        return table.scan()['Items']\nprint(B().run())",
        ),
        (
            "property",
            "class A:\n    @property\n    def m(self):\n        return table.scan()['Items']\nprint(A().m)",
        ),
        (
            "class method",
            "class A:\n    @classmethod\n    def m(cls):\n        return cls().n()\n    def n(self):\n        return table.scan()['Items']\nprint(A.m())",
        ),
        (
            "static method",
            "class A:\n    @staticmethod\n    def m():\n        return table.scan()['Items']\nprint(A.m(), )",
        ),
        (
            "on an instance",
            "class A:\n    @staticmethod\n    def m():\n        return table.scan()['Items']\nprint(A().m())",
        ),
        (
            "nested class",
            "class A:\n    class B:\n        def m(self):\n            return table.scan()['Items']\nprint(A.B().m())",
        ),
        (
            "call",
            "class A:\n    def __call__(self):\n        return table.scan()['Items']\nprint(A()())",
        ),
        (
            "getitem",
            "class A:\n    def __getitem__(self, key):\n        return table.scan()['Items']\nprint(A()['x'])",
        ),
        (
            "iter",
            "class A:\n    def __iter__(self):\n        yield table.scan()['Items']\nfor row in A():\n    print(row)",
        ),
        (
            "str",
            "class A:\n    def __str__(self):\n        return str(table.scan()['Items'])\nprint(str(A()))",
        ),
        (
            "factory method",
            "class A:\n    @classmethod\n    def make(cls):\n        return cls()\n    def m(self):\n        return table.scan()['Items']\nprint(A.make().m())",
        ),
        (
            "instance in attribute",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nclass B:\n    def __init__(self):\n        self.a = A()\nprint(B().a.m())",
        ),
        (
            "method as value",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nf = A().m\nprint(f())",
        ),
        (
            "method kept in init",
            "class A:\n    def __init__(self):\n        self.f = self.m\n    def m(self):\n        return table.scan()['Items']\nprint(A().f())",
        ),
        (
            "class in variable",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nkind = A\nprint(kind().m())",
        ),
        (
            "context manager",
            "class A:\n    def __enter__(self):\n        return table.scan()['Items']\n    def __exit__(self, *a):\n        pass\nwith A() as rows:\n    print(rows)",
        ),
        (
            "dictionary of classes",
            "class A:\n    def m(self):\n        return table.scan()['Items']\nkinds = {'a': A}\nprint(kinds['a']().m())",
        ),
    ] {
        cases.same(what, &flows(body), &LEAK);
    }
}

#[test]
fn instances_hold_what_they_were_given() {
    let mut cases = Cases::default();
    for (what, body) in [
        (
            "init",
            "class A:\n    def __init__(self, row):\n        self.row = row\nprint(A(table.scan()['Items']).row)",
        ),
        (
            "init keyword",
            "class A:\n    def __init__(self, *, row=None):\n        self.row = row\nprint(A(row=table.scan()['Items']).row)",
        ),
        (
            "init of base",
            "class B:\n    def __init__(self, row):\n        self.row = row\nclass A(B):\n    def __init__(self, row):\n        super().__init__(row)\nprint(A(table.scan()['Items']).row)",
        ),
        (
            "init inherited",
            "class B:\n    def __init__(self, row):\n        self.row = row\nclass A(B):\n    pass\nprint(A(table.scan()['Items']).row)",
        ),
        (
            "set from outside",
            "class A:\n    pass\na = A()\na.row = table.scan()['Items']\nprint(a.row)",
        ),
        (
            "setter",
            "class A:\n    def put(self, row):\n        self.row = row\na = A()\na.put(table.scan()['Items'])\nprint(a.row)",
        ),
        (
            "data class",
            "from dataclasses import dataclass\n@dataclass\nclass A:\n    row: list\nprint(A(table.scan()['Items']).row)",
        ),
        (
            "named tuple",
            "from typing import NamedTuple\nclass A(NamedTuple):\n    row: list\nprint(A(row=table.scan()['Items']).row)",
        ),
        (
            "setattr",
            "class A:\n    pass\na = A()\nsetattr(a, 'row', table.scan()['Items'])\nprint(a.row)",
        ),
        (
            "getattr",
            "class A:\n    def __init__(self, row):\n        self.row = row\nprint(getattr(A(table.scan()['Items']), 'row'))",
        ),
    ] {
        cases.same(what, &flows(body), &LEAK);
    }
}

#[test]
fn instances_tell_their_fields_apart() {
    let mut cases = Cases::default();
    let body = "
        from dataclasses import dataclass, asdict
        @dataclass
        class Record:
            alias: str
            api_key: str
        def load():
            item = table.get_item(Key={'id': 1})['Item']
            return Record(alias=item['alias'], api_key=item['api_key'])
        def view(request):
            record = load()
            return JsonResponse({'alias': record.alias})
    ";
    assert_eq!(flows(body), ["get_item keys alias -> response"]);
    for call in [
        "asdict(record)",
        "vars(record)",
        "record.__dict__",
        "{**vars(record)}",
    ] {
        let body = body.replace("{'alias': record.alias}", call);
        cases.same(
            call,
            &flows(&body),
            &[
                "get_item keys alias -> response",
                "get_item keys api_key -> response",
            ],
        );
    }
}

#[test]
fn what_a_method_shows_of_itself_is_what_it_shows() {
    let lines = flows(
        "
        class Record:
            def __init__(self, item):
                self.alias = item['alias']
                self.key = item['api_key']
            def public(self):
                return {'alias': self.alias}
            def to_dict(self):
                return {'alias': self.alias, 'key': self.key}
        def view(request):
            r = Record(table.get_item(Key={'id': 1})['Item'])
            print(r.public())
            return JsonResponse(r.to_dict())
        ",
    );
    assert_eq!(
        lines,
        [
            "get_item keys alias -> print",
            "get_item keys alias -> response",
            "get_item keys api_key -> response"
        ]
    );
}

#[test]
fn a_client_that_holds_a_key_does_not_give_it_back() {
    let lines = flows(
        "
        import stripe_like
        def view(request):
            client = stripe_like.Client(api_key=os.environ['STRIPE_API_KEY'])
            return JsonResponse(client.list())
        ",
    );
    assert_eq!(lines, Vec::<String>::new());
}
