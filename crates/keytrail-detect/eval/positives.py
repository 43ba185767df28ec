"""Writes labelled positives: synthetic keys of many vendors, in real-looking files of many forms.

The shapes below were written from the vendors' public documentation, not from Keytrail's providers, and the
keys come from Python's random generator. Half of the templates are marked `held`: they are not to be looked
at while the detector is tuned.

    positives.py OUT [--titus RULES] [--seed N]
"""

import base64
import binascii
import json
import random
import string
import sys
import zlib
from pathlib import Path

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
B64 = ALNUM + "+/"
URL = ALNUM + "-_"
rng = random.Random(20261124)


def pick(letters, count):
    return "".join(rng.choice(letters) for _ in range(count))


def uuid():
    return "-".join(pick(HEX, n) for n in (8, 4, 4, 4, 12))


def b62(number, width):
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    out = ""
    while number:
        number, rest = divmod(number, 62)
        out = digits[rest] + out
    return out.rjust(width, "0")


def github(prefix):
    body = pick(ALNUM, 30)
    return prefix + body + b62(zlib.crc32(body.encode()), 6)


def jwt():
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return ".".join(
        (
            part({"alg": rng.choice(["HS256", "RS256"]), "typ": "JWT"}),
            part({"sub": pick(LOWER, 9), "iss": "https://id.northwind.io", "iat": rng.randint(1.7e9.__int__(), 1.8e9.__int__())}),
            pick(URL, 43),
        )
    )


