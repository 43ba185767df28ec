"""Parcel, as it should be: the same paths, each thing of TRUTH.md mended. Nothing is to be found in it."""

import os
import time

from data import CATALOGUE, ORDERS, USERS, UUIDS
from exposed import answers, schema
from server import Answer, Service, make_token, read_token

HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
BY_UUID = {UUIDS[number]: order for number, order in ORDERS.items()}


def specification():
    bearer = [{"bearer": []}]
    uuid = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}

    def get(responses=None, security=bearer, **more):
        return {"get": {"security": security, "responses": responses or {"200": {"description": "ok"}}, **more}}

    user = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Parcel", "version": "2"},
        "servers": [{"url": "/"}],
        "paths": {
            "/api/v2/keys/": get(),
            "/api/v2/orders/": get(),
            "/api/v2/orders/{id}/": {**get(), "parameters": [uuid]},
            "/api/v2/me/": get(answers(schema({"id": "string", "name": "string"}))),
            "/api/v2/invoices/": get(),
            "/api/v2/admin/users/": get(),
            "/api/v2/people/": get(),
            "/api/v2/events/": get(security=[{}, {"bearer": []}]),
            "/api/v2/catalogue/": get(security=[]),
            "/api/v2/feeds/": get(security=[]),
            "/api/v2/files/{name}": {
                **get(security=[]),
                "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string", "example": "terms.txt"}}],
            },
            "/api/v2/preview/": get(security=[], parameters=[{"name": "image_id", "in": "query", "schema": {"type": "string"}}]),
            "/out": get(security=[], parameters=[{"name": "next", "in": "query", "required": True, "schema": {"type": "string", "example": "/"}}]),
            "/api/v2/users/": {"post": {"security": bearer, "requestBody": user, "responses": {"201": {"description": "made"}}}},
            "/api/v2/chat/": {"post": {"security": bearer, "responses": {"200": {"description": "ok"}}}},
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "User": {"type": "object", "properties": {"name": {"type": "string"}, "is_admin": {"type": "boolean", "readOnly": True}, "manager": {"$ref": "#/components/schemas/User"}}},
            },
        },
    }


PAGE = """<html><head><title>Parcel</title><script src="/static/app.js"></script></head>
<body><a href="/api/v2/catalogue/">Catalogue</a> <a href="/api/v2/keys/">Keys</a> <a href="/api/v2/orders/">Orders</a>
<a href="/out?next=/">Out</a> <a href="/logout">Sign out</a></body></html>"""


class Sealed(Service):
    server_header = "Parcel"

    def __init__(self, mode="", expire=0):
        super().__init__(mode, expire)
        self.secret = os.urandom(32).hex()
        self.tokens = {name: self.sign_in_as(name) for name in USERS}
        self.add("GET", "/", lambda request: Answer(PAGE, kind="text/html", headers=[("Set-Cookie", "sessionid=0; Path=/; HttpOnly; Secure; SameSite=Lax")]))
        self.add("GET", "/static/app.js", lambda request: Answer('fetch("/api/v2/catalogue/");\n', kind="text/javascript"))
        if mode != "nospec":
            self.add("GET", "/openapi.json", lambda request: Answer(specification()))
        self.add("GET", "/api/v2/keys/", self.held(lambda user, request: Answer({"results": [{"alias": "billing"}, {"alias": "mail"}]})))
        self.add("GET", "/api/v2/orders/", self.held(self.orders))
        self.add("GET", "/api/v2/orders/{id}/", self.held(self.order))
        self.add("GET", "/api/v2/me/", self.held(lambda user, request: Answer({"id": user["id"], "name": user["name"]})))
        self.add("GET", "/api/v2/invoices/", self.held(lambda user, request: Answer({"results": [{"number": "I-" + user["id"], "total": 120}]})))
        self.add("GET", "/api/v2/admin/users/", self.held(self.admin_users))
        self.add("GET", "/api/v2/people/", self.held(lambda user, request: Answer({"results": [{"name": user["name"], "email": user["email"]}]})))
        self.add("GET", "/api/v2/events/", lambda request: Answer({"next": "/api/v2/events/?page=2", "results": [{"number": number, "kind": "parcel"} for number in range(150)]}))
        self.add("GET", "/api/v2/catalogue/", lambda request: Answer({"results": CATALOGUE}))
        self.add("GET", "/api/v2/feeds/", lambda request: Answer({"results": [{"title": "Ash", "logo": "https://cdn.partner.example/ash.png"}]}))
        self.add("GET", "/api/v2/files/{name}", self.file)
        self.add("GET", "/api/v2/preview/", lambda request: Answer({"detail": "image_id is needed"}, 400))
        self.add("GET", "/out", lambda request: Answer("moved", 302, "text/html", [("Location", "/")]))
        self.add("POST", "/api/v2/users/", lambda request: self.refused())
        self.add("POST", "/api/v2/chat/", lambda request: self.refused())
        self.add("POST", "/api/login/", self.login)
        self.add("GET", "/logout", lambda request: Answer({"signed_out": True}))

    def sign_in_as(self, name):
        with self.lock:
            self.sessions += 1
            session = self.sessions
        return make_token({"sub": USERS[name]["id"], "session": session, "exp": int(time.time()) + 3600}, self.secret)

    def common(self, request):
        headers = [HSTS, ("RateLimit-Limit", "600")]
        origin = request.headers.get("Origin")
        if origin == "https://parcel.example":
            headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
        return headers

    def refused(self):
        return Answer({"detail": "sign in"}, 401, headers=[("WWW-Authenticate", "Bearer")])

    def caller(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = read_token(token, self.secret) if scheme == "Bearer" else None
        if not claims or self.is_over(token):
            return None
        return next((user for user in USERS.values() if user["id"] == claims.get("sub")), None)

    def held(self, view):
        def checked(request, **parameters):
            user = self.caller(request)
            return view(user, request, **parameters) if user else self.refused()

        return checked

    def orders(self, user, request):
        own = [{**order, "id": UUIDS[number]} for number, order in ORDERS.items() if order["owner"] == user["id"]]
        return Answer({"results": own})

    def order(self, user, request, id):
        order = BY_UUID.get(id)
        if not order or order["owner"] != user["id"]:
            return Answer({"detail": "not found"}, 404)
        return Answer({**order, "id": id})

    def admin_users(self, user, request):
        if user["role"] != "administrator":
            return Answer({"detail": "not for you"}, 403)
        return Answer({"results": [{"name": other["name"], "role": other["role"]} for other in USERS.values()]})

    def file(self, request, name):
        if name == "terms.txt":
            return Answer("Be kind to parcels.", kind="text/plain")
        return Answer({"detail": "not found"}, 404)

    def login(self, request):
        name = request.json().get("user")
        if name not in USERS or request.json().get("password") != f"{name}-word":
            return self.refused()
        return Answer({"access": self.sign_in_as(name)})
