from rest_framework import serializers

from accounts.models import User


class KeyInput(serializers.Serializer):
    service = serializers.SlugField(max_length=64)
    api_key = serializers.CharField(max_length=512, write_only=True)
    label = serializers.CharField(max_length=120, required=False, default="")
    region = serializers.CharField(max_length=16, required=False, default="us")
    expires_in_days = serializers.IntegerField(min_value=1, max_value=366, required=False)


class ImportInput(serializers.Serializer):
    keys = KeyInput(many=True, allow_empty=False, max_length=25)


class RotateInput(serializers.Serializer):
    api_key = serializers.CharField(max_length=512, write_only=True)


class LabelInput(serializers.Serializer):
    label = serializers.CharField(max_length=120)


class TransferInput(serializers.Serializer):
    team = serializers.SlugField(max_length=64)

    def validate_team(self, team):
        if not User.objects.filter(team_id=team, is_active=True).exists():
            raise serializers.ValidationError("no such team")
        return team


class SearchInput(serializers.Serializer):
    field = serializers.ChoiceField(["label", "service"], default="label")
    q = serializers.CharField(max_length=64)


class KeyOutput(serializers.Serializer):
    """A record as its owner sees it: the alias stands for the key."""

    service = serializers.CharField()
    key_alias = serializers.CharField()
    label = serializers.CharField(default="")
    region = serializers.CharField(default="us")
    status = serializers.CharField()
    created_at = serializers.CharField()
    rotated_at = serializers.CharField(default=None)
