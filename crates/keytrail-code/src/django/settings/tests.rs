//! Small programs, whole answers.

use std::fmt::Write as _;
use std::sync::Arc;

use keytrail_detect::{Detector, expand};
use keytrail_model::{Fingerprinter, Setting, SettingValue};

use crate::program::Program;
use crate::resolve::Resolver;
use crate::symbols::Symbols;
use crate::syntax::parse;

mod layers;

fn linked(files: &[(&str, &str)]) -> Program {
    let mut modules: Vec<_> = files
        .iter()
        .map(|(path, source)| (Arc::from(*path), parse(source).module))
        .collect();
    modules.sort_by(|left: &(Arc<str>, _), right| left.0.cmp(&right.0));
    Program::link(modules, Symbols::default())
}

fn all(files: &[(&str, &str)]) -> Vec<Setting> {
    let program = linked(files);
    let resolver = Resolver::new(&program);
    let found = super::modules(&program);
    let (detector, prints) = (Detector::new(), Fingerprinter::default());
    super::SettingsIndex::new(&program, &resolver, &found, &detector, &prints).into_facts()
}

/// Facts that the code sets itself, as `NAME = value`.
fn set(files: &[(&str, &str)], module: &str) -> String {
    let mut text = String::new();
    for setting in all(files)
        .iter()
        .filter(|setting| &*setting.module == module)
    {
        if setting.location.span().end_column > 1 {
            writeln!(text, "{} = {}", setting.name, show(&setting.value)).unwrap();
        }
    }
    text
}

/// The settings of one file, without the two lines that make it a settings module.
fn one(source: &str) -> String {
    let source = format!("{source}\nROOT_URLCONF = 'a.urls'\nWSGI_APPLICATION = 'a.wsgi'\n");
    let text = set(
        &[("a/settings.py", &source), ("a/__init__.py", "")],
        "a.settings",
    );
    text.lines()
        .filter(|line| !line.starts_with("ROOT_URLCONF") && !line.starts_with("WSGI_APP"))
        .collect::<Vec<_>>()
        .join("\n")
}

pub(super) fn show(value: &SettingValue) -> String {
    match value {
        SettingValue::None => "None".into(),
        SettingValue::Bool(value) => value.to_string(),
        SettingValue::Number(value) => value.to_string(),
        SettingValue::Text(text) => format!("{text:?}"),
        SettingValue::Secret {
            length,
            insecure_prefix,
            ..
        } => {
            format!(
                "secret({length}{})",
                if *insecure_prefix { " insecure" } else { "" }
            )
        }
        SettingValue::List(items) => format!(
            "[{}]",
            items.iter().map(show).collect::<Vec<_>>().join(", ")
        ),
        SettingValue::Dict(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{key}: {}", show(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        SettingValue::FromEnvironment {
            name,
            default,
            parsed,
        } => {
            let default = default
                .as_ref()
                .map(|default| format!(" or {}", show(default)))
                .unwrap_or_default();
            format!("${name}{default}{}", if *parsed { " parsed" } else { "" })
        }
        SettingValue::FromVault => "vault".into(),
        SettingValue::Unknown => "?".into(),
    }
}

/// Each line of the source against what stands after `#>` in it.
fn check(source: &str) {
    let mut wanted: Vec<String> = Vec::new();
    for line in source.lines() {
        if let Some((code, value)) = line.split_once("#>") {
            let name = code
                .split(['=', ':', '[', '+'])
                .next()
                .unwrap_or_default()
                .trim();
            wanted.push(format!("{name} = {}", value.trim()));
        }
    }
    wanted.sort();
    let found: Vec<String> = one(source).lines().map(ToOwned::to_owned).collect();
    for line in &wanted {
        assert!(
            found.contains(line),
            "{line}\nnot in:\n{}",
            found.join("\n")
        );
    }
}

