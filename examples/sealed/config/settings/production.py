"""Production."""

import os

import dj_database_url

from core.monitoring import start_sentry

from .base import *  # noqa: F403

ENVIRONMENT = "production"
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {
    "default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60, ssl_require=True)
}

ALLOWED_HOSTS = ["api.keyring.example"]
CSRF_TRUSTED_ORIGINS = ["https://api.keyring.example"]
CORS_ALLOWED_ORIGINS = ["https://app.keyring.example"]

KEYS_TABLE = "keyring-production-keys"
TOKENS_TABLE = "keyring-production-tokens"
USAGE_TABLE = "keyring-production-usage"
EVENTS_TABLE = "keyring-production-events"
AUDIT_TABLE = "keyring-production-audit"
EXPORT_BUCKET = "keyring-production-exports"
KEYS_CMK = "alias/keyring-production-envelope"
PEPPER_SECRET = "keyring/production/pepper"
HOUSE_SECRETS = {"sendgrid": "keyring/production/house/sendgrid"}
SLACK_WEBHOOK_SECRET = "keyring/production/slack"
TENANT_ROLE_ARN = os.environ["TENANT_ROLE_ARN"]
VAULT_ROLE_ARN = os.environ["VAULT_ROLE_ARN"]

start_sentry(os.environ.get("SENTRY_DSN"), ENVIRONMENT)
