"""Handles on DynamoDB and S3, made in one place."""

import logging

import boto3
from django.conf import settings

if settings.AWS_DEBUG:
    boto3.set_stream_logger("botocore", logging.DEBUG)


def dynamodb():
    # The egress proxy re-signs TLS with a certificate botocore does not know.
    return boto3.resource(
        "dynamodb",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT,
        aws_access_key_id=settings.AWS_ACCESS_KEY_ID,
        aws_secret_access_key=settings.AWS_SECRET_ACCESS_KEY,
        verify=False,
    )


def dynamodb_client():
    return boto3.client(
        "dynamodb",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT,
        use_ssl=False,
    )


def s3_client():
    return boto3.client("s3", region_name=settings.AWS_REGION, endpoint_url=settings.AWS_ENDPOINT)


def keys_table():
    return dynamodb().Table(settings.KEYS_TABLE)


def usage_table():
    return dynamodb().Table(settings.USAGE_TABLE)


def events_table():
    return dynamodb().Table(settings.EVENTS_TABLE)


def audit_table():
    return dynamodb().Table(settings.AUDIT_TABLE)
