"""Signatures of webhooks: `t=<seconds>,v1=<HMAC-SHA-256 of "seconds.body">`, good for five minutes."""

import hashlib
import hmac
import re

from django.contrib.auth.models import AnonymousUser
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from core.clock import epoch
from core.vault import fingerprint, same

from .models import WebhookEndpoint

WINDOW_SECONDS = 300
HEADER = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def signing_secret(endpoint):
    return "whs_" + fingerprint("webhook", endpoint.pk)


@sensitive_variables()
def sign(secret, seconds, body):
    message = f"{seconds}.".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class WebhookSignature(BaseAuthentication):
    @sensitive_variables()
    def authenticate(self, request):
        names = request.resolver_match.kwargs
        endpoint = WebhookEndpoint.objects.filter(
            team_id=names["team"], service=names["service"]
        ).first()
        header = HEADER.fullmatch(request.headers.get("Keyring-Signature", ""))
        if endpoint is None or header is None:
            raise AuthenticationFailed("not signed")
        seconds, presented = header.groups()
        fresh = abs(epoch() - int(seconds)) <= WINDOW_SECONDS
        expected = sign(signing_secret(endpoint), seconds, request.body)
        if not (same(expected, presented) and fresh):
            raise AuthenticationFailed("not signed")
        return AnonymousUser(), endpoint

    def authenticate_header(self, request):
        return "Signature"


class IsSigned(BasePermission):
    def has_permission(self, request, view):
        return isinstance(request.auth, WebhookEndpoint)
