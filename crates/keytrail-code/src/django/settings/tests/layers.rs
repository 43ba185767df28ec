//! Which modules there are, how they build on each other, and what the index answers.

use keytrail_detect::Detector;
use keytrail_model::{Environment, Fingerprinter, SettingValue};

use super::super::{SettingsIndex, modules, texts};
use super::*;

const LAYERS: &[(&str, &str)] = &[
    ("config/__init__.py", ""),
    ("config/settings/__init__.py", ""),
    (
        "config/settings/base.py",
        "import os\nDEBUG = False\nALLOWED_HOSTS = ['*']\nINSTALLED_APPS = ['rest_framework']\nMIDDLEWARE = ['m']\n\
         ROOT_URLCONF = 'config.urls'\nREST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['a.IsOwner']}\nKEYS = 'keys-dev'\n",
    ),
    (
        "config/settings/production.py",
        "KEYS = 'before'\nfrom .base import *\nfrom .base import MIDDLEWARE as OTHER\nALLOWED_HOSTS = ['a.example']\n\
         MIDDLEWARE = ['l'] + MIDDLEWARE\nREST_FRAMEWORK['DEFAULT_THROTTLE_CLASSES'] = ['t']\n",
    ),
    (
        "config/settings/local.py",
        "from config.settings.base import *\nDEBUG = True\n",
    ),
    (
        "config/settings/test.py",
        "from .base import *\nTEST = True\n",
    ),
    (
        "manage.py",
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.local')\n",
    ),
    (
        "cookiecutter/{{x}}/settings.py",
        "INSTALLED_APPS = []\nMIDDLEWARE = []\n",
    ),
    (
        "tests/settings.py",
        "INSTALLED_APPS = []\nMIDDLEWARE = []\n",
    ),
];

#[test]
fn layers_are_applied_in_order() {
    assert_eq!(
        set(LAYERS, "config.settings.production"),
        "ALLOWED_HOSTS = [\"a.example\"]\nDEBUG = false\nINSTALLED_APPS = [\"rest_framework\"]\nKEYS = \"keys-dev\"\n\
         MIDDLEWARE = [\"l\", \"m\"]\nOTHER = [\"m\"]\n\
         REST_FRAMEWORK = {DEFAULT_PERMISSION_CLASSES: [\"a.IsOwner\"], DEFAULT_THROTTLE_CLASSES: [\"t\"]}\n\
         REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES = [\"a.IsOwner\"]\nREST_FRAMEWORK.DEFAULT_THROTTLE_CLASSES = [\"t\"]\n\
         ROOT_URLCONF = \"config.urls\"\n"
    );
}

