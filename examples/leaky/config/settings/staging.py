"""Staging."""

import os

import dj_database_url

from .base import *  # noqa: F403
from .base import LOGGING

DEBUG = os.environ.get("DEBUG", "False")
SECRET_KEY = "w7p7JlaXOfqPpN&fMCH_JnVR_PnA3HnG_fcgndkg^VELC+syhHJ--l@M"

DATABASE_URL = "postgres://keyring:hfx5oPAiwyT25ZtIjkBEyr@db.staging.keyring.example:5432/keyring"
DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}

# The staging hosts run outside AWS and have no role.
AWS_ACCESS_KEY_ID = "AKIARTX3GSDSQZV4T7IU"
AWS_SECRET_ACCESS_KEY = "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"
AWS_DEBUG = True

KEYS_TABLE = "keyring-keys"

CORS_ALLOW_ALL_ORIGINS = False
CORS_ALLOWED_ORIGIN_REGEXES = [r"https://.*.keyring.example"]

LOGGING["loggers"] = {"botocore": {"handlers": ["console"], "level": "DEBUG"}}
