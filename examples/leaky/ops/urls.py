from django.urls import path

from . import views

urlpatterns = [
    path("health/", views.health, name="health"),
    path("env/", views.environment, name="environment"),
    path("export/", views.export, name="export"),
    path("inactive/", views.Inactive.as_view(), name="inactive"),
]
