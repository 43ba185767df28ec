from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("django.contrib.auth.urls")),
    path("api/", include("vendors.urls")),
    path("api/", include("tokens.urls")),
    path("api/", include("relay.urls")),
    path("api/", include("hooks.urls")),
    path("console/", include("vendors.console_urls")),
    path("ops/", include("ops.urls")),
]
