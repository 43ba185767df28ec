//! What is known of code outside the tree: the standard library, Django, DRF, boto3 and the
//! other libraries that keys pass through. Matched by the full dotted path, never by a bare name.

use rustc_hash::FxHashMap;

use crate::interp::Path;
use crate::symbols::{Sym, Symbols};

/// How a call of something known behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Client,
    Resource,
    Session,
    /// `Key` of boto3's conditions.
    ConditionKey,
    ConditionAttr,
    /// First argument: a variable's name; `default=` or second: what else.
    EnvironmentRead,
    /// The result holds what the arguments hold.
    Pass,
    /// Like `Pass`, but the parts keep their names.
    PassFirst,
    /// Copies the fields of its argument: `dict(item)`, `copy.deepcopy(item)`.
    Copy,
    /// The fields of an instance: `vars`, `dataclasses.asdict`.
    Fields,
    Encode,
    Hash,
    Hmac,
    CompareDigest,
    /// A new random value; good enough to be a key.
    Random,
    /// A new identifier or the time: nothing secret.
    Fresh,
    /// The result says nothing of the arguments.
    Clean,
    /// The text of the exception being handled.
    Traceback,
    /// First argument, `content=`, `data=` become a response.
    Response,
    /// `messages.info(request, text)`: the second argument is shown on the next page.
    Message,
    /// `render(request, template, context)`.
    Render,
    /// `render_to_string(template, context)`, `Template.render`.
    RenderText,
    Print,
    /// A logger is made.
    Logger,
    /// A call that logs.
    Log,
    /// An HTTP call to somebody else.
    Http,
    /// Mail, monitoring, queue, cache: what.
    ThirdParty(&'static str),
    /// `get_object_or_404` and its kin: the result is the project's own object.
    Lookup,
    Super,
    GetAttr,
    Enumerate,
    Zip,
    /// `itertools.chain(a, b)`: elements of either.
    Chain,
    /// `asyncio.gather(a(), b())`.
    Gather,
    /// `map(f, list)`: what `f` makes of an element.
    Map,
    /// `filter(f, list)`: the list.
    Filter,
    /// `functools.reduce(f, list, start)`.
    Reduce,
    /// The first argument, callable or not: `sync_to_async(f)`, `asyncio.run(f())`.
    Same,
    /// `typing.cast(T, value)`.
    Second,
    SetAttr,
    /// `functools.partial(f, …)`.
    Partial,
    /// `boto3.set_stream_logger`: requests in the log.
    SdkLog,
    /// `sentry_sdk.init`.
    Monitoring,
    /// What can be guessed.
    Guessable,
    /// Random, of as many bytes as its argument says.
    RandomOf(i64),
    /// What the server itself has signed: nobody chooses it.
    Signed,
    /// `SecretStr(key)`: shows nothing until it is opened.
    Sealed,
    /// `itemgetter("a")`; true for `attrgetter`.
    Getter(bool),
    /// The same, called.
    Pick(bool),
    /// `dataclasses.replace(x, a=…)`.
    Replace,
    /// `namedtuple("Name", "a b")`.
    NamedTuple,
    /// What it makes, called.
    NamedTupleMade,
    /// `import_module("a.b")`.
    ImportModule,
    /// `import_string("a.b.C")`.
    ImportString,
    /// `exec` and `eval`.
    Dynamic,
    /// `ChainMap(a, b)`: the first that has it.
    ChainMap,
}

