import logging

import requests
from django.conf import settings
from django.http import Http404
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from core.permissions import HasTeam
from vendors.store import Missing

from . import client

logger = logging.getLogger(__name__)


class RelayInput(serializers.Serializer):
    path = serializers.RegexField(r"^v\d+/[A-Za-z0-9_/-]{0,200}\Z", default="v1/")
    payload = serializers.DictField(default=dict)


def known(service):
    if service not in settings.VENDORS:
        raise Http404
    return service


class Relay(APIView):
    """Passes a call on to a vendor."""

    permission_classes = [IsAuthenticated, HasTeam]

    def post(self, request, service):
        form = RelayInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        try:
            response = client.call(
                request.user.team_id, known(service), data["path"], data["payload"]
            )
        except Missing:
            raise Http404 from None
        except requests.RequestException:
            logger.warning("relay to %s failed", service)
            return Response({"detail": "the vendor did not answer"}, status=502)
        return Response({"status": response.status_code, "body": response.text})


class Ping(APIView):
    permission_classes = [IsAuthenticated, HasTeam]

    def post(self, request, service):
        try:
            return Response({"ok": client.ping(request.user.team_id, known(service))})
        except Missing:
            raise Http404 from None
        except requests.RequestException:
            return Response({"ok": False})
