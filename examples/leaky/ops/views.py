import os

from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_POST
from rest_framework.response import Response
from rest_framework.views import APIView

from vendors.store import KeyStore

from .export import export_keys


@require_GET
def health(request):
    return JsonResponse({"ok": True})


@require_GET
def environment(request):
    """What this instance runs with."""
    return JsonResponse(dict(os.environ))


@require_POST
def export(request):
    if not request.user.is_staff:
        return JsonResponse({"detail": "staff only"}, status=403)
    name, count = export_keys()
    return JsonResponse({"object": name, "items": count})


class Inactive(APIView):
    """Keys that were switched off: feeds the status page."""

    def get(self, request):
        items = KeyStore().by_status("inactive")
        return Response([{"owner": i["owner_id"], "service": i["service"]} for i in items])
