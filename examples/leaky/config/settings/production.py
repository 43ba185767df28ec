"""Production."""

import os

import sentry_sdk

from .base import *  # noqa: F403

ALLOWED_HOSTS = ["*"]

KEYS_TABLE = "keyring-keys"

# TLS ends at the load balancer.
SECURE_SSL_REDIRECT = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
SECURE_HSTS_SECONDS = 0

sentry_sdk.init(
    dsn=os.environ.get("SENTRY_DSN"),
    send_default_pii=True,
    include_local_variables=True,
    max_request_body_size="always",
    traces_sample_rate=0.2,
)
