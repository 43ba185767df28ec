from rest_framework import serializers


class TokenInput(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False, default="")


class VerifyInput(serializers.Serializer):
    token = serializers.CharField(max_length=128, write_only=True)


class TokenOutput(serializers.Serializer):
    token_id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()
    created_at = serializers.CharField()
    expires_at = serializers.IntegerField()
