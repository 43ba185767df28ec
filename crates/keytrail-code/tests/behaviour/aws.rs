//! Clients, resources, tables: how code gets at them.

use keytrail_model::{Fact, NameSource};

use crate::support::{Cases, flows, module, operations, tree};

/// Each way to a table, before `T.scan()` is called on it in a view.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_way_to_a_table_leads_to_the_operation() {
    let mut cases = Cases::default();
    for (what, setup, call) in [
        (
            "global",
            "t = boto3.resource('dynamodb').Table('k')",
            "t.scan()",
        ),
        (
            "function",
            "def t():\n    return boto3.resource('dynamodb').Table('k')",
            "t().scan()",
        ),
        (
            "parameter",
            "def t(name):\n    return boto3.resource('dynamodb').Table(name)",
            "t('k').scan()",
        ),
        (
            "default",
            "def t(name='k'):\n    return boto3.resource('dynamodb').Table(name)",
            "t().scan()",
        ),
        (
            "two steps",
            "def r():\n    return boto3.resource('dynamodb')\ndef t(name):\n    return r().Table(name)",
            "t('k').scan()",
        ),
        (
            "session",
            "s = boto3.Session(profile_name='x')\nt = s.resource('dynamodb').Table('k')",
            "t.scan()",
        ),
        (
            "session module",
            "t = boto3.session.Session().resource('dynamodb').Table('k')",
            "t.scan()",
        ),
        (
            "keyword",
            "t = boto3.resource(service_name='dynamodb').Table(name='k')",
            "t.scan()",
        ),
        (
            "client",
            "c = boto3.client('dynamodb')",
            "c.scan(TableName='k')",
        ),
        (
            "cache",
            "from functools import lru_cache\n@lru_cache(maxsize=1)\ndef t():\n    return boto3.resource('dynamodb').Table('k')",
            "t().scan()",
        ),
        (
            "bare cache",
            "import functools\n@functools.cache\ndef t():\n    return boto3.resource('dynamodb').Table('k')",
            "t().scan()",
        ),
        (
            "global singleton",
            "_t = None\ndef t():\n    global _t\n    if _t is None:\n        _t = boto3.resource('dynamodb').Table('k')\n    return _t",
            "t().scan()",
        ),
        (
            "init",
            "class S:\n    def __init__(self):\n        self.t = boto3.resource('dynamodb').Table('k')\n    def read(self):\n        return self.t.scan()",
            "S().read()",
        ),
        (
            "init parameter",
            "class S:\n    def __init__(self, t):\n        self.t = t\n    def read(self):\n        return self.t.scan()",
            "S(boto3.resource('dynamodb').Table('k')).read()",
        ),
        (
            "class attribute",
            "class S:\n    t = boto3.resource('dynamodb').Table('k')\n    def read(self):\n        return self.t.scan()",
            "S().read()",
        ),
        (
            "class name attribute",
            "class S:\n    name = 'k'\n    def __init__(self):\n        self.t = boto3.resource('dynamodb').Table(self.name)\n    def read(self):\n        return self.t.scan()",
            "S().read()",
        ),
        (
            "lazy",
            "class S:\n    t = None\n    def table(self):\n        if not self.t:\n            self.t = boto3.resource('dynamodb').Table('k')\n        return self.t",
            "S().table().scan()",
        ),
        (
            "property",
            "class S:\n    @property\n    def t(self):\n        return boto3.resource('dynamodb').Table('k')",
            "S().t.scan()",
        ),
        (
            "cached property",
            "from django.utils.functional import cached_property\nclass S:\n    @cached_property\n    def t(self):\n        return boto3.resource('dynamodb').Table('k')",
            "S().t.scan()",
        ),
        (
            "class method",
            "class S:\n    @classmethod\n    def t(cls):\n        return boto3.resource('dynamodb').Table('k')",
            "S.t().scan()",
        ),
        (
            "static method",
            "class S:\n    @staticmethod\n    def t(n):\n        return boto3.resource('dynamodb').Table(n)",
            "S.t('k').scan()",
        ),
        (
            "module instance",
            "class S:\n    def __init__(self):\n        self.t = boto3.resource('dynamodb').Table('k')\nstore = S()",
            "store.t.scan()",
        ),
        (
            "setdefault dict",
            "tables = {}\ntables['k'] = boto3.resource('dynamodb').Table('k')",
            "tables['k'].scan()",
        ),
        (
            "conditional",
            "t = boto3.resource('dynamodb').Table('k' if os.name else 'k')",
            "t.scan()",
        ),
        (
            "or",
            "_t = None\nt = _t or boto3.resource('dynamodb').Table('k')",
            "t.scan()",
        ),
        (
            "lambda",
            "t = lambda: boto3.resource('dynamodb').Table('k')",
            "t().scan()",
        ),
        (
            "partial",
            "import functools\ndef mk(kind, name):\n    return boto3.resource(kind).Table(name)\nt = functools.partial(mk, 'dynamodb')",
            "t('k').scan()",
        ),
        (
            "getattr",
            "mk = getattr(boto3, 'resource')\nt = mk('dynamodb').Table('k')",
            "t.scan()",
        ),
        (
            "async",
            "import aioboto3\nasync def read():\n    async with aioboto3.Session().resource('dynamodb') as r:\n        t = await r.Table('k')\n        return await t.scan()",
            "read()",
        ),
        (
            "client of resource",
            "c = boto3.resource('dynamodb').meta.client",
            "c.scan(TableName='k')",
        ),
    ] {
        let body =
            format!("{setup}\ndef view(request):\n    return JsonResponse({call}['Items'])\n");
        cases.same(what, &operations(&body), &["scan k"]);
        cases.same(what, &flows(&body), &["scan k -> response"]);
    }
}

