import secrets

from django.db import models


def new_secret():
    return "whs_" + secrets.token_urlsafe(24)


class WebhookEndpoint(models.Model):
    """Where a vendor's events of a team come in."""

    team_id = models.CharField(max_length=64, db_index=True)
    service = models.SlugField(max_length=64)
    signing_secret = models.CharField(max_length=128, default=new_secret)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        unique_together = [("team_id", "service")]

    def __str__(self):
        return f"{self.team_id}/{self.service}"
