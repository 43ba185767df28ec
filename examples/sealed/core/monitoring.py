"""Errors go to Sentry as type and place: no bodies, headers, cookies or variables."""

import sentry_sdk

from .logs import mask


def scrub(event, hint):
    event.pop("request", None)
    event.pop("extra", None)
    for value in event.get("exception", {}).get("values", []):
        value["value"] = mask(value.get("value") or "")
    return event


def start_sentry(dsn, environment):
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=scrub,
    )
