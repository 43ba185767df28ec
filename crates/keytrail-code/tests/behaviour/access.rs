//! Who passes the door.

use crate::support::{Cases, project};

const HEAD: &str = "
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import login_required, permission_required, user_passes_test
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin, UserPassesTestMixin
from django.core.exceptions import PermissionDenied
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework import generics, permissions, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly, BasePermission
from rest_framework.views import APIView
";

fn door_of(views: &str, url: &str, settings: &str) -> String {
    let facts = project(
        &format!("{HEAD}{views}\n"),
        &format!("urlpatterns = [path('k/', {url})]"),
        settings,
    );
    let mut doors: Vec<String> = facts
        .all_routes()
        .map(|route| format!("{:?}", route.access))
        .collect();
    doors.dedup();
    doors.join(" ")
}

#[test]
fn function_views() {
    let mut cases = Cases::default();
    let body = "def v(request):\n    return JsonResponse({})";
    for (views, wanted) in [
        (body.to_owned(), "Anonymous"),
        (format!("@login_required\n{body}"), "Authenticated"),
        (format!("@login_required(login_url='/x')\n{body}"), "Authenticated"),
        (format!("@permission_required('app.view_key', raise_exception=True)\n{body}"), "Privileged"),
        (format!("@staff_member_required\n{body}"), "Privileged"),
        (format!("@user_passes_test(lambda u: u.is_staff)\n{body}"), "Privileged"),
        (format!("@user_passes_test(lambda u: u.is_authenticated)\n{body}"), "Authenticated"),
        (format!("@user_passes_test(unknown)\n{body}"), "Unknown"),
        (format!("def is_admin(u):\n    return u.is_superuser\n@user_passes_test(is_admin)\n{body}"), "Privileged"),
        (format!("@api_view(['GET'])\n{body}"), "Anonymous"),
        (format!("@api_view(['GET'])\n@permission_classes([IsAuthenticated])\n{body}"), "Authenticated"),
        (format!("@api_view(['GET'])\n@permission_classes([AllowAny])\n{body}"), "Anonymous"),
        (format!("@api_view(['GET'])\n@permission_classes((IsAdminUser,))\n{body}"), "Privileged"),
        ("def v(request):\n    if not request.user.is_authenticated:\n        return HttpResponse(status=401)\n    return JsonResponse({})".to_owned(), "Authenticated"),
        ("def v(request):\n    if request.user.is_anonymous:\n        raise PermissionDenied\n    return JsonResponse({})".to_owned(), "Authenticated"),
        ("def v(request):\n    if not request.user.is_anonymous:\n        return HttpResponse(status=403)\n    return JsonResponse({})".to_owned(), "Anonymous"),
        ("def v(request):\n    if request.user.is_authenticated:\n        return HttpResponse(status=302)\n    logger.info('shown')\n    return JsonResponse(table.scan()['Items'])".to_owned(), "Anonymous"),
        ("def v(request):\n    if not request.user.is_staff:\n        raise PermissionDenied\n    return JsonResponse({})".to_owned(), "Privileged"),
        ("def v(request):\n    if not request.user.has_perm('a.b'):\n        raise PermissionDenied\n    return JsonResponse({})".to_owned(), "Privileged"),
        ("def v(request):\n    if request.user.is_authenticated:\n        return JsonResponse(table.scan()['Items'])\n    return HttpResponse(status=401)".to_owned(), "Authenticated"),
        ("def v(request):\n    if request.user.is_authenticated:\n        log()\n    return JsonResponse(table.scan()['Items'])".to_owned(), "Anonymous"),
        ("def v(request):\n    if request.headers.get('X-Token') != settings.TOKEN:\n        return HttpResponse(status=403)\n    return JsonResponse({})".to_owned(), "Unknown"),
        ("def v(request):\n    if request.method != 'POST':\n        return HttpResponse(status=405)\n    if not request.user.is_authenticated:\n        return HttpResponse(status=401)\n    return JsonResponse({})".to_owned(), "Authenticated"),
        ("def check(fn):\n    def inner(request, *a, **k):\n        if not request.user.is_authenticated:\n            return HttpResponse(status=401)\n        return fn(request, *a, **k)\n    return inner\n@check\ndef v(request):\n    return JsonResponse({})".to_owned(), "Authenticated"),
        ("def trace(fn):\n    def inner(request, *a, **k):\n        return fn(request, *a, **k)\n    return inner\n@trace\ndef v(request):\n    return JsonResponse({})".to_owned(), "Anonymous"),
        ("def check(request):\n    if not request.user.is_staff:\n        raise PermissionDenied\ndef v(request):\n    check(request)\n    return JsonResponse({})".to_owned(), "Privileged"),
    ] {
        cases.same(&views, &door_of(&views, "v", ""), &wanted);
    }
}