#[test]
fn names_come_from_settings_and_environment_with_their_defaults() {
    assert_eq!(
        operations("boto3.resource('dynamodb').Table(os.environ['KEYS']).scan()"),
        ["scan $KEYS"]
    );
    assert_eq!(
        operations("boto3.resource('dynamodb').Table(os.environ.get('KEYS', 'k')).scan()"),
        ["scan k|$KEYS"]
    );
    let files = [
        ("app/__init__.py", ""),
        (
            "app/settings.py",
            "ROOT_URLCONF = 'app.urls'\nSECRET_KEY = x()\nKEYS = 'prod-keys'\n",
        ),
        (
            "app/views.py",
            "import boto3\nfrom django.conf import settings\nboto3.resource('dynamodb').Table(settings.KEYS).scan()\n",
        ),
    ];
    assert_eq!(tree(&files).operations(), ["scan prod-keys|settings.KEYS"]);
}

#[test]
fn parts_of_a_name_that_are_not_known_become_stars() {
    assert_eq!(
        operations("boto3.resource('dynamodb').Table(f'{os.environ[\"STAGE\"]}-keys').scan()"),
        ["scan *-keys"]
    );
    assert_eq!(
        operations("stage = unknown()\nboto3.resource('dynamodb').Table('keys-' + stage).scan()"),
        ["scan keys-*"]
    );
}

#[test]
fn a_table_that_only_a_parameter_names_is_seen_at_its_callers() {
    let lines = operations(
        "
        def read(name, owner):
            return boto3.resource('dynamodb').Table(name).query(
                KeyConditionExpression=Key('owner').eq(owner))
        def view(request):
            return read('a', request.user.id)
        def other(request):
            return read('b', request.GET['owner'])
        ",
    );
    assert_eq!(
        lines,
        ["query a by owner=identity", "query b by owner=query"]
    );
}

#[test]
fn an_unknown_object_is_a_table_when_its_parameters_say_so() {
    assert_eq!(
        operations("from lib import db\ndb.put_item(Item={'a': 1})\ndb.scan()\n"),
        ["put_item ? writes a"]
    );
}

#[test]
fn clients_tell_of_open_transport_and_explicit_keys() {
    let facts = module(
        "
        boto3.client('dynamodb', use_ssl=False, verify=False, endpoint_url='http://db:8000',
                     aws_access_key_id=os.environ['KEY_ID'],
                     aws_secret_access_key=settings.AWS_SECRET)
        s = boto3.Session(aws_secret_access_key=os.environ['OTHER_SECRET'])
        ",
    );
    let client = facts
        .facts
        .iter()
        .find_map(|fact| match fact {
            Fact::AwsClient(client) if client.service == "dynamodb" && client.plain => Some(client),
            _ => None,
        })
        .unwrap();
    assert!(client.unverified);
    assert_eq!(client.endpoint.as_deref(), Some("http://db:8000"));
    assert_eq!(client.credentials.len(), 2);
    assert_eq!(
        facts.flows(),
        [
            "env KEY_ID -> aws credential",
            "env OTHER_SECRET -> aws credential",
            "setting AWS_SECRET -> aws credential"
        ]
    );
}

#[test]
fn clients_without_such_options_are_plain_facts() {
    let facts = module("boto3.client('dynamodb', verify=True)\n");
    assert!(facts.facts.iter().all(|fact| match fact {
        Fact::AwsClient(client) => !client.plain && !client.unverified && client.endpoint.is_none(),
        _ => true,
    }));
}

#[test]
fn tables_that_code_creates_are_facts() {
    let facts = module(
        "
        boto3.resource('dynamodb').create_table(
            TableName='made',
            KeySchema=[{'AttributeName': 'id', 'KeyType': 'HASH'}, {'AttributeName': 'at', 'KeyType': 'RANGE'}],
            GlobalSecondaryIndexes=[{'IndexName': 'by-key', 'KeySchema': [{'AttributeName': 'api_key', 'KeyType': 'HASH'}],
                                     'Projection': {'ProjectionType': 'ALL'}}],
            StreamSpecification={'StreamEnabled': True, 'StreamViewType': 'NEW_IMAGE'},
            SSESpecification={'Enabled': True, 'SSEType': 'KMS', 'KMSMasterKeyId': 'x'},
        )
        ",
    );
    let table = facts
        .facts
        .iter()
        .find_map(|fact| match fact {
            Fact::Table(table) => Some(table),
            _ => None,
        })
        .unwrap();
    assert_eq!(table.name, "made");
    assert_eq!(table.keys.len(), 2);
    assert_eq!(table.indexes[0].name, "by-key");
    assert_eq!(
        table.indexes[0].projection,
        keytrail_model::IndexProjection::All
    );
    assert!(table.stream.is_some());
    assert!(matches!(
        table.encryption,
        keytrail_model::Encryption::CustomerManaged(_)
    ));
}

#[test]
fn a_table_from_the_environment_names_its_variable() {
    let facts = module(
        "boto3.client('dynamodb').get_item(TableName=os.getenv('T'), Key={'id': {'S': '1'}})",
    );
    let via = facts.facts.iter().find_map(|fact| match fact {
        Fact::Operation(operation) => Some(operation.table.via.clone()),
        _ => None,
    });
    assert_eq!(via.unwrap(), [NameSource::Environment("T".to_owned())]);
}

#[test]
fn lambda_handlers_are_seen() {
    let lines = operations(
        "
        def handler(event, context):
            owner = event['requestContext']['authorizer']['claims']['sub']
            return table.get_item(Key={'owner': owner})
        ",
    );
    assert_eq!(lines, ["get_item keys by owner=identity"]);
}
