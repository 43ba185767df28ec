import json
from decimal import Decimal

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from rest_framework import generics
from rest_framework.permissions import IsAuthenticated

from .models import WebhookEndpoint
from .serializers import WebhookEndpointSerializer
from .store import save_event


@csrf_exempt
@require_POST
def receive(request, team, service):
    """Vendors post their events here."""
    body = json.loads(request.body, parse_float=Decimal)
    event_id = save_event(team, service, body)
    return JsonResponse({"event_id": event_id}, status=202)


class WebhookEndpoints(generics.ListCreateAPIView):
    permission_classes = [IsAuthenticated]
    serializer_class = WebhookEndpointSerializer

    def get_queryset(self):
        return WebhookEndpoint.objects.order_by("id")