/// Dotted path → behaviour; `.*` at the end: everything directly below.
const TABLE: &[(&str, Known)] = &[
    ("boto3.client", Known::Client),
    ("boto3.resource", Known::Resource),
    ("boto3.Session", Known::Session),
    ("boto3.session.Session", Known::Session),
    ("aioboto3.Session", Known::Session),
    ("aioboto3.client", Known::Client),
    ("aioboto3.resource", Known::Resource),
    ("aiobotocore.session.get_session", Known::Session),
    ("botocore.session.get_session", Known::Session),
    ("botocore.session.Session", Known::Session),
    ("boto3.dynamodb.conditions.Key", Known::ConditionKey),
    ("boto3.dynamodb.conditions.Attr", Known::ConditionAttr),
    ("dyntastic.A", Known::ConditionAttr),
    ("dyntastic.Attr", Known::ConditionAttr),
    ("dyntastic.attr.Attr", Known::ConditionAttr),
    ("boto3.dynamodb.types.TypeSerializer", Known::Fresh),
    ("boto3.dynamodb.types.TypeDeserializer", Known::Fresh),
    ("os.environ.get", Known::EnvironmentRead),
    ("os.getenv", Known::EnvironmentRead),
    ("decouple.config", Known::EnvironmentRead),
    ("json.dumps", Known::PassFirst),
    ("json.loads", Known::PassFirst),
    ("json.load", Known::PassFirst),
    ("simplejson.dumps", Known::PassFirst),
    ("simplejson.loads", Known::PassFirst),
    ("ujson.dumps", Known::PassFirst),
    ("ujson.loads", Known::PassFirst),
    ("orjson.dumps", Known::PassFirst),
    ("orjson.loads", Known::PassFirst),
    ("yaml.dump", Known::PassFirst),
    ("yaml.safe_dump", Known::PassFirst),
    ("pprint.pformat", Known::PassFirst),
    ("copy.copy", Known::Copy),
    ("copy.deepcopy", Known::Copy),
    ("dict", Known::Copy),
    ("list", Known::Copy),
    ("tuple", Known::Copy),
    ("set", Known::Copy),
    ("sorted", Known::Copy),
    ("reversed", Known::Copy),
    ("iter", Known::Copy),
    ("next", Known::Copy),
    ("filter", Known::Filter),
    ("map", Known::Map),
    ("functools.partial", Known::Partial),
    ("operator.itemgetter", Known::Getter(false)),
    ("operator.attrgetter", Known::Getter(true)),
    ("operator.itemgetter.__call__", Known::Pick(false)),
    ("operator.attrgetter.__call__", Known::Pick(true)),
    ("dataclasses.replace", Known::Replace),
    ("copy.replace", Known::Replace),
    ("attr.evolve", Known::Replace),
    ("attrs.evolve", Known::Replace),
    ("collections.namedtuple", Known::NamedTuple),
    ("collections.namedtuple.__call__", Known::NamedTupleMade),
    ("importlib.import_module", Known::ImportModule),
    ("__import__", Known::ImportModule),
    (
        "django.utils.module_loading.import_string",
        Known::ImportString,
    ),
    ("exec", Known::Dynamic),
    ("eval", Known::Dynamic),
    ("collections.ChainMap", Known::ChainMap),
    ("pydantic.SecretStr", Known::Sealed),
    ("pydantic.SecretBytes", Known::Sealed),
    ("pydantic.types.SecretStr", Known::Sealed),
    ("collections.OrderedDict", Known::Copy),
    ("collections.deque", Known::Copy),
    ("frozenset", Known::Copy),
    ("itertools.*", Known::Chain),
    ("itertools.zip_longest", Known::Zip),
    ("itertools.chain.from_iterable", Known::Chain),
    ("functools.reduce", Known::Reduce),
    ("asgiref.sync.sync_to_async", Known::Same),
    ("asgiref.sync.async_to_sync", Known::Same),
    ("channels.db.database_sync_to_async", Known::Same),
    ("asyncio.run", Known::Same),
    ("asyncio.wait_for", Known::Same),
    ("asyncio.create_task", Known::Same),
    ("asyncio.ensure_future", Known::Same),
    ("asyncio.shield", Known::Same),
    ("asyncio.gather", Known::Gather),
    ("typing.cast", Known::Second),
    ("setattr", Known::SetAttr),
    ("collections.defaultdict", Known::Fresh),
    ("types.SimpleNamespace", Known::Copy),
    ("vars", Known::Fields),
    ("dataclasses.asdict", Known::Fields),
    ("attr.asdict", Known::Fields),
    ("attrs.asdict", Known::Fields),
    ("django.forms.models.model_to_dict", Known::Fields),
    ("django.forms.model_to_dict", Known::Fields),
    ("str", Known::Pass),
    ("repr", Known::Pass),
    ("format", Known::Pass),
    ("bytes", Known::Pass),
    ("bytearray", Known::Pass),
    ("ascii", Known::Pass),
    ("max", Known::Pass),
    ("min", Known::Pass),
    ("django.utils.encoding.force_str", Known::Pass),
    ("django.utils.encoding.force_text", Known::Pass),
    ("django.utils.encoding.force_bytes", Known::Pass),
    ("django.utils.encoding.smart_str", Known::Pass),
    ("django.utils.safestring.mark_safe", Known::Pass),
    ("django.utils.html.escape", Known::Pass),
    ("django.utils.html.format_html", Known::Pass),
    ("base64.*", Known::Encode),
    ("binascii.*", Known::Encode),
    ("urllib.parse.quote", Known::Encode),
    ("urllib.parse.quote_plus", Known::Encode),
    ("urllib.parse.urlencode", Known::Encode),
    ("django.utils.http.urlsafe_base64_encode", Known::Encode),
    ("django.core.signing.dumps", Known::Encode),
    ("django.core.signing.loads", Known::Signed),
    ("jwt.decode", Known::Signed),
    ("jose.jwt.decode", Known::Signed),
    ("gzip.compress", Known::Encode),
    ("zlib.compress", Known::Encode),
    ("pickle.dumps", Known::Encode),
    ("hashlib.*", Known::Hash),
    ("cryptography.hazmat.primitives.hashes.*", Known::Hash),
    ("bcrypt.hashpw", Known::Hash),
    ("argon2.PasswordHasher", Known::Fresh),
    ("django.contrib.auth.hashers.make_password", Known::Hash),
    (
        "django.contrib.auth.hashers.check_password",
        Known::CompareDigest,
    ),
    ("werkzeug.security.generate_password_hash", Known::Hash),
    ("hmac.new", Known::Hmac),
    ("hmac.digest", Known::Hmac),
    ("django.utils.crypto.salted_hmac", Known::Hmac),
    ("hmac.compare_digest", Known::CompareDigest),
    ("secrets.compare_digest", Known::CompareDigest),
    (
        "django.utils.crypto.constant_time_compare",
        Known::CompareDigest,
    ),
    ("secrets.token_urlsafe", Known::RandomOf(8)),
    ("secrets.token_hex", Known::RandomOf(8)),
    ("secrets.token_bytes", Known::RandomOf(8)),
    ("os.urandom", Known::Random),
    ("django.utils.crypto.get_random_string", Known::RandomOf(12)),
    ("uuid.uuid1", Known::Guessable),
    ("uuid.*", Known::Fresh),
    ("time.time", Known::Guessable),
    ("time.time_ns", Known::Guessable),
    ("time.*", Known::Fresh),
    ("datetime.*", Known::Fresh),
    ("datetime.datetime.*", Known::Fresh),
    ("datetime.date.*", Known::Fresh),
    ("django.utils.timezone.now", Known::Fresh),
    ("random.SystemRandom", Known::Fresh),
    ("random.shuffle", Known::Fresh),
    ("random.seed", Known::Fresh),
    ("random.*", Known::Guessable),
    ("len", Known::Clean),
    ("bool", Known::Clean),
    ("int", Known::Clean),
    ("float", Known::Clean),
    ("abs", Known::Clean),
    ("round", Known::Clean),
    ("sum", Known::Clean),
    ("any", Known::Clean),
    ("all", Known::Clean),
    ("hash", Known::Clean),
    ("id", Known::Clean),
    ("type", Known::Clean),
    ("isinstance", Known::Clean),
    ("issubclass", Known::Clean),
    ("hasattr", Known::Clean),
    ("callable", Known::Clean),
    ("range", Known::Clean),
    ("open", Known::Clean),
    ("super", Known::Super),
    ("getattr", Known::GetAttr),
    ("enumerate", Known::Enumerate),
    ("zip", Known::Zip),
    ("traceback.format_exc", Known::Traceback),
    ("traceback.format_exception", Known::Traceback),
    ("traceback.format_tb", Known::Traceback),
    ("sys.exc_info", Known::Traceback),
    ("django.http.HttpResponse", Known::Response),
    ("django.http.JsonResponse", Known::Response),
    ("django.http.StreamingHttpResponse", Known::Response),
    ("django.http.FileResponse", Known::Response),
    ("django.shortcuts.redirect", Known::Response),
    ("django.http.Http404", Known::Response),
    ("django.contrib.messages.*", Known::Message),
    ("rest_framework.exceptions.*", Known::Response),
    (
        "rest_framework.serializers.ValidationError",
        Known::Response,
    ),
    ("ninja.errors.HttpError", Known::Message),
    ("django.http.HttpResponseBadRequest", Known::Response),
    ("django.http.HttpResponseNotFound", Known::Response),
    ("django.http.HttpResponseForbidden", Known::Response),
    ("django.http.HttpResponseServerError", Known::Response),
    ("django.http.response.HttpResponse", Known::Response),
    ("django.http.response.JsonResponse", Known::Response),
    ("rest_framework.response.Response", Known::Response),
    ("rest_framework.views.Response", Known::Response),
    ("rest_framework.generics.Response", Known::Response),
    ("flask.jsonify", Known::Response),
    ("flask.make_response", Known::Response),
    ("flask.Response", Known::Response),
    ("django.shortcuts.render", Known::Render),
    ("django.template.response.TemplateResponse", Known::Render),
    ("django.shortcuts.render_to_response", Known::RenderText),
    ("django.template.loader.render_to_string", Known::RenderText),
    ("django.shortcuts.get_object_or_404", Known::Lookup),
    ("django.shortcuts.get_list_or_404", Known::Lookup),
    ("rest_framework.generics.get_object_or_404", Known::Lookup),
    ("print", Known::Print),
    ("pprint.pprint", Known::Print),
    ("sys.stdout.write", Known::Print),
    ("sys.stderr.write", Known::Print),
    ("boto3.set_stream_logger", Known::SdkLog),
    ("sentry_sdk.init", Known::Monitoring),
    ("raven.Client", Known::Fresh),
    ("logging.getLogger", Known::Logger),
    ("structlog.get_logger", Known::Logger),
    ("structlog.getLogger", Known::Logger),
    ("celery.utils.log.get_task_logger", Known::Logger),
    ("aws_lambda_powertools.Logger", Known::Logger),
    ("logging.LoggerAdapter", Known::Logger),
    ("logging.debug", Known::Log),
    ("logging.info", Known::Log),
    ("logging.warning", Known::Log),
    ("logging.warn", Known::Log),
    ("logging.error", Known::Log),
    ("logging.exception", Known::Log),
    ("logging.critical", Known::Log),
    ("logging.log", Known::Log),
    ("loguru.logger.debug", Known::Log),
    ("loguru.logger.info", Known::Log),
    ("loguru.logger.warning", Known::Log),
    ("loguru.logger.error", Known::Log),
    ("loguru.logger.exception", Known::Log),
    ("loguru.logger.critical", Known::Log),
    ("requests.get", Known::Http),
    ("requests.post", Known::Http),
    ("requests.put", Known::Http),
    ("requests.patch", Known::Http),
    ("requests.delete", Known::Http),
    ("requests.head", Known::Http),
    ("requests.request", Known::Http),
    ("httpx.get", Known::Http),
    ("httpx.post", Known::Http),
    ("httpx.put", Known::Http),
    ("httpx.patch", Known::Http),
    ("httpx.delete", Known::Http),
    ("httpx.request", Known::Http),
    ("urllib.request.urlopen", Known::Http),
    ("urllib.request.Request", Known::Http),
    ("sentry_sdk.set_extra", Known::ThirdParty("Sentry")),
    ("sentry_sdk.set_tag", Known::ThirdParty("Sentry")),
    ("sentry_sdk.set_context", Known::ThirdParty("Sentry")),
    ("sentry_sdk.set_user", Known::ThirdParty("Sentry")),
    ("sentry_sdk.capture_message", Known::ThirdParty("Sentry")),
    ("sentry_sdk.add_breadcrumb", Known::ThirdParty("Sentry")),
    ("sentry_sdk.set_extras", Known::ThirdParty("Sentry")),
    ("sentry_sdk.set_tags", Known::ThirdParty("Sentry")),
    ("sentry_sdk.capture_event", Known::ThirdParty("Sentry")),
    (
        "newrelic.agent.add_custom_attributes",
        Known::ThirdParty("New Relic"),
    ),
    (
        "newrelic.agent.add_custom_parameter",
        Known::ThirdParty("New Relic"),
    ),
    ("rollbar.report_message", Known::ThirdParty("Rollbar")),
    ("bugsnag.notify", Known::ThirdParty("Bugsnag")),
    (
        "honeybadger.honeybadger.notify",
        Known::ThirdParty("Honeybadger"),
    ),
    (
        "newrelic.agent.add_custom_attribute",
        Known::ThirdParty("New Relic"),
    ),
    ("django.core.mail.send_mail", Known::ThirdParty("e-mail")),
    ("django.core.mail.mail_admins", Known::ThirdParty("e-mail")),
    ("django.core.mail.EmailMessage", Known::ThirdParty("e-mail")),
    (
        "django.core.mail.EmailMultiAlternatives",
        Known::ThirdParty("e-mail"),
    ),
    (
        "django.core.cache.cache.set",
        Known::ThirdParty("the cache"),
    ),
    (
        "django.core.cache.cache.add",
        Known::ThirdParty("the cache"),
    ),
    (
        "django.core.cache.cache.aset",
        Known::ThirdParty("the cache"),
    ),
    (
        "django.core.cache.cache.set_many",
        Known::ThirdParty("the cache"),
    ),
    (
        "django.core.cache.cache.get_or_set",
        Known::ThirdParty("the cache"),
    ),
    (
        "django.core.mail.mail_managers",
        Known::ThirdParty("e-mail"),
    ),
    (
        "django.core.mail.send_mass_mail",
        Known::ThirdParty("e-mail"),
    ),
];

