from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from accounts.views import ThrottledLoginView

# The admin has no login page of its own: attempts are counted in one place.
admin.site.login = login_required(admin.site.login)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/login/", ThrottledLoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("api/", include("vendors.urls")),
    path("api/", include("tokens.urls")),
    path("api/", include("relay.urls")),
    path("api/", include("hooks.urls")),
    path("console/", include("vendors.console_urls")),
    path("ops/", include("ops.urls")),
]
