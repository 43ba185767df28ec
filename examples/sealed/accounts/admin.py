from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from .models import User


@admin.register(User)
class TeamUserAdmin(UserAdmin):
    list_display = ("username", "team_id", "is_staff")
    fieldsets = (*UserAdmin.fieldsets, ("Team", {"fields": ("team_id",)}))
