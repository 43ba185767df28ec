from rest_framework.permissions import BasePermission


class HasTeam(BasePermission):
    """Keys belong to a team: who has none has nothing to do here."""

    def has_permission(self, request, view):
        return bool(getattr(request.user, "team_id", ""))
