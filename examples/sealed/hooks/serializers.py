from rest_framework import serializers

from .models import WebhookEndpoint


class WebhookEndpointSerializer(serializers.ModelSerializer):
    class Meta:
        model = WebhookEndpoint
        fields = ("id", "service", "created_at")
        read_only_fields = ("id", "created_at")


class EventInput(serializers.Serializer):
    """What is kept of a vendor's event. All else in the body is dropped."""

    id = serializers.RegexField(r"^[A-Za-z0-9_-]{1,64}\Z")
    type = serializers.RegexField(r"^[a-z0-9_.]{1,80}\Z")
