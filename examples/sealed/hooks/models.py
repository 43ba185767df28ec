from django.db import models


class WebhookEndpoint(models.Model):
    """Where a vendor's events of a team come in. Its signing secret is derived, not kept."""

    team_id = models.CharField(max_length=64, db_index=True)
    service = models.SlugField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        unique_together = [("team_id", "service")]

    def __str__(self):
        return f"{self.team_id}/{self.service}"