#[test]
fn the_process_environment() {
    check(
        r#"
import os
from os import environ, getenv
from distutils.util import strtobool
A = os.environ.get("A", "x")                                 #> $A or "x"
B = os.environ["B"]                                          #> $B
C = getenv("C")                                              #> $C or None
D = os.environ.get("D", "False") == "True"                   #> $D or false parsed
E = os.environ.get("E", "1").lower() in ("1", "true", "yes") #> $E or true parsed
F = bool(int(os.environ.get("F", "0")))                      #> $F or false parsed
G = bool(os.environ.get("G", "False"))                       #> $G or "False"
H = bool(strtobool(environ.get("H", "no")))                  #> $H or false parsed
I = int(os.getenv("I", "30"))                                #> $I or 30 parsed
J = os.environ.get("J") or "x"                               #> $J or "x"
K = os.environ.get("K", "a,b").split(",")                    #> $K or ["a", "b"] parsed
L = [h.strip() for h in os.environ.get("L", "a, b").split(",") if h]  #> $L or ["a", "b"] parsed
M = "M" in os.environ                                        #> $M or false parsed
N = not os.environ.get("N")                                  #> $N or true parsed
O = "x" if os.environ.get("O") == "1" else "y"               #> $O or "y" parsed
P = f"keys-{os.environ['P']}"                                #> ?
Q = "a" + os.environ["Q"]                                    #> ?
R = os.environ.get("R", False)                               #> $R or false
S = {"true": True}.get(os.environ.get("S", "true"), False)   #> $S or true parsed
T = f"{1}-{'a'}"                                             #> "1-a"
"#,
    );
}

#[test]
fn libraries() {
    check(
        r#"
import environ
import dj_database_url
from decouple import config, Csv
env = environ.Env(DEBUG=(bool, False), NAME=(str, "n"))
DEBUG = env("DEBUG")                                         #> $DEBUG or false parsed
A = env("A", default="x")                                    #> $A or "x"
B = env.bool("B", True)                                      #> $B or true parsed
C = env.list("C", default=["*"])                             #> $C or ["*"] parsed
DATABASES = {"default": env.db()}                            #> {default: $DATABASE_URL parsed}
E = env("E", default=False)                                  #> $E or false parsed
F = env("F", bool, False)                                    #> $F or false parsed
G = config("G", default=False, cast=bool)                    #> $G or false parsed
H = config("H", default="a, b", cast=Csv())                  #> $H or ["a", "b"] parsed
I = config("I")                                              #> $I
J = config("J", default="False")                             #> $J or "False"
K = config("K", default="a,b", cast=lambda v: [s.strip() for s in v.split(",")])  #> $K or ["a", "b"] parsed
L = config("L", cast=bool)                                   #> $L parsed
CACHES = {"default": env.cache("REDIS_URL")}                 #> {default: $REDIS_URL parsed}
M = dj_database_url.config(default="sqlite:///x")            #> $DATABASE_URL or "sqlite:///x" parsed
"#,
    );
}

#[test]
fn environs_take_no_type_from_the_default() {
    check(
        r#"
from environs import Env
env = Env()
env.read_env()
A = env("A", False)                                          #> $A or false
B = env.bool("B", False)                                     #> $B or false parsed
C = env.str("C")                                             #> $C
"#,
    );
}

#[test]
fn helpers_of_the_tree() {
    check(
        r#"
import os
import json
import boto3

def env_bool(name, default=False):
    value = os.environ.get(name)
    if value is None:
        return default
    return value.lower() in ("1", "true")

def checked(s, default):
    v = os.getenv(s, default=default)
    if v not in ("", "True", "False"):
        raise ValueError(f"{s}={v}")
    return v == "True"

def no_false(name, default=False):
    value = os.getenv(name, default)
    if value in ("False", "0"):
        return False
    return bool(value)

def required(name):
    try:
        return os.environ[name]
    except KeyError:
        raise RuntimeError(name)

def secret(name, default=None):
    if path := os.getenv(name + "_FILE"):
        return open(path).read()
    return os.getenv(name, default)

def vault(key):
    import boto3
    client = boto3.client("secretsmanager", region_name=os.environ.get("R"))
    try:
        value = client.get_secret_value(SecretId="app")
    except Exception as error:
        raise error
    return json.loads(value["SecretString"])[key]

class Reader:
    def flag(self, name):
        return os.environ.get(name, "no") == "yes"

reader = Reader()
A = env_bool("A", True)                                      #> $A or true parsed
B = checked("B", "True")                                     #> $B or true parsed
C = no_false("C")                                            #> $C or false parsed
D = required("D")                                            #> $D
E = secret("E", "x")                                         #> $E or "x"
F = vault("F")                                               #> vault
G = reader.flag("G")                                         #> $G or false parsed
H = open("/run/secrets/h").read().strip()                    #> vault
I = boto3.client("ssm").get_parameter(Name="x")["Parameter"]["Value"]  #> vault
with open("k") as f:
    J = f.read().strip()                                     #> vault
"#,
    );
}