def pem(label):
    body = base64.b64encode(rng.randbytes(608)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def aws_id():
    return rng.choice(["AKIA", "ASIA"]) + pick(string.ascii_uppercase + "234567", 16)


# name of the setting, kind, how it is made; a shape of its own ...
SHAPED = [
    ("GITHUB_TOKEN", "github", lambda: github("ghp_")),
    ("GH_OAUTH", "github-oauth", lambda: github("gho_")),
    ("GH_FINE", "github-fine", lambda: "github_pat_" + pick(ALNUM, 22) + "_" + pick(ALNUM, 59)),
    ("NPM_TOKEN", "npm", lambda: github("npm_")),
    ("GITLAB_TOKEN", "gitlab", lambda: "glpat-" + pick(URL, 20)),
    ("STRIPE_SECRET_KEY", "stripe", lambda: "sk_live_" + pick(ALNUM, 24)),
    ("STRIPE_KEY", "stripe-long", lambda: "sk_live_51" + pick(ALNUM, 97)),
    ("STRIPE_RESTRICTED", "stripe-rk", lambda: "rk_live_" + pick(ALNUM, 24)),
    ("SLACK_BOT_TOKEN", "slack-bot", lambda: f"xoxb-{rng.randint(10**11, 10**12 - 1)}-{rng.randint(10**12, 10**13 - 1)}-{pick(ALNUM, 24)}"),
    ("SLACK_WEBHOOK", "slack-hook", lambda: f"https://hooks.slack.com/services/T{pick(UPPER, 10)}/B{pick(UPPER, 10)}/{pick(ALNUM, 24)}"),
    ("SENDGRID_API_KEY", "sendgrid", lambda: "SG." + pick(URL, 22) + "." + pick(URL, 43)),
    ("TWILIO_API_KEY", "twilio-sk", lambda: "SK" + pick(HEX, 32)),
    ("MAILGUN_API_KEY", "mailgun", lambda: "key-" + pick(HEX, 32)),
    ("MAILCHIMP_API_KEY", "mailchimp", lambda: pick(HEX, 32) + "-us" + str(rng.randint(1, 21))),
    ("GOOGLE_API_KEY", "google", lambda: "AIza" + pick(URL, 35)),
    ("GOOGLE_CLIENT_SECRET", "google-oauth", lambda: "GOCSPX-" + pick(URL, 28)),
    ("OPENAI_API_KEY", "openai", lambda: "sk-proj-" + pick(URL, 74) + "T3BlbkFJ" + pick(URL, 74)),
    ("OPENAI_KEY_OLD", "openai-old", lambda: "sk-" + pick(ALNUM, 20) + "T3BlbkFJ" + pick(ALNUM, 20)),
    ("ANTHROPIC_API_KEY", "anthropic", lambda: "sk-ant-api03-" + pick(URL, 93) + "AA"),
    ("HF_TOKEN", "huggingface", lambda: "hf_" + pick(string.ascii_letters, 34)),
    ("GROQ_API_KEY", "groq", lambda: "gsk_" + pick(ALNUM, 52)),
    ("REPLICATE_API_TOKEN", "replicate", lambda: "r8_" + pick(ALNUM, 37)),
    ("PERPLEXITY_API_KEY", "perplexity", lambda: "pplx-" + pick(ALNUM, 48)),
    ("XAI_API_KEY", "xai", lambda: "xai-" + pick(ALNUM, 80)),
    ("DIGITALOCEAN_TOKEN", "digitalocean", lambda: "dop_v1_" + pick(HEX, 64)),
    ("DOPPLER_TOKEN", "doppler", lambda: "dp.pt." + pick(ALNUM, 43)),
    ("VAULT_TOKEN", "vault", lambda: "hvs." + pick(URL, 90)),
    ("TFC_TOKEN", "terraform", lambda: pick(ALNUM, 14) + ".atlasv1." + pick(URL, 67)),
    ("PULUMI_ACCESS_TOKEN", "pulumi", lambda: "pul-" + pick(HEX, 40)),
    ("DATABRICKS_TOKEN", "databricks", lambda: "dapi" + pick(HEX, 32)),
    ("SHOPIFY_TOKEN", "shopify", lambda: "shpat_" + pick(HEX, 32)),
    ("SQUARE_TOKEN", "square", lambda: "EAAAE" + pick(URL, 59)),
    ("LINEAR_API_KEY", "linear", lambda: "lin_api_" + pick(ALNUM, 40)),
    ("NOTION_TOKEN", "notion", lambda: "ntn_" + pick(string.digits, 11) + pick(ALNUM, 35)),
    ("AIRTABLE_PAT", "airtable", lambda: "pat" + pick(ALNUM, 14) + "." + pick(HEX, 64)),
    ("POSTMAN_API_KEY", "postman", lambda: "PMAK-" + pick(HEX, 24) + "-" + pick(HEX, 34)),
    ("FIGMA_TOKEN", "figma", lambda: "figd_" + pick(URL, 40)),
    ("GRAFANA_TOKEN", "grafana", lambda: "glsa_" + pick(ALNUM, 32) + "_" + pick(HEX, 8)),
    ("NEW_RELIC_KEY", "newrelic", lambda: "NRAK-" + pick(UPPER, 27)),
    ("SENTRY_AUTH_TOKEN", "sentry", lambda: "sntryu_" + pick(HEX, 64)),
    ("DYNATRACE_TOKEN", "dynatrace", lambda: "dt0c01." + pick(UPPER, 24) + "." + pick(UPPER, 64)),
    ("PYPI_TOKEN", "pypi", lambda: "pypi-AgEIcHlwaS5vcmc" + pick(URL, 150)),
    ("RUBYGEMS_KEY", "rubygems", lambda: "rubygems_" + pick(HEX, 48)),
    ("DOCKER_PAT", "docker", lambda: "dckr_pat_" + pick(URL, 27)),
    ("SUPABASE_TOKEN", "supabase", lambda: "sbp_" + pick(HEX, 40)),
    ("PLANETSCALE_TOKEN", "planetscale", lambda: "pscale_tkn_" + pick(URL, 43)),
    ("FLY_API_TOKEN", "fly", lambda: "FlyV1 fm2_" + pick(B64, 180)),
    ("CLOUDFLARE_CA_KEY", "cloudflare-ca", lambda: "v1.0-" + pick(HEX, 24) + "-" + pick(HEX, 146)),
    ("TELEGRAM_TOKEN", "telegram", lambda: str(rng.randint(10**9, 10**10 - 1)) + ":AA" + pick(URL, 33)),
    ("DISCORD_WEBHOOK", "discord-hook", lambda: f"https://discord.com/api/webhooks/{rng.randint(10**17, 10**18 - 1)}/{pick(URL, 68)}"),
    ("AGE_KEY", "age", lambda: "AGE-SECRET-KEY-1" + pick("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
    ("AZURE_STORAGE", "azure-storage", lambda: "DefaultEndpointsProtocol=https;AccountName=northwind;AccountKey=" + pick(B64, 86) + "==;EndpointSuffix=core.windows.net"),
    ("AZURE_CLIENT_SECRET", "azure-client", lambda: pick(ALNUM, 3) + "8Q~" + pick(ALNUM + "_-.~", 34)),
    ("AWS_SESSION_TOKEN", "aws-session", lambda: "IQoJb3JpZ2lu" + pick(B64, 340)),
    ("AUTH_JWT", "jwt", jwt),
    ("DATABASE_URL", "postgres", lambda: f"postgres://northwind:{pick(ALNUM, 18)}@pg.internal.northwind.io:5432/orders"),
    ("MONGO_URL", "mongo", lambda: f"mongodb+srv://northwind:{pick(ALNUM, 16)}@cluster0.{pick(LOWER, 5)}.mongodb.net/app"),
    ("TAVILY_API_KEY", "tavily", lambda: "tvly-" + pick(ALNUM, 32)),
    ("RESEND_API_KEY", "resend", lambda: "re_" + pick(ALNUM, 8) + "_" + pick(ALNUM, 24)),
    ("NVIDIA_API_KEY", "nvidia", lambda: "nvapi-" + pick(URL, 64)),
    ("APIFY_TOKEN", "apify", lambda: "apify_api_" + pick(ALNUM, 36)),
    ("TOGETHER_KEY", "together", lambda: "tgp_v1_" + pick(URL, 43)),
    ("NEON_KEY", "neon", lambda: "napi_" + pick(LOWER, 64)),
    ("CLOJARS", "clojars", lambda: "CLOJARS_" + pick(HEX, 60)),
    ("RENDER_KEY", "render", lambda: "rnd_" + pick(ALNUM, 28)),
    ("CONFLUENT", "confluent", lambda: "cflt" + pick(B64, 60)),
]
# ... known by its vendor's name ...
VENDOR = [
    ("DATADOG_API_KEY", "datadog", lambda: pick(HEX, 32)),
    ("DD_APP_KEY", "datadog-app", lambda: pick(HEX, 40)),
    ("ALGOLIA_ADMIN_KEY", "algolia", lambda: pick(HEX, 32)),
    ("CLOUDFLARE_API_TOKEN", "cloudflare", lambda: pick(URL, 40)),
    ("HEROKU_API_KEY", "heroku", uuid),
    ("TWILIO_AUTH_TOKEN", "twilio-auth", lambda: pick(HEX, 32)),
    ("FACEBOOK_APP_SECRET", "facebook", lambda: pick(HEX, 32)),
    ("TWITTER_API_SECRET", "twitter", lambda: pick(ALNUM, 50)),
    ("SPOTIFY_CLIENT_SECRET", "spotify", lambda: pick(HEX, 32)),
    ("COHERE_API_KEY", "cohere", lambda: pick(ALNUM, 40)),
    ("MISTRAL_API_KEY", "mistral", lambda: pick(ALNUM, 32)),
    ("WANDB_API_KEY", "wandb", lambda: pick(HEX, 40)),
    ("DEEPGRAM_API_KEY", "deepgram", lambda: pick(HEX, 40)),
    ("OPENWEATHER_API_KEY", "openweather", lambda: pick(HEX, 32)),
    ("LINODE_TOKEN", "linode", lambda: pick(HEX, 64)),
    ("HCLOUD_TOKEN", "hetzner", lambda: pick(ALNUM, 64)),
    ("ETHERSCAN_API_KEY", "etherscan", lambda: pick(UPPER, 34)),
    ("BINANCE_API_SECRET", "binance", lambda: pick(ALNUM, 64)),
    ("CODECOV_TOKEN", "codecov", uuid),
    ("SHODAN_API_KEY", "shodan", lambda: pick(ALNUM, 32)),
    ("VIRUSTOTAL_API_KEY", "virustotal", lambda: pick(HEX, 64)),
    ("ZENDESK_API_TOKEN", "zendesk", lambda: pick(ALNUM, 40)),
    ("TRAVIS_TOKEN", "travis", lambda: pick(URL, 22)),
    ("ROLLBAR_ACCESS_TOKEN", "rollbar", lambda: pick(HEX, 32)),
    ("SNYK_TOKEN", "snyk", uuid),
    ("AUTH0_CLIENT_SECRET", "auth0", lambda: pick(URL, 64)),
    ("OKTA_API_TOKEN", "okta", lambda: "00" + pick(URL, 40)),
    ("MAPBOX_SECRET", "mapbox", lambda: "sk.eyJ1Ijoi" + pick(ALNUM, 60) + "." + pick(URL, 22)),
]
# ... and known by nothing but its name.
GENERIC = [
    ("PARTNER_API_KEY", "generic-alnum", lambda: pick(ALNUM, 32)),
    ("SERVICE_TOKEN", "generic-hex", lambda: pick(HEX, 40)),
    ("ORDERS_SECRET_KEY", "generic-url", lambda: pick(URL, 48)),
    ("WEBHOOK_SIGNING_SECRET", "generic-b64", lambda: base64.b64encode(rng.randbytes(32)).decode()),
    ("INTERNAL_AUTH_TOKEN", "generic-short", lambda: pick(ALNUM, 24)),
    ("DB_PASSWORD", "password", lambda: pick(ALNUM, 10) + rng.choice("!#%*") + pick(ALNUM, 5)),
    ("ADMIN_PASSWORD", "password-mixed", lambda: pick(ALNUM, 14)),
    ("SECRET_KEY", "django", lambda: pick("abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)", 50)),
    ("JWT_SECRET", "jwt-secret", lambda: pick(HEX, 64)),
]


def camel(name):
    head, *tail = name.lower().split("_")
    return head + "".join(part.title() for part in tail)


def kebab(name):
    return name.lower().replace("_", "-")


FILL = {
    "py": "import os\n\nfrom django.conf import global_settings\n\nDEBUG = False\nALLOWED_HOSTS = ['northwind.io']\n",
    "js": "const express = require('express');\n\nconst app = express();\napp.set('port', process.env.PORT || 3000);\n",
}

# name, file, text; `held` ones are every second
TEMPLATES = [
    ("env", ".env", lambda n, v: f"DEBUG=0\nPORT=8000\n{n}={v}\nLOG_LEVEL=info\n"),
    ("env-quoted", "deploy/prod.env", lambda n, v: f'# production\n{n}="{v}"\nREGION=eu-central-1\n'),
    ("django", "shop/settings.py", lambda n, v: FILL["py"] + f"\n{n} = '{v}'\n\nTIME_ZONE = 'UTC'\n"),
    ("django-default", "shop/conf.py", lambda n, v: FILL["py"] + f'\n{n} = os.environ.get("{n}", "{v}")\n'),
    ("python-call", "shop/client.py", lambda n, v: f'from vendor import Client\n\nclient = Client(timeout=5, {n.lower()}="{v}")\n'),
    ("python-dict", "shop/keys.py", lambda n, v: f'CONFIG = {{\n    "region": "eu",\n    "{n.lower()}": "{v}",\n}}\n'),
    ("js-const", "web/config.js", lambda n, v: FILL["js"] + f"const {camel(n)} = '{v}';\nmodule.exports = {{ {camel(n)} }};\n"),
    ("js-object", "web/keys.ts", lambda n, v: f'export const config = {{\n  region: "eu",\n  {camel(n)}: "{v}",\n}};\n'),
    ("json", "config/production.json", lambda n, v: json.dumps({"region": "eu", "nested": {camel(n): v}}, indent=2) + "\n"),
    ("json-flat", "config/app.json", lambda n, v: json.dumps({"name": "shop", n.lower(): v}) + "\n"),
    ("yaml", "config/app.yml", lambda n, v: f"shop:\n  region: eu\n  {n.lower()}: {v}\n"),
    ("yaml-quoted", "config/values.yaml", lambda n, v: f'env:\n  - name: {n}\n    value: "{v}"\n'),
    ("compose", "docker-compose.yml", lambda n, v: f"services:\n  web:\n    image: shop:1.4\n    environment:\n      - {n}={v}\n      - PORT=8000\n"),
    ("dockerfile", "Dockerfile", lambda n, v: f"FROM python:3.12\nENV {n}={v}\nCMD [\"gunicorn\"]\n"),
    ("toml", "config.toml", lambda n, v: f'[vendor]\nregion = "eu"\n{n.lower()} = "{v}"\n'),
    ("ini", "deploy/app.ini", lambda n, v: f"[vendor]\nregion = eu\n{n.lower()} = {v}\n"),
    ("tfvars", "infra/prod.tfvars", lambda n, v: f'region = "eu-central-1"\n{n.lower()} = "{v}"\n'),
    ("terraform", "infra/main.tf", lambda n, v: f'variable "{n.lower()}" {{\n  type    = string\n  default = "{v}"\n}}\n'),
    ("shell", "bin/deploy.sh", lambda n, v: f"#!/bin/sh\nset -e\nexport {n}='{v}'\n./manage.py migrate\n"),
    ("workflow", ".github/workflows/ci.yml", lambda n, v: f"jobs:\n  test:\n    runs-on: ubuntu-latest\n    env:\n      {n}: {v}\n    steps:\n      - run: make test\n"),
    ("properties", "src/main/resources/application.properties", lambda n, v: f"server.port=8080\nvendor.{kebab(n).replace('-', '.')}={v}\n"),
    ("java", "src/main/java/io/northwind/Client.java", lambda n, v: f'public class Client {{\n  private static final String {n} = "{v}";\n}}\n'),
    ("go", "internal/client.go", lambda n, v: f'package internal\n\nconst {camel(n)} = "{v}"\n'),
    ("ruby", "config/initializers/vendor.rb", lambda n, v: f"Vendor.configure do |config|\n  config.{n.lower()} = '{v}'\nend\n"),
    ("php", "config/vendor.php", lambda n, v: f"<?php\nreturn [\n    'region' => 'eu',\n    '{n.lower()}' => '{v}',\n];\n"),
    ("csharp", "appsettings.json", lambda n, v: json.dumps({"Vendor": {"Region": "eu", n.title().replace("_", ""): v}}, indent=2)),
    ("notebook", "notebooks/load.ipynb", lambda n, v: json.dumps({"cells": [{"cell_type": "code", "source": ["import os\n", f"{n} = \"{v}\"\n"], "outputs": []}], "nbformat": 4}, indent=1)),
    ("log", "logs/app.log", lambda n, v: f"2026-11-03T10:04:11Z INFO  boot region=eu\n2026-11-03T10:04:12Z DEBUG config {n.lower()}={v} loaded\n"),
    ("kubernetes", "k8s/secret.yaml", lambda n, v: f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\nstringData:\n  {n}: \"{v}\"\n"),
    ("xml", "config/vendor.xml", lambda n, v: f"<vendor>\n  <region>eu</region>\n  <{camel(n)}>{v}</{camel(n)}>\n</vendor>\n"),
    ("dynamodb", "exports/items.json", lambda n, v: json.dumps({"Item": {"tenant": {"S": "northwind"}, n.lower(): {"S": v}}}) + "\n"),
    ("nested-json", "queue/message.json", lambda n, v: json.dumps({"body": json.dumps({"region": "eu", n.lower(): v})})),
    ("history", ".bash_history", lambda n, v: f"cd shop\nexport {n}={v}\n./manage.py runserver\n"),
    ("k8s-base64", "k8s/opaque.yaml", lambda n, v: f"apiVersion: v1\nkind: Secret\ntype: Opaque\ndata:\n  app.env: {base64.b64encode(f'{n}={v}'.encode()).decode()}\n"),
    ("url-encoded", "logs/access.log", lambda n, v: f'10.0.0.7 - - [03/Nov/2026] "GET /hook?{n.lower()}={__import__("urllib.parse").parse.quote(v, safe="")} HTTP/1.1" 200 17\n'),
    ("utf16", "windows/settings.ini", lambda n, v: f"[vendor]\r\n{n.lower()}={v}\r\n"),
]

PAIRS = [
    ("credentials", ".aws/credentials", lambda i, s: f"[default]\naws_access_key_id = {i}\naws_secret_access_key = {s}\n"),
    ("boto3", "shop/storage.py", lambda i, s: f"import boto3\n\ns3 = boto3.client('s3', aws_access_key_id='{i}', aws_secret_access_key='{s}')\n"),
    ("env-pair", ".env.production", lambda i, s: f"AWS_ACCESS_KEY_ID={i}\nAWS_SECRET_ACCESS_KEY={s}\n"),
    ("tuple", "shop/upload.py", lambda i, s: f"auth = ('{i}', '{s}')\n"),
]
PEMS = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY"]


def write(out, labels, number, path, text, needle, meta, encoding="utf-8"):
    file = Path(f"p{number:05}") / path
    target = out / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-16") if encoding == "utf-16" else text.encode())
    lines = [n for n, line in enumerate(text.split("\n"), 1) if any(part in line for part in needle)]
    labels.append({"file": str(file), "lines": lines, **meta})


def main():
    out = Path(sys.argv[1])
    labels = []
    number = 0
    kinds = [("shaped", SHAPED), ("vendor", VENDOR), ("generic", GENERIC)]
    for index, (template, path, render) in enumerate(TEMPLATES):
        for level, rows in kinds:
            chosen = rows if level == "generic" else rng.sample(rows, 22 if level == "shaped" else 12)
            for name, kind, make in chosen:
                value = make()
                text = render(name, value)
                plain = base64.b64encode(f"{name}={value}".encode()).decode() if template == "k8s-base64" else value
                escaped = json.dumps(value)[1:-1]
                needle = [plain[:40], value[:40], escaped[:20], __import__("urllib.parse").parse.quote(value, safe="")[:30]]
                meta = {"level": level, "kind": kind, "template": template, "held": index % 2 == 1}
                write(out, labels, number, path, text, needle, meta, "utf-16" if template == "utf16" else "utf-8")
                number += 1
    for index, (template, path, render) in enumerate(PAIRS):
        for _ in range(8):
            key, secret = aws_id(), pick(B64, 40)
            write(out, labels, number, path, render(key, secret), [secret], {"level": "shaped", "kind": "aws-pair", "template": template, "held": index % 2 == 1})
            number += 1
    for index, label in enumerate(PEMS):
        for form in range(6):
            block = pem(label)
            text = block + "\n" if form % 2 == 0 else json.dumps({"private_key": block + "\n"}, indent=1)
            write(out, labels, number, f"certs/server{form}.{'pem' if form % 2 == 0 else 'json'}", text, ["BEGIN"], {"level": "shaped", "kind": "pem", "template": "pem", "held": index % 2 == 1})
            number += 1
    (out.parent / "positives.json").write_text(json.dumps(labels, indent=0))
    print(len(labels), "positives", sum(label["held"] for label in labels), "held out")


if __name__ == "__main__":
    main()