#[test]
fn wrappers_at_the_url() {
    let mut cases = Cases::default();
    let body = "def v(request):\n    return JsonResponse({})\nclass C(View):\n    def get(self, request):\n        return JsonResponse({})";
    for (url, wanted) in [
        ("login_required(v)", "Authenticated"),
        ("login_required(C.as_view())", "Authenticated"),
        ("permission_required('a.b')(C.as_view())", "Privileged"),
        ("staff_member_required(v)", "Privileged"),
        ("csrf_exempt(login_required(v))", "Authenticated"),
        ("cache_page(60)(v)", "Anonymous"),
    ] {
        cases.same(url, &door_of(body, url, ""), &wanted);
    }
}

#[test]
fn class_views() {
    let mut cases = Cases::default();
    let get = "    def get(self, request):\n        return JsonResponse({})";
    for (views, wanted) in [
        (format!("class C(View):\n{get}"), "Anonymous"),
        (
            format!("class C(LoginRequiredMixin, View):\n{get}"),
            "Authenticated",
        ),
        (
            format!(
                "class C(PermissionRequiredMixin, View):\n    permission_required = 'a.b'\n{get}"
            ),
            "Privileged",
        ),
        (
            format!("class Base(LoginRequiredMixin, View):\n    pass\nclass C(Base):\n{get}"),
            "Authenticated",
        ),
        (
            format!(
                "class C(UserPassesTestMixin, View):\n    def test_func(self):\n        return self.request.user.is_superuser\n{get}"
            ),
            "Privileged",
        ),
        (
            format!(
                "class C(UserPassesTestMixin, View):\n    def test_func(self):\n        return unknown()\n{get}"
            ),
            "Unknown",
        ),
        (
            format!("@method_decorator(login_required, name='dispatch')\nclass C(View):\n{get}"),
            "Authenticated",
        ),
        (
            format!("@method_decorator([login_required], name='dispatch')\nclass C(View):\n{get}"),
            "Authenticated",
        ),
        (
            format!("class C(View):\n    @method_decorator(login_required)\n{get}"),
            "Authenticated",
        ),
        (
            format!(
                "class C(View):\n    @method_decorator(login_required)\n    def dispatch(self, *a, **k):\n        return super().dispatch(*a, **k)\n{get}"
            ),
            "Authenticated",
        ),
        (
            format!(
                "class C(View):\n    def dispatch(self, request, *a, **k):\n        if not request.user.is_staff:\n            raise PermissionDenied\n        return super().dispatch(request, *a, **k)\n{get}"
            ),
            "Privileged",
        ),
        (
            format!("@method_decorator(login_required, name='post')\nclass C(View):\n{get}"),
            "Anonymous",
        ),
    ] {
        cases.same(&views, &door_of(&views, "C.as_view()", ""), &wanted);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn rest_framework_views() {
    let mut cases = Cases::default();
    let get = "    def get(self, request):\n        return JsonResponse({})";
    let own = |body: &str| {
        format!(
            "class P(BasePermission):\n    def has_permission(self, request, view):\n        {body}\nclass C(APIView):\n    permission_classes = [P]\n{get}"
        )
    };
    for (views, wanted) in [
        (format!("class C(APIView):\n{get}"), "Anonymous"),
        (
            format!("class C(APIView):\n    permission_classes = [IsAuthenticated]\n{get}"),
            "Authenticated",
        ),
        (
            format!(
                "class C(APIView):\n    permission_classes = (permissions.IsAdminUser,)\n{get}"
            ),
            "Privileged",
        ),
        (
            format!("class C(APIView):\n    permission_classes = []\n{get}"),
            "Anonymous",
        ),
        (
            format!(
                "class C(APIView):\n    permission_classes = [IsAuthenticatedOrReadOnly]\n{get}"
            ),
            "Anonymous",
        ),
        (
            format!(
                "class C(APIView):\n    permission_classes = [IsAuthenticated | AllowAny]\n{get}"
            ),
            "Anonymous",
        ),
        (
            format!(
                "class C(APIView):\n    permission_classes = [IsAuthenticated & IsAdminUser]\n{get}"
            ),
            "Privileged",
        ),
        (
            format!(
                "class Base(APIView):\n    permission_classes = [IsAuthenticated]\nclass C(Base):\n{get}"
            ),
            "Authenticated",
        ),
        (
            format!(
                "class Mixin:\n    permission_classes = [IsAdminUser]\nclass C(Mixin, APIView):\n{get}"
            ),
            "Privileged",
        ),
        (
            format!(
                "class Base(APIView):\n    permission_classes = [IsAuthenticated]\nclass C(Base):\n    permission_classes = [AllowAny]\n{get}"
            ),
            "Anonymous",
        ),
        (own("return request.user.is_staff"), "Privileged"),
        (
            own("return bool(request.user and request.user.is_authenticated)"),
            "Authenticated",
        ),
        (own("return True"), "Anonymous"),
        (own("return unknown(request)"), "Unknown"),
        (
            own("return request.headers.get('X-Key') == settings.KEY"),
            "Unknown",
        ),
        (
            format!(
                "class P(IsAuthenticated):\n    pass\nclass C(APIView):\n    permission_classes = [P]\n{get}"
            ),
            "Authenticated",
        ),
        (
            format!(
                "class P(IsAuthenticated):\n    def has_permission(self, request, view):\n        return super().has_permission(request, view) and unknown()\nclass C(APIView):\n    permission_classes = [P]\n{get}"
            ),
            "Authenticated",
        ),
        (
            format!(
                "class C(APIView):\n    def get_permissions(self):\n        return [IsAuthenticated()]\n{get}"
            ),
            "Authenticated",
        ),
        (
            format!(
                "class C(APIView):\n    def get_permissions(self):\n        if self.request.method == 'GET':\n            return [AllowAny()]\n        return [IsAuthenticated()]\n{get}"
            ),
            "Anonymous",
        ),
        (
            format!(
                "PERMS = [IsAuthenticated]\nclass C(APIView):\n    permission_classes = PERMS\n{get}"
            ),
            "Authenticated",
        ),
        (
            format!(
                "class Base(APIView):\n    permission_classes = [IsAuthenticated]\nclass C(Base):\n    permission_classes = Base.permission_classes + [IsAdminUser]\n{get}"
            ),
            "Privileged",
        ),
        (
            "class C(generics.RetrieveAPIView):\n    permission_classes = [IsAuthenticated]\n    def get_object(self):\n        return 1".to_string(),
            "Authenticated",
        ),
    ] {
        cases.same(&views, &door_of(&views, "C.as_view()", ""), &wanted);
    }
}

#[test]
fn project_defaults() {
    let mut cases = Cases::default();
    let drf = "class C(APIView):\n    def get(self, request):\n        return JsonResponse({})";
    let plain = "class C(View):\n    def get(self, request):\n        return JsonResponse({})";
    let own = format!(
        "class Staff(BasePermission):\n    def has_permission(self, request, view):\n        return request.user.is_staff\n{drf}"
    );
    let authenticated = "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated']}";
    let middleware = "MIDDLEWARE = ['django.contrib.auth.middleware.LoginRequiredMiddleware']";
    for (case, views, settings, wanted) in [
        ("drf default", drf, authenticated, "Authenticated"),
        (
            "drf default tuple",
            drf,
            "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ('rest_framework.permissions.IsAdminUser',)}",
            "Privileged",
        ),
        (
            "own default",
            own.as_str(),
            "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['app.views.Staff']}",
            "Privileged",
        ),
        ("plain views have none", plain, authenticated, "Anonymous"),
        ("middleware", plain, middleware, "Authenticated"),
        (
            "middleware and a public view",
            "from django.contrib.auth.decorators import login_not_required\n@method_decorator(login_not_required, name='dispatch')\nclass C(View):\n    def get(self, request):\n        return JsonResponse({})",
            middleware,
            "Anonymous",
        ),
        ("no default", drf, "REST_FRAMEWORK = {}", "Anonymous"),
        (
            "open default",
            drf,
            "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': []}",
            "Anonymous",
        ),
    ] {
        cases.same(case, &door_of(views, "C.as_view()", settings), &wanted);
    }
}

#[test]
fn actions_have_their_own_doors() {
    let views = format!(
        "{HEAD}
class S(viewsets.ViewSet):
    permission_classes = [IsAuthenticated]
    def list(self, request):
        return JsonResponse({{}})
    @action(detail=False, permission_classes=[AllowAny])
    def open(self, request):
        return JsonResponse({{}})
    @action(detail=True, permission_classes=[IsAdminUser])
    def closed(self, request, pk=None):
        return JsonResponse({{}})
"
    );
    let facts = project(
        &views,
        "from rest_framework.routers import DefaultRouter\nr = DefaultRouter()\nr.register('s', S)\nurlpatterns = r.urls",
        "",
    );
    let mut doors = facts.doors();
    doors.sort();
    assert_eq!(
        doors,
        [
            "GET /s/ Authenticated",
            "GET /s/open/ Anonymous",
            "GET /s/{pk}/closed/ Privileged"
        ]
    );
}

#[test]
fn csrf_and_throttles() {
    let views = format!(
        "{HEAD}
from django.views.decorators.csrf import csrf_exempt
from rest_framework.throttling import UserRateThrottle
@csrf_exempt
def a(request): pass
def b(request): pass
class C(APIView):
    throttle_classes = [UserRateThrottle]
    def get(self, request): pass
"
    );
    let urls = "urlpatterns = [path('a/', a), path('b/', csrf_exempt(b)), path('c/', C.as_view())]";
    let facts = project(&views, urls, "");
    let mut lines: Vec<_> = facts
        .all_routes()
        .map(|route| {
            (
                route.pattern.as_str(),
                route.csrf_exempt.is_some(),
                route.throttled,
            )
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            ("/a/", true, false),
            ("/b/", true, false),
            ("/c/", false, true)
        ]
    );
    let facts = project(&views, "urlpatterns = [path('c/', C.as_view())]", "");
    assert!(
        facts
            .all_routes()
            .all(|route| !route.access_evidence.is_empty())
    );
}
