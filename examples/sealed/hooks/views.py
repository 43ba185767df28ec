from django.db import IntegrityError, transaction
from rest_framework import generics, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from core.permissions import HasTeam

from .models import WebhookEndpoint
from .serializers import EventInput, WebhookEndpointSerializer
from .signing import IsSigned, WebhookSignature, signing_secret
from .store import save_event


class Receive(APIView):
    """Vendors post their events here."""

    authentication_classes = [WebhookSignature]
    permission_classes = [IsSigned]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "webhook"

    def post(self, request, team, service):
        form = EventInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        save_event(request.auth, data["id"], data["type"])
        return Response({"event_id": data["id"]}, status=202)


class WebhookEndpoints(generics.ListCreateAPIView):
    permission_classes = [IsAuthenticated, HasTeam]
    serializer_class = WebhookEndpointSerializer

    def get_queryset(self):
        return WebhookEndpoint.objects.filter(team_id=self.request.user.team_id).order_by("id")

    def create(self, request):
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            with transaction.atomic():
                endpoint = form.save(team_id=request.user.team_id)
        except IntegrityError:
            raise serializers.ValidationError("there is an endpoint for this service") from None
        # The only time that the secret is shown.
        response = Response({**form.data, "signing_secret": signing_secret(endpoint)}, status=201)
        response["Cache-Control"] = "no-store"
        return response
