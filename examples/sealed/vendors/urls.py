from django.urls import include, path
from rest_framework.routers import DefaultRouter

from .views import KeyViewSet, ServiceDirectory

router = DefaultRouter()
router.register("keys", KeyViewSet, basename="key")

urlpatterns = [
    path("services/<slug:service>/keys/", ServiceDirectory.as_view(), name="service-keys"),
    path("", include(router.urls)),
]
