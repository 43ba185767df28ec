from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. Keys belong to the team, which is a tenant."""

    team_id = models.CharField(max_length=64, db_index=True)
