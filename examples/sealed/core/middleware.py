"""Request log and JSON errors."""

import logging

from django.http import JsonResponse

logger = logging.getLogger("keyring.requests")


class RequestLogMiddleware:
    """One line for each request: no query string, no headers, no body."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        logger.info(
            "%s %s %s user=%s", request.method, request.path, response.status_code, request.user.pk
        )
        return response


class JsonErrorMiddleware:
    """API clients get errors as JSON, not as Django's HTML page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not request.path.startswith("/api/"):
            return None
        logger.error("failed: %s %s", request.path, type(exception).__name__)
        return JsonResponse({"detail": "internal error"}, status=500)