#[test]
fn helpers_that_nobody_can_follow_go_by_their_names() {
    check(
        r#"
from company.settings_tools import env_bool, get_env
A = env_bool("USE_A", False)                                 #> $USE_A or false parsed
B = get_env("THE_B", "x")                                    #> $THE_B or "x"
"#,
    );
}

#[test]
fn ways_through_the_module() {
    check(
        r#"
import os, sys
A = 1
if os.environ.get("X"):
    A = 2
else:
    A = 3                                                    #> $X or 3 parsed
DEBUG = os.environ.get("DEBUG", "True") == "True"            #> $DEBUG or true parsed
if not DEBUG:
    SECURE_SSL_REDIRECT = True                               #> true
ENVIRONMENT = os.environ.get("ENVIRONMENT", "dev")           #> $ENVIRONMENT or "dev"
if ENVIRONMENT == "production":
    SESSION_COOKIE_SECURE = True                             #> true
else:
    CSRF_COOKIE_SECURE = False
if "test" in sys.argv:
    ALLOWED_HOSTS = ["*"]
if "RDS" in os.environ:
    DATABASES = {"default": {"PASSWORD": os.environ["RDS_PASSWORD"], "HOST": os.environ["RDS_HOST"]}}
else:
    DATABASES = {"default": {"PASSWORD": "Postgres1234", "HOST": "localhost"}}  #> {default: {PASSWORD: $RDS_PASSWORD or secret(12), HOST: $RDS_HOST or "localhost"}}
try:
    SECRET_KEY = os.environ["KEY"]
except KeyError:
    SECRET_KEY = "django-insecure-abc"                       #> $KEY or secret(19 insecure)
if something():
    B = True                                                 #> ?
try:
    from .local_settings import *
except ImportError:
    C = "c"                                                  #> "c"
try:
    import debug_toolbar
    D = ["toolbar"]                                          #> ["toolbar"]
except ImportError:
    pass
if os.environ.get("FORCE"):
    SECURE_HSTS_SECONDS = 10                                 #> $FORCE or 0 parsed
"#,
    );
    let text = one(
        "import sys\nif 'test' in sys.argv:\n    ALLOWED_HOSTS = ['*']\nif DEBUG == 1:\n    pass",
    );
    assert!(!text.contains("ALLOWED_HOSTS"));
}

#[test]
fn a_list_that_only_a_local_file_sets_is_left_out() {
    check(
        r#"
INSTALLED_APPS = ["a"]                                       #> ["a"]
try:
    INSTALLED_APPS += LOCAL_APPS
except NameError:
    pass
A = list(dict.fromkeys(reversed(["x", "y"])))                #> ["y", "x"]
"#,
    );
}

#[test]
fn the_partner_of_an_access_key_is_masked_whatever_its_name() {
    let (id, secret) = (expand("AKIA{base32:16}"), expand("{base64:40}"));
    let source = format!("ONE = '{id}'\nOTHER = '{secret}'\nROOT_URLCONF = 'a'\nMIDDLEWARE = []\n");
    let facts = all(&[("settings.py", &source)]);
    let printed = format!("{facts:?}");
    assert!(
        !printed.contains(&id) && !printed.contains(&secret),
        "{printed}"
    );
}

#[test]
fn production_stays_loaded_where_others_build_on_it() {
    let files = [
        ("c/__init__.py", ""),
        ("c/settings/__init__.py", ""),
        (
            "c/settings/production.py",
            "INSTALLED_APPS = []\nROOT_URLCONF = 'x'\nDEBUG = False\n",
        ),
        (
            "c/settings/demo.py",
            "from .production import *\nDEBUG = True\n",
        ),
    ];
    let facts = all(&files);
    assert!(facts.iter().all(|setting| setting.loaded));
}

#[test]
fn debug_by_environment_tells_what_a_forgotten_variable_gives() {
    check(
        r#"
import os
ENV = os.environ.get("ENV", "development")
if ENV == "production":
    DEBUG = False
else:
    DEBUG = True                                             #> $ENV or true parsed
"#,
    );
}

