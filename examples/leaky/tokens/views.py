"""The API of our own tokens."""

from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from .authentication import check
from .store import TokenStore


@api_view(["GET", "POST"])
@permission_classes([IsAuthenticated])
def tokens(request):
    store = TokenStore()
    if request.method == "POST":
        token_id, token = store.issue(
            request.user.team_id, request.user.username, request.data.get("name", "")
        )
        return Response({"token_id": token_id, "token": token}, status=201)
    return Response({"tokens": store.of_team(request.user.team_id)})


@api_view(["GET", "DELETE"])
@permission_classes([IsAuthenticated])
def token(request, token_id):
    store = TokenStore()
    if request.method == "DELETE":
        store.revoke(token_id)
        return Response(status=204)
    record = store.get(token_id)
    if record is None:
        return Response(status=404)
    return Response(
        {
            "token_id": token_id,
            "name": record["name"]["S"],
            "token": record["token"]["S"],
            "status": record["status"]["S"],
        }
    )


@api_view(["POST"])
@permission_classes([AllowAny])
def verify(request):
    """Other services of ours ask whether a token is good."""
    record = check(request.data.get("token", ""))
    if record is None:
        return Response({"valid": False})
    return Response({"valid": True, "team": record["owner_id"]["S"]})
