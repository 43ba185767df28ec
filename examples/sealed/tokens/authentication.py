"""Signs API clients in by one of our own tokens."""

from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User

from . import store


class ApiTokenAuthentication(BaseAuthentication):
    @sensitive_variables("header")
    def authenticate(self, request):
        header = request.headers.get("Authorization", "")
        if not header.startswith("Bearer "):
            return None
        record = store.recognise(header.removeprefix("Bearer "))
        if record is None:
            raise AuthenticationFailed("unknown token")
        user = User.objects.filter(
            username=record["username"], team_id=record["owner_id"], is_active=True
        ).first()
        if user is None:
            raise AuthenticationFailed("unknown token")
        return user, record["token_id"]

    def authenticate_header(self, request):
        return "Bearer"
