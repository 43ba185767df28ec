"""A developer's machine and the tests: SQLite and a moto server."""

from .base import *  # noqa: F403

DEBUG = True
