"""Signs API clients in by one of our own tokens."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User

from .store import TokenStore


def presented_token(request):
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return header.removeprefix("Bearer ")
    # Webhook tools and spreadsheets cannot set headers.
    return request.GET.get("access_token")


def check(token):
    """The record of a token that may be used, or None."""
    record = TokenStore().find(token)
    if record is None:
        return None
    if record["token"]["S"] == token and record["status"]["S"] == "active":
        return record
    return None


class ApiTokenAuthentication(BaseAuthentication):
    def authenticate(self, request):
        token = presented_token(request)
        if not token:
            return None
        record = check(token)
        if record is None:
            raise AuthenticationFailed(f"unknown token {token}")
        user = User.objects.get(username=record["username"]["S"])
        return user, record["token_id"]["S"]

    def authenticate_header(self, request):
        return "Bearer"