/// The table, by symbols.
#[derive(Debug)]
pub(crate) struct KnownTable {
    exact: FxHashMap<Path, Known>,
    below: FxHashMap<Path, Known>,
}

impl KnownTable {
    pub(crate) fn new(symbols: &mut Symbols) -> Self {
        let mut table = Self {
            exact: FxHashMap::default(),
            below: FxHashMap::default(),
        };
        for &(dotted, known) in TABLE {
            let (dotted, map) = match dotted.strip_suffix(".*") {
                Some(above) => (above, &mut table.below),
                None => (dotted, &mut table.exact),
            };
            map.insert(
                dotted.split('.').map(|part| symbols.intern(part)).collect(),
                known,
            );
        }
        table
    }

    pub(crate) fn find(&self, path: &[Sym]) -> Option<Known> {
        if let Some(&known) = self.exact.get(path) {
            return Some(known);
        }
        let (_, above) = path.split_last()?;
        self.below.get(above).copied()
    }
}

/// Declares the names that the engine itself asks for, interned before any module.
macro_rules! words {
    ($($word:ident = $text:literal),* $(,)?) => {
        /// Names that the engine itself asks for.
        #[derive(Debug)]
        pub(crate) struct Words { $(pub(crate) $word: Sym),* }

        impl Words {
            pub(crate) fn new(symbols: &mut Symbols) -> Self {
                Self { $($word: symbols.intern($text)),* }
            }
        }
    };
}

