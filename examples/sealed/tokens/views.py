"""The API of our own tokens."""

from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle, UserRateThrottle
from rest_framework.views import APIView

from core.permissions import HasTeam

from . import store
from .serializers import TokenInput, TokenOutput, VerifyInput


class IssueThrottle(ScopedRateThrottle):
    """Counts what is issued, not what is listed."""

    def allow_request(self, request, view):
        return request.method != "POST" or super().allow_request(request, view)


class Tokens(APIView):
    permission_classes = [IsAuthenticated, HasTeam]
    throttle_classes = [UserRateThrottle, IssueThrottle]
    throttle_scope = "issue"

    def get(self, request):
        records = store.of_team(request.user.team_id)
        return Response({"tokens": TokenOutput(records, many=True).data})

    def post(self, request):
        form = TokenInput(data=request.data)
        form.is_valid(raise_exception=True)
        token_id, token = store.issue(
            request.user.team_id, request.user.username, form.validated_data["name"]
        )
        # The only time that the token is shown.
        response = Response({"token_id": token_id, "token": token}, status=201)
        response["Cache-Control"] = "no-store"
        return response


class Token(APIView):
    permission_classes = [IsAuthenticated, HasTeam]

    def get(self, request, token_id):
        record = store.get(request.user.team_id, token_id)
        if record is None:
            return Response(status=404)
        return Response(TokenOutput(record).data)

    def delete(self, request, token_id):
        found = store.revoke(request.user.team_id, token_id)
        return Response(status=204 if found else 404)


class Verify(APIView):
    """Other services of ours, signed in as staff, ask whether a token is good."""

    permission_classes = [IsAdminUser]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "verify"

    def post(self, request):
        form = VerifyInput(data=request.data)
        form.is_valid(raise_exception=True)
        record = store.recognise(form.validated_data["token"])
        if record is None:
            return Response({"valid": False})
        return Response({"valid": True, "team": record["owner_id"]})