#[test]
fn containers_are_changed_in_place() {
    check(
        r#"
INSTALLED_APPS = ["a"]
INSTALLED_APPS += ["b"]
INSTALLED_APPS.append("c")
INSTALLED_APPS.extend(("d",))
for name in ("e", "f"):
    INSTALLED_APPS.append(name)
MIDDLEWARE = ["m"]
MIDDLEWARE.insert(0, "l")
MIDDLEWARE = ["k"] + MIDDLEWARE + [*MIDDLEWARE]              #> ["k", "l", "m", "l", "m"]
REST_FRAMEWORK = {"A": 1}
REST_FRAMEWORK["B"] = ["x"]
REST_FRAMEWORK = {**REST_FRAMEWORK, "C": 3}
REST_FRAMEWORK.update({"D": 4}, E=5)                         
REST_FRAMEWORK.setdefault("A", 2)
DATABASES = {"default": {"NAME": "x"}}
DATABASES["default"]["NAME"] = "y"
DATABASES["default"].update(HOST="h")
LOGGING = dict(version=1)
"#,
    );
    let text = one(
        "REST_FRAMEWORK = {'A': 1}\nREST_FRAMEWORK['B'] = ['x']\nREST_FRAMEWORK = {**REST_FRAMEWORK, 'C': 3}\n\
         REST_FRAMEWORK.update({'D': 4}, E=5)\nD = {'a': {'N': 'x'}}\nD['a']['N'] = 'y'\nD['a'].update(H='h')\n\
         L = ['a']\nL += ['b']\nL.append('c')\nfor name in ('e', 'f'):\n    L.append(name)\nL.remove('b')\n",
    );
    assert_eq!(
        text,
        "D = {a: {N: \"y\", H: \"h\"}}\nL = [\"a\", \"c\", \"e\", \"f\"]\n\
         REST_FRAMEWORK = {A: 1, B: [\"x\"], C: 3, D: 4, E: 5}\nREST_FRAMEWORK.A = 1\nREST_FRAMEWORK.B = [\"x\"]\n\
         REST_FRAMEWORK.C = 3\nREST_FRAMEWORK.D = 4\nREST_FRAMEWORK.E = 5"
    );
}

#[test]
fn a_database_address_of_the_environment_replaces_the_default() {
    check(
        r#"
import dj_database_url
DATABASES = {"default": {"ENGINE": "sqlite3"}}               #> {default: $DATABASE_URL or {ENGINE: "sqlite3"} parsed}
DATABASES["default"].update(dj_database_url.config(conn_max_age=600))
"#,
    );
}

#[test]
fn unknown_updates_make_everything_unknown() {
    let text = one("DEBUG = False\nglobals().update(load())\nA = 1");
    assert_eq!(text, "A = 1\nDEBUG = ?");
    let facts = all(&[(
        "settings.py",
        "ROOT_URLCONF = 'a'\nINSTALLED_APPS = []\nfrom company.base import *\n",
    )]);
    let redirect = facts
        .iter()
        .find(|setting| setting.name == "SECURE_SSL_REDIRECT")
        .unwrap();
    assert_eq!(redirect.value, SettingValue::Unknown);
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let key = expand("{django:50}").replace(['"', '\\', '\''], "x");
    let live = expand("sk_live_{alnum:24}");
    let password = expand("{alnum:22}");
    let source = format!(
        r#"
import os
SECRET_KEY = "{key}"
STRIPE = "{live}"
API = os.environ.get("API_TOKEN", "{live}")
DATABASES = {{"default": {{"USER": "app", "PASSWORD": "{password}"}}}}
DATABASE_URL = "postgres://app:{password}@db.example/x"
CACHE = {{"LOCATION": "redis://:{password}@cache:6379"}}
LOCAL_URL = "mysql://test:test@localhost/x"
PEPPER_SECRET = "keyring/staging/pepper"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
EMAIL_HOST_PASSWORD = ""
KEYS = {{"{live}": 1}}
"#
    );
    let facts = all(&[(
        "a/settings.py",
        &format!("{source}\nROOT_URLCONF = 'a'\nMIDDLEWARE = []\n"),
    )]);
    let printed = format!("{facts:?}");
    for planted in [&key, &live, &password] {
        assert!(!printed.contains(planted.as_str()));
    }
    let text = one(&source);
    for line in [
        "SECRET_KEY = secret(50)",
        "STRIPE = secret(32)",
        "API = $API_TOKEN or secret(32)",
        "DATABASES = {default: {USER: \"app\", PASSWORD: secret(22)}}",
        "CACHE = {LOCATION: secret(22)}",
        "LOCAL_URL = \"mysql://test:***@localhost/x\"",
        "PEPPER_SECRET = \"keyring/staging/pepper\"",
        "PASSWORD_HASHERS = [\"django.contrib.auth.hashers.PBKDF2PasswordHasher\"]",
        "EMAIL_HOST_PASSWORD = \"\"",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
}
