"""Sessions and tables, made in one place.

The web service's own role can do little. What belongs to a team is done with a role assumed for that team: the
session carries the team as a tag, and the role's policy compares it with the partition key. A mistake in a view
can then not reach another team's items.
"""

import time
from functools import lru_cache

import boto3
from django.conf import settings

SESSION_SECONDS = 900
REUSE_SECONDS = 600


@lru_cache(maxsize=512)
def _assumed(role_arn, team_id, period):
    credentials = boto3.client("sts").assume_role(
        RoleArn=role_arn,
        RoleSessionName="keyring-web",
        DurationSeconds=SESSION_SECONDS,
        Tags=[{"Key": "team_id", "Value": team_id}],
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def _session(role_arn, team_id):
    return _assumed(role_arn, team_id, int(time.time() // REUSE_SECONDS))


def tenant_session(team_id):
    """For what a team may see of its records: everything but the sealed keys."""
    return _session(settings.TENANT_ROLE_ARN, team_id)


def vault_session(team_id):
    """For sealing and opening a team's keys."""
    return _session(settings.VAULT_ROLE_ARN, team_id)


def tenant_table(team_id, name):
    return tenant_session(team_id).resource("dynamodb").Table(name)


def vault_table(team_id, name):
    return vault_session(team_id).resource("dynamodb").Table(name)


def tokens_table():
    return boto3.resource("dynamodb").Table(settings.TOKENS_TABLE)


@lru_cache(maxsize=32)
def secret(name):
    """A secret of the service itself, kept in memory until the process ends."""
    return boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
