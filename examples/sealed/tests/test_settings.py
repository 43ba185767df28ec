import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.logs import mask
from core.monitoring import scrub

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "x".join(str(number) for number in range(40)),
    "DATABASE_URL": "postgres://keyring@db.example/keyring",
    "TENANT_ROLE_ARN": "arn:aws:iam::123456789012:role/tenant",
    "VAULT_ROLE_ARN": "arn:aws:iam::123456789012:role/vault",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def check(environment, **changes):
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**ENVIRONMENT, "DJANGO_SETTINGS_MODULE": f"config.settings.{environment}", **changes},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_deployment_check_is_clean(environment):
    result = check(environment)
    assert result.returncode == 0, result.stderr


def test_nothing_starts_without_its_secrets():
    del (environment := dict(ENVIRONMENT))["SECRET_KEY"]
    command = [sys.executable, "-c", "import config.settings.production"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "KeyError: 'SECRET_KEY'" in result.stderr


def test_environments_share_no_table():
    texts = [(ROOT / "config/settings" / f"{e}.py").read_text() for e in ("staging", "production")]
    staging, production = (set(re.findall(r'_TABLE = "(.+)"', text)) for text in texts)
    assert len(staging) == len(production) == 5 and not staging & production


def test_logs_and_monitoring_mask_keys():
    key = "kt_live_" + "a1" * 20
    assert mask(f"got {key} here") == "got kt_live_a1a1… here"
    assert key not in mask(f"Authorization: Bearer {key}")
    event = {"request": {"data": key}, "exception": {"values": [{"value": f"bad {key}"}]}}
    assert key not in str(scrub(event, {}))
