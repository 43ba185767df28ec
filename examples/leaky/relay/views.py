import logging
import traceback

from django.conf import settings
from django.http import Http404
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from . import client

logger = logging.getLogger(__name__)


class Relay(APIView):
    """Passes a call on to a vendor."""

    permission_classes = [IsAuthenticated]

    def post(self, request, service):
        if service not in settings.VENDORS:
            raise Http404
        try:
            response = client.call(
                request.user.team_id,
                service,
                request.data.get("path", "v1/"),
                request.data.get("payload", {}),
            )
        except client.NoKey:
            raise Http404 from None
        except Exception as error:
            logger.error("relay to %s failed: %s", service, error)
            return Response({"detail": traceback.format_exc()}, status=502)
        return Response({"status": response.status_code, "body": response.text})


class Ping(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request, service):
        if service not in settings.VENDORS:
            raise Http404
        try:
            return Response({"ok": client.ping(request.user.team_id, service)})
        except client.NoKey:
            raise Http404 from None
