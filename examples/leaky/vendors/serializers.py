from rest_framework import serializers


class KeyInput(serializers.Serializer):
    service = serializers.SlugField(max_length=64)
    api_key = serializers.CharField(max_length=512)
    label = serializers.CharField(max_length=120, required=False, default="")
    region = serializers.CharField(max_length=16, required=False, default="us")
    webhook_secret = serializers.CharField(max_length=256, required=False, default="")


class KeyOutput(serializers.Serializer):
    owner_id = serializers.CharField()
    service = serializers.CharField()
    api_key = serializers.CharField()
    label = serializers.CharField(default="")
    status = serializers.CharField()
    created_at = serializers.CharField()


class RecordSerializer(serializers.BaseSerializer):
    """The record as it is: the web client picks what it shows."""

    def to_representation(self, instance):
        return dict(instance)
