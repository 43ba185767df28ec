//! URL configuration.

use crate::support::{Cases, site, tree};

const VIEWS: &str = "
    from django.views import View
    from rest_framework import generics, viewsets
    from rest_framework.decorators import action, api_view
    from rest_framework.views import APIView
    def list_keys(request):
        return JsonResponse(table.scan()['Items'])
    def one(request, pk):
        return JsonResponse(table.get_item(Key={'id': pk})['Item'])
    class Keys(View):
        def get(self, request, pk=None):
            return JsonResponse(table.scan()['Items'])
        def post(self, request):
            table.put_item(Item={'api_key': request.POST['api_key']})
    class Api(APIView):
        def get(self, request):
            return JsonResponse({})
    class Set(viewsets.ViewSet):
        def list(self, request):
            return JsonResponse({})
        def create(self, request):
            return JsonResponse({})
        def retrieve(self, request, pk=None):
            return JsonResponse({})
        @action(detail=True, methods=['post', 'get'], url_path='show')
        def reveal(self, request, pk=None):
            return JsonResponse({})
        @action(detail=False)
        def recent(self, request):
            return JsonResponse({})
    @api_view(['GET', 'POST'])
    def function(request):
        return JsonResponse({})
";

fn doors(urls: &str) -> Vec<String> {
    site(VIEWS, urls)
        .doors()
        .into_iter()
        .map(|line| line.trim_end_matches(" Anonymous").to_owned())
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_notation_leads_to_the_view() {
    let mut cases = Cases::default();
    for (urls, wanted) in [
        (
            "urlpatterns = [path('keys/', list_keys)]",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = [path('keys/', views.list_keys, name='k')]",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = [path(route='keys/', view=list_keys)]",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = (path('keys/', list_keys),)",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = [path('keys/<int:pk>/', one)]",
            vec!["ANY /keys/<int:pk>/"],
        ),
        (
            "urlpatterns = [re_path(r'^keys/(?P<pk>[0-9]+)/$', one)]",
            vec!["ANY /keys/(?P<pk>[0-9]+)/"],
        ),
        (
            "from django.conf.urls import url\nurlpatterns = [url(r'^keys/$', list_keys)]",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = [path('keys/', Keys.as_view())]",
            vec!["GET /keys/", "POST /keys/"],
        ),
        (
            "urlpatterns = [path('keys/', views.Keys.as_view(x=1))]",
            vec!["GET /keys/", "POST /keys/"],
        ),
        (
            "urlpatterns = [path('f/', function)]",
            vec!["GET /f/", "POST /f/"],
        ),
        (
            "urlpatterns = []\nurlpatterns += [path('keys/', list_keys)]",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = []\nurlpatterns.append(path('keys/', list_keys))",
            vec!["ANY /keys/"],
        ),
        (
            "if True:\n    urlpatterns = [path('keys/', list_keys)]",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = [path('a/', include([path('keys/', list_keys)]))]",
            vec!["ANY /a/keys/"],
        ),
        (
            "inner = [path('keys/', list_keys)]\nurlpatterns = [path('a/', include(inner))]",
            vec!["ANY /a/keys/"],
        ),
        (
            "inner = [path('keys/', list_keys)]\nurlpatterns = [path('a/', include((inner, 'app'), namespace='n'))]",
            vec!["ANY /a/keys/"],
        ),
        (
            "inner = [path('keys/', list_keys)]\nurlpatterns = [*inner]",
            vec!["ANY /keys/"],
        ),
        (
            "inner = [path('keys/', list_keys)]\nurlpatterns = [path('x/', Api.as_view())] + inner",
            vec!["ANY /keys/", "GET /x/"],
        ),
        (
            "from django.conf.urls.i18n import i18n_patterns\nurlpatterns = i18n_patterns(path('keys/', list_keys))",
            vec!["ANY /keys/"],
        ),
        (
            "from rest_framework.urlpatterns import format_suffix_patterns\nurlpatterns = format_suffix_patterns([path('keys/', list_keys)])",
            vec!["ANY /keys/"],
        ),
        (
            "from django.views.decorators.csrf import csrf_exempt\nurlpatterns = [path('keys/', csrf_exempt(list_keys))]",
            vec!["ANY /keys/"],
        ),
        (
            "from django.views.decorators.cache import cache_page\nurlpatterns = [path('keys/', cache_page(60)(list_keys))]",
            vec!["ANY /keys/"],
        ),
        (
            "keys = Keys.as_view()\nurlpatterns = [path('keys/', keys)]",
            vec!["GET /keys/", "POST /keys/"],
        ),
        (
            "urlpatterns = [path('keys/', Set.as_view({'get': 'list', 'post': 'create'}))]",
            vec!["GET /keys/", "POST /keys/"],
        ),
        (
            "from django.utils.translation import gettext_lazy as _\nurlpatterns = [path(_('keys/'), list_keys)]",
            vec!["ANY /keys/"],
        ),
        (
            "PREFIX = 'api/'\nurlpatterns = [path(PREFIX + 'keys/', list_keys)]",
            vec!["ANY /api/keys/"],
        ),
        (
            "PREFIX = 'api/'\nurlpatterns = [path(f'{PREFIX}keys/', list_keys)]",
            vec!["ANY /api/keys/"],
        ),
        (
            "from django.urls import path as p\nurlpatterns = [p('keys/', list_keys)]",
            vec!["ANY /keys/"],
        ),
        (
            "urlpatterns = [path('keys/', lambda request: list_keys(request))]",
            vec!["ANY /keys/"],
        ),
    ] {
        let mut got = doors(urls);
        got.sort();
        cases.same(urls, &got, &wanted);
    }
}

#[test]
fn routers() {
    let expected = [
        "GET /keys/",
        "GET /keys/recent/",
        "GET /keys/{pk}/",
        "GET /keys/{pk}/show/",
        "POST /keys/",
        "POST /keys/{pk}/show/",
    ];
    let mut cases = Cases::default();
    for urls in [
        "from rest_framework.routers import DefaultRouter\nr = DefaultRouter()\nr.register('keys', Set, basename='k')\nurlpatterns = r.urls",
        "from rest_framework.routers import DefaultRouter\nr = DefaultRouter()\nr.register(r'keys', Set)\nurlpatterns = [path('', include(r.urls))]",
        "from rest_framework import routers\nr = routers.SimpleRouter()\nr.register(prefix='keys', viewset=views.Set)\nurlpatterns = [] + r.urls",
        "from rest_framework import routers\nr = routers.SimpleRouter()\nr.register('keys', Set)\nurlpatterns = [path('', include((r.urls, 'api'), namespace='v1'))]",
    ] {
        let mut got = doors(urls);
        got.sort();
        cases.same(urls, &got, &expected);
    }
}

#[test]
fn configurations_over_files() {
    let mut cases = Cases::default();
    for (root, inner) in [
        (
            "urlpatterns = [path('api/', include('app.inner'))]",
            "urlpatterns = [path('keys/', list_keys)]",
        ),
        (
            "from app import inner\nurlpatterns = [path('api/', include(inner))]",
            "urlpatterns = [path('keys/', list_keys)]",
        ),
        (
            "import app.inner\nurlpatterns = [path('api/', include(app.inner))]",
            "urlpatterns = [path('keys/', list_keys)]",
        ),
        (
            "from app.inner import urlpatterns as inner\nurlpatterns = [path('api/', include(inner))]",
            "urlpatterns = [path('keys/', list_keys)]",
        ),
        (
            "from app.inner import patterns\nurlpatterns = [path('api/', include(patterns))]",
            "patterns = [path('keys/', list_keys)]",
        ),
        (
            "from app import inner\nurlpatterns = [path('api/', include(inner.patterns))]",
            "patterns = [path('keys/', list_keys)]",
        ),
        (
            "urlpatterns = [path('api/', include(('app.inner', 'inner'), namespace='x'))]",
            "app_name = 'inner'\nurlpatterns = [path('keys/', list_keys)]",
        ),
        (
            "from app.inner import router\nurlpatterns = [path('api/', include(router.urls))]",
            "from rest_framework.routers import SimpleRouter\nfrom app.views import Only\nrouter = SimpleRouter()\nrouter.register('keys', Only)",
        ),
    ] {
        let head = "from django.urls import include, path\n";
        let facts = tree(&[
            ("app/__init__.py", ""),
            (
                "app/settings.py",
                "ROOT_URLCONF = 'app.urls'\nSECRET_KEY = x()\n",
            ),
            ("app/urls.py", &format!("{head}{root}\n")),
            (
                "app/inner.py",
                &format!("{head}from app.views import list_keys\n{inner}\n"),
            ),
            (
                "app/views.py",
                "from rest_framework import viewsets\ndef list_keys(request):\n    pass\nclass Only(viewsets.ViewSet):\n    def list(self, request):\n        pass\n",
            ),
        ]);
        let wanted = if root.contains("router") {
            "GET /api/keys/ Anonymous"
        } else {
            "ANY /api/keys/ Anonymous"
        };
        cases.same(root, &facts.doors(), &[wanted]);
    }
}

#[test]
fn methods_of_a_view_follow_its_decorators() {
    let views = "
        from django.views.decorators.http import require_GET, require_POST, require_http_methods
        @require_GET
        def a(request): pass
        @require_POST
        def b(request): pass
        @require_http_methods(['PUT', 'DELETE'])
        def c(request): pass
    ";
    let facts = site(
        views,
        "urlpatterns = [path('a/', a), path('b/', b), path('c/', c)]",
    );
    let mut got = facts.doors();
    got.sort();
    assert_eq!(
        got,
        [
            "DELETE /c/ Anonymous",
            "GET /a/ Anonymous",
            "POST /b/ Anonymous",
            "PUT /c/ Anonymous"
        ]
    );
}

#[test]
fn a_route_names_the_method_that_answers() {
    let views = "
        from django.views import View
        class Base(View):
            def get(self, request):
                return self.answer(request)
        class Keys(Base):
            def answer(self, request):
                return JsonResponse(table.scan()['Items'])
    ";
    let facts = site(views, "urlpatterns = [path('keys/', Keys.as_view())]");
    assert_eq!(facts.routes(), ["GET /keys/ Base.get Anonymous"]);
    let reached: Vec<String> = facts
        .facts
        .iter()
        .filter_map(|fact| match fact {
            keytrail_model::Fact::Reach(reach) => Some(reach.function.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(reached, ["app.views.Keys.answer"]);
}

#[test]
fn includes_that_multiply_end() {
    let mut urls = String::from("urlpatterns = []\np0 = []\n");
    for number in 1..12 {
        let inner = format!("path('a/', include(p{0})), ", number - 1).repeat(12);
        urls += &format!("p{number} = [{inner}]\n");
    }
    urls += "urlpatterns = [path('', include(p11))]\n";
    let began = std::time::Instant::now();
    site(VIEWS, &urls);
    assert!(began.elapsed().as_secs() < 20);
}
