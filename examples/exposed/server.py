"""What both services share: routing, tokens, a log of requests, and the modes that tests ask for.

    python3 serve.py exposed|sealed [--mode MODE] [--log FILE] [--expire N] [--tls CERT KEY]

Prints one line of JSON with its port and a token for each of alice, bob and admin, then serves until it
is stopped. Binds 127.0.0.1 only. Nothing but the standard library.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Answer:
    def __init__(self, body=b"", status=200, kind="application/json", headers=()):
        if not isinstance(body, bytes):
            body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.body, self.status, self.kind, self.headers = body, status, kind, list(headers)


class Request:
    def __init__(self, method, target, headers, body):
        parts = urlsplit(target)
        self.method, self.path, self.raw = method, unquote(parts.path), parts.path
        self.query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.headers, self.body = headers, body

    def json(self):
        try:
            return json.loads(self.body or b"null") or {}
        except ValueError:
            return {}


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_token(claims, key):
    head = encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + "." + encode(json.dumps(claims).encode())
    return head + "." + encode(hmac.new(key.encode(), head.encode(), hashlib.sha256).digest())


def read_token(token, key=None):
    """The claims; without a key whatever the signature is."""
    try:
        head, claims, signature = token.split(".")
        if key is not None:
            if json.loads(decode(head)).get("alg") != "HS256":
                return None
            due = hmac.new(key.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
            if not hmac.compare_digest(due, decode(signature)):
                return None
        claims = json.loads(decode(claims))
    except (ValueError, TypeError):
        return None
    if "exp" in claims and claims["exp"] < time.time():
        return None
    return claims


def route(pattern):
    """`/orders/{id}/` as a regular expression over the decoded path."""
    return re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>.+?)", pattern) + "$")


class Service:
    """Routes with their views; modes change what is answered where nothing is, and how often."""

    def __init__(self, mode="", expire=0):
        self.mode, self.expire = mode, expire
        self.routes, self.lock = [], threading.Lock()
        self.used, self.sessions, self.window = {}, 0, []

    def add(self, method, pattern, view):
        self.routes.append((method, route(pattern), pattern, view))

    def answer(self, request):
        limited = self.limited()
        if limited:
            return limited
        known = [(method, match, view) for method, regex, _, view in self.routes for match in [regex.match(request.path)] if match]
        if request.method == "OPTIONS" and known:
            return self.options(request, sorted({method for method, _, _ in known}))
        for method, match, view in known:
            if method == request.method or (method == "GET" and request.method == "HEAD"):
                return view(request, **match.groupdict())
        if known:
            return Answer({"detail": "method not allowed"}, 405)
        return self.nothing(request)

    def nothing(self, request):
        if self.mode == "everything":
            return Answer("<html><head><title>Parcel</title></head><body><div id=app></div></body></html>", kind="text/html")
        return Answer({"detail": "not found"}, 404)

    def options(self, request, methods):
        return Answer(b"", 204, headers=[("Allow", ", ".join([*methods, "OPTIONS"]))])

    def limited(self):
        """Mode `limited`: twenty a second, then 429 for a second."""
        if self.mode != "limited":
            return None
        with self.lock:
            now = time.monotonic()
            self.window = [at for at in self.window if now - at < 1]
            if len(self.window) >= 20:
                return Answer({"detail": "slow down"}, 429, headers=[("Retry-After", "1")])
            self.window.append(now)
        return None

    def is_over(self, token):
        """With `--expire N` a token holds for N requests."""
        if not self.expire:
            return False
        with self.lock:
            self.used[token] = self.used.get(token, 0) + 1
            return self.used[token] > self.expire


def handler(service, log):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        server_version, sys_version = service.server_header, ""

        def serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, self.path, self.headers, self.rfile.read(length) if length else b"")
            answer = service.answer(request)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in [*service.common(request), *answer.headers]:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
            if log:
                line = {"at": time.time(), "method": self.command, "path": self.path, "host": self.headers.get("Host"), "status": answer.status}
                with service.lock:
                    log.write(json.dumps(line) + "\n")
                    log.flush()

        do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_DELETE = do_PATCH = do_TRACE = serve

        def version_string(self):
            return service.server_header

        def log_message(self, *_):
            pass

    return Handler


def serve(service, log=None, tls=None):
    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), handler(service, log))
    if tls:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(json.dumps({"port": server.server_address[1], "tokens": service.tokens}), flush=True)
    server.serve_forever()