#[test]
fn modules_know_what_they_are_for() {
    let facts = all(LAYERS);
    let mut seen: Vec<(String, Environment, bool)> = Vec::new();
    for setting in &facts {
        let one = (
            setting.module.to_string(),
            setting.environment,
            setting.loaded,
        );
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    assert_eq!(
        seen,
        [
            (
                "config.settings.base".to_owned(),
                Environment::Unspecified,
                false
            ),
            (
                "config.settings.local".to_owned(),
                Environment::Development,
                true
            ),
            (
                "config.settings.production".to_owned(),
                Environment::Production,
                true
            ),
            ("config.settings.test".to_owned(), Environment::Test, true),
        ]
    );
}

#[test]
fn places_and_absent_settings() {
    let facts = all(LAYERS);
    let of = |name: &str| {
        let setting = facts
            .iter()
            .find(|setting| {
                &*setting.module == "config.settings.production" && setting.name == name
            })
            .unwrap();
        (setting.location.to_string(), setting.value.clone())
    };
    assert_eq!(of("ALLOWED_HOSTS").0, "config/settings/production.py:4:17");
    assert_eq!(of("DEBUG").0, "config/settings/base.py:2:9");
    assert_eq!(
        of("REST_FRAMEWORK.DEFAULT_THROTTLE_CLASSES").0,
        "config/settings/production.py:6:46"
    );
    assert_eq!(
        of("SECURE_HSTS_SECONDS"),
        (
            "config/settings/production.py:1:1".into(),
            SettingValue::Number(0)
        )
    );
    assert_eq!(of("SECURE_SSL_REDIRECT").1, SettingValue::Bool(false));
    assert_eq!(of("SECURE_PROXY_SSL_HEADER").1, SettingValue::None);
    assert_eq!(
        of("REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES").1,
        SettingValue::List(vec![
            SettingValue::Text("rest_framework.authentication.SessionAuthentication".into()),
            SettingValue::Text("rest_framework.authentication.BasicAuthentication".into()),
        ])
    );
    assert!(!facts.iter().any(|setting| {
        &*setting.module == "config.settings.base" && setting.name == "SECURE_SSL_REDIRECT"
    }));
}

#[test]
fn what_is_only_in_tests_counts_where_there_is_nothing_else() {
    let files = [(
        "tests/settings.py",
        "INSTALLED_APPS = []\nMIDDLEWARE = []\n",
    )];
    assert_eq!(all(&files)[0].environment, Environment::Test);
    assert!(
        all(&[("app/settings.py", "DEBUG = True\nSECRET_KEY = 'x'\n")]).is_empty(),
        "Flask"
    );
    assert!(all(&[("app/views.py", "INSTALLED_APPS = []\nMIDDLEWARE = []\n")]).is_empty());
}

#[test]
fn the_nearest_of_several_projects_is_meant() {
    let project = "INSTALLED_APPS = []\nROOT_URLCONF = 'x'\n";
    let manage = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf.main'\n";
    let files = [
        ("one/conf/main.py", project),
        ("one/manage.py", manage),
        ("two/deep/conf/main.py", project),
        ("two/deep/manage.py", manage),
        ("three/conf/main.py", project),
        ("three/conf/__init__.py", ""),
    ];
    let facts = all(&files);
    let mut paths: Vec<&str> = facts
        .iter()
        .map(|setting| &*setting.location.span().path)
        .collect();
    paths.dedup();
    assert_eq!(
        paths,
        [
            "one/conf/main.py",
            "three/conf/main.py",
            "two/deep/conf/main.py"
        ]
    );
}

#[test]
fn settings_in_classes() {
    let source = r#"
from configurations import Configuration, values
class Base(Configuration):
    INSTALLED_APPS = ["a"]
    ROOT_URLCONF = "x.urls"
    DEBUG = values.BooleanValue(True)
    SECRET_KEY = values.SecretValue()
    HOST = values.Value("h", environ_name="MAIL", environ_prefix="APP")
    @property
    def HOSTS(self):
        return ["x"]
class Production(Base):
    DEBUG = False
    INSTALLED_APPS = Base.INSTALLED_APPS + ["b"]
"#;
    let files = [("x/settings.py", source), ("x/__init__.py", "")];
    assert_eq!(
        set(&files, "x.settings.Production"),
        "DEBUG = false\nHOST = $APP_MAIL or \"h\"\nHOSTS = [\"x\"]\nINSTALLED_APPS = [\"a\", \"b\"]\nROOT_URLCONF = \"x.urls\"\n\
         SECRET_KEY = $DJANGO_SECRET_KEY\n"
    );
    let facts = all(&files);
    let base = facts
        .iter()
        .find(|setting| &*setting.module == "x.settings.Base")
        .unwrap();
    assert!(!base.loaded);
    let own = facts
        .iter()
        .find(|setting| setting.name == "DEBUG" && !setting.loaded)
        .unwrap();
    assert_eq!(show(&own.value), "$DJANGO_DEBUG or true parsed");
    assert!(
        facts
            .iter()
            .any(|setting| setting.environment == Environment::Production && setting.loaded)
    );
}

#[test]
fn pydantic_settings() {
    check(
        r#"
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
class Env(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_")
    debug: bool = False
    secret_key: str
    hosts: list[str] = Field(default=["*"], alias="HOSTS")
env = Env()
DEBUG = env.debug                                            #> $APP_DEBUG or false parsed
SECRET_KEY = env.secret_key                                  #> $APP_SECRET_KEY parsed
ALLOWED_HOSTS = env.hosts                                    #> $HOSTS or ["*"] parsed
"#,
    );
}

#[test]
fn other_modules_of_the_tree() {
    let files = [
        ("p/__init__.py", ""),
        (
            "p/settings.py",
            "import p.env as e\nfrom p import consts\nfrom p.consts import TABLE, missing\nfrom p.env import flag\nINSTALLED_APPS = []\n\
          ROOT_URLCONF = 'p.urls'\nA = flag('A')\nB = consts.TABLE\nC = e.flag('C')\nD = getattr(configuration, 'D', False)\n\
          E = [flag, consts.Thing]\n",
        ),
        (
            "p/env.py",
            "import os\nPREFIX = 'APP_'\ndef flag(name):\n    return os.environ.get(PREFIX + name, '') == '1'\n",
        ),
        ("p/consts.py", "TABLE = 'keys'\nclass Thing: pass\n"),
    ];
    assert_eq!(
        set(&files, "p.settings"),
        "A = $APP_A or false parsed\nB = \"keys\"\nC = $APP_C or false parsed\nD = ?\nE = [\"p.env.flag\", \"p.consts.Thing\"]\n\
         INSTALLED_APPS = []\nROOT_URLCONF = \"p.urls\"\nTABLE = \"keys\"\n"
    );
}

#[test]
fn split_settings_share_their_names() {
    let files = [
        ("s/__init__.py", ""),
        (
            "s/settings/__init__.py",
            "from split_settings.tools import include, optional\ninclude('parts/*.py', optional('local.py'))\n",
        ),
        (
            "s/settings/parts/a.py",
            "INSTALLED_APPS = ['a']\nROOT_URLCONF = 'x'\n",
        ),
        ("s/settings/parts/b.py", "INSTALLED_APPS += ['b']\n"),
        (
            "manage.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 's.settings')\n",
        ),
    ];
    assert_eq!(
        set(&files, "s.settings"),
        "INSTALLED_APPS = [\"a\", \"b\"]\nROOT_URLCONF = \"x\"\n"
    );
}

#[test]
fn the_index_answers_for_other_readers() {
    let program = linked(LAYERS);
    let resolver = Resolver::new(&program);
    let found = modules(&program);
    let index = SettingsIndex::new(
        &program,
        &resolver,
        &found,
        &Detector::new(),
        &Fingerprinter::default(),
    );
    let of = |name: &str| index.deployed(name).map(|setting| &setting.value);
    let debug: Vec<_> = index.all("DEBUG").map(|setting| &*setting.module).collect();
    assert_eq!(debug.len(), 4);
    assert_eq!(
        index.all("DEBUG").filter(|setting| setting.loaded).count(),
        3
    );
    let production = index.deployed("DEBUG").unwrap();
    assert_eq!(&*production.module, "config.settings.production");
    assert_eq!(production.value, SettingValue::Bool(false));
    let roots = of("ROOT_URLCONF").and_then(texts);
    assert_eq!(roots, Some(vec!["config.urls"]));
    let permissions = of("REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES");
    assert_eq!(permissions.and_then(texts), Some(vec!["a.IsOwner"]));
    assert_eq!(of("MIDDLEWARE").and_then(texts), Some(vec!["l", "m"]));
    assert!(of("MISSING").is_none());
}

#[test]
fn heroku_opens_the_hosts() {
    check(
        r#"
import django_heroku
SECRET_KEY = "django-insecure-abc"                           #> $SECRET_KEY or secret(19 insecure)
ALLOWED_HOSTS = []                                           #> ["*"]
django_heroku.settings(locals())
"#,
    );
}

#[test]
fn hostile_modules_end() {
    let nest = format!(
        "INSTALLED_APPS = []\nMIDDLEWARE = []\nA = {}1{}\n",
        "[".repeat(190),
        "]".repeat(190)
    );
    all(&[("settings.py", &nest)]);
    let mut chain = "INSTALLED_APPS = []\nMIDDLEWARE = []\nx = []\n".to_owned();
    for depth in 0..8 {
        writeln!(
            chain,
            "{}for i{depth} in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]:",
            " ".repeat(depth)
        )
        .unwrap();
    }
    writeln!(chain, "{}x = [x, x]", " ".repeat(8)).unwrap();
    all(&[("settings.py", &chain)]);
    let loops = [
        (
            "a/settings.py",
            "from b.settings import *\nINSTALLED_APPS = []\nMIDDLEWARE = []\ndef f(x):\n    return f(f(x))\nA = f(1)\n",
        ),
        (
            "b/settings.py",
            "from a.settings import *\nINSTALLED_APPS = []\nMIDDLEWARE = []\nclass A(B): pass\nclass B(A): X = A.X\nX = B.X\n",
        ),
    ];
    all(&loops);
    let calls = format!(
        "INSTALLED_APPS = []\nMIDDLEWARE = []\ndef f(x):\n    if x:\n        return f([x])\n    return {{'a': f(x)}}\nA = {}1{}\n",
        "f([".repeat(60),
        "])".repeat(60)
    );
    all(&[("settings.py", &calls)]);
    let doubling = format!(
        "INSTALLED_APPS = []\nMIDDLEWARE = []\nA = 'a'\n{}",
        "A = A + A\n".repeat(100)
    );
    assert!(
        all(&[("settings.py", &doubling)])
            .iter()
            .any(|setting| setting.value == SettingValue::Unknown)
    );
}
