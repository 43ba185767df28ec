from django.conf import settings
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.crypto import salted_hmac


class ThrottledLoginView(LoginView):
    """Pauses a name and address after a few wrong passwords."""

    def _counter(self):
        name = self.request.POST.get("username", "").lower()
        who = f"{self.request.META['REMOTE_ADDR']} {name}"
        return "login:" + salted_hmac("login", who, algorithm="sha256").hexdigest()

    def post(self, request, *args, **kwargs):
        if cache.get(self._counter(), 0) >= settings.LOGIN_ATTEMPTS:
            return HttpResponse("too many attempts", status=429, content_type="text/plain")
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form):
        counter = self._counter()
        cache.add(counter, 0, settings.LOGIN_PAUSE_SECONDS)
        cache.incr(counter)
        return super().form_invalid(form)
