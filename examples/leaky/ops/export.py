"""The nightly copy of the key table for the finance team."""

import json

from django.conf import settings

from core.clock import today
from core.dynamo import s3_client
from vendors.store import KeyStore


def export_keys():
    items = KeyStore().everything()
    lines = "\n".join(json.dumps(item, default=str) for item in items)
    name = f"keys/{today()}.jsonl"
    s3_client().put_object(Bucket=settings.EXPORT_BUCKET, Key=name, Body=lines.encode())
    return name, len(items)