words! {
    request = "request", username = "username", kwargs = "kwargs", self_ = "self",
    auth = "auth", method = "method", data = "data", content = "content",
    instance = "instance", validated_data = "validated_data", cleaned_data = "cleaned_data",
    initial_data = "initial_data", errors = "errors", dict_ = "__dict__",     hidden_data = "\u{0}data", hidden_whole = "\u{0}whole", hidden_table = "\u{0}table",
    default_for_new = "default_for_new", default_factory = "default_factory", serialize = "serialize", call_ = "__call__",
    iter_ = "__iter__", enter = "__enter__", str_ = "__str__", repr_ = "__repr__",
    value_lower = "value", exc_info = "exc_info", args = "args", hidden_instance = "\u{0}instance", get = "get", get_context_data = "get_context_data", pop = "pop",
    setdefault = "setdefault", items = "items", values = "values", keys = "keys",
    update = "update", append = "append", extend = "extend", add = "add", insert = "insert",
    item = "Item", items_ = "Items", attributes = "Attributes", responses = "Responses",
    table_name = "TableName", index_name = "IndexName", key = "Key",
    key_condition = "KeyConditionExpression", filter = "FilterExpression",
    projection = "ProjectionExpression", attributes_to_get = "AttributesToGet",
    names = "ExpressionAttributeNames", expression_values = "ExpressionAttributeValues",
    condition = "ConditionExpression", update_expression = "UpdateExpression",
    consistent = "ConsistentRead", limit = "Limit", select = "Select", statement = "Statement",
    start_key = "ExclusiveStartKey", last_key = "LastEvaluatedKey",
    request_items = "RequestItems", transact_items = "TransactItems", put_request = "PutRequest",
    level = "level", comparison_operator = "ComparisonOperator", attribute_values = "AttributeValueList",
    statements = "Statements", transact_statements = "TransactStatements",
    delete = "Delete", condition_check = "ConditionCheck", put = "Put", update_ = "Update", get_ = "Get",     key_conditions = "KeyConditions", scan_filter = "ScanFilter", query_filter = "QueryFilter",
    expected = "Expected", attribute_updates = "AttributeUpdates", value_ = "Value",
    use_ssl = "use_ssl", verify = "verify", endpoint_url = "endpoint_url",
    access_key_id = "aws_access_key_id", secret_access_key = "aws_secret_access_key",
    lower_name = "name", service_name = "service_name", get_secret_value = "get_secret_value",
    default = "default", context = "context",
    template_name = "template_name", headers = "headers", json = "json", url = "url",
    params = "params", cookies = "cookies",
    parameters = "Parameters",     init = "__init__", django = "django", conf = "conf",
    settings = "settings", os = "os", environ = "environ", rest_framework = "rest_framework",
    to_representation = "to_representation", create = "create", save = "save",
    meta = "Meta", fields = "fields", exclude = "exclude", extra_kwargs = "extra_kwargs",
    serializer_class = "serializer_class", get_serializer_class = "get_serializer_class",
    get_serializer = "get_serializer", form_class = "form_class", form = "form",
    serializer = "serializer", post = "POST", get_queryset = "get_queryset",
    get_object = "get_object",
    object = "object", object_list = "object_list",
    context_object_name = "context_object_name", all = "__all__", write_only = "write_only",
    source = "source", read_only = "read_only", is_valid = "is_valid", dynamodb = "dynamodb",
    table = "Table", get_paginator = "get_paginator", paginate = "paginate", client = "client",
    resource = "resource", batch_writer = "batch_writer",
        logging = "logging", logger = "Logger",
    property = "property",     static_method = "staticmethod", class_method = "classmethod", cls = "cls",
    cached_property = "cached_property", response = "Response", batch_keys = "Keys",
}
