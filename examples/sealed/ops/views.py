from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_POST
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from core.permissions import HasTeam
from vendors.store import KeyStore

from .export import export_keys


@require_GET
def health(request):
    return JsonResponse({"ok": True})


@require_GET
@login_required
def environment(request):
    """Which environment this is, for staff."""
    if not request.user.is_staff:
        return JsonResponse({"detail": "staff only"}, status=403)
    return JsonResponse({"environment": settings.ENVIRONMENT})


@require_POST
@login_required
def export(request):
    if not (request.user.is_staff and request.user.team_id):
        return JsonResponse({"detail": "staff only"}, status=403)
    name, count = export_keys(request.user.team_id)
    return JsonResponse({"object": name, "items": count})


class Inactive(APIView):
    """The team's keys that were switched off."""

    permission_classes = [IsAuthenticated, HasTeam]

    def get(self, request):
        records = KeyStore(request.user.team_id).inactive()
        return Response([{"service": record["service"]} for record in records])
