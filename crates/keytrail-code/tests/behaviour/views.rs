//! Views of all kinds: what comes in and what goes out.

use crate::support::{Cases, flows, operations, site};

#[test]
fn every_part_of_a_request_is_told_apart() {
    let mut cases = Cases::default();
    for (expression, part) in [
        ("request.GET['api_key']", "query api_key"),
        ("request.GET.get('api_key')", "query api_key"),
        ("request.query_params.get('api_key')", "query api_key"),
        ("request.POST['api_key']", "body api_key"),
        ("request.POST.get('api_key', '')", "body api_key"),
        ("request.data['api_key']", "body api_key"),
        ("json.loads(request.body)['api_key']", "body api_key"),
        (
            "json.loads(request.body.decode('utf-8')).get('api_key')",
            "body api_key",
        ),
        ("request.headers['api_key']", "header api_key"),
        (
            "request.META.get('HTTP_X_API_KEY')",
            "header HTTP_X_API_KEY",
        ),
        ("request.COOKIES['api_key']", "cookie api_key"),
        ("request.FILES['api_key'].read()", "file api_key"),
        ("request.GET.getlist('api_key')[0]", "query api_key"),
    ] {
        let body = format!("def view(request):\n    print({expression})\n");
        cases.same(expression, &flows(&body), &[format!("{part} -> print")]);
    }
}

#[test]
fn url_arguments_come_from_the_path() {
    let mut cases = Cases::default();
    for (views, url) in [
        (
            "def v(request, pk):\n    return table.get_item(Key={'id': pk})",
            "path('<pk>/', v)",
        ),
        (
            "def v(request, **kwargs):\n    return table.get_item(Key={'id': kwargs['pk']})",
            "path('<pk>/', v)",
        ),
        (
            "from django.views import View\nclass C(View):\n    def get(self, request, pk):\n        return table.get_item(Key={'id': pk})",
            "path('<pk>/', C.as_view())",
        ),
        (
            "from django.views import View\nclass C(View):\n    def get(self, request, *args, **kwargs):\n        return table.get_item(Key={'id': kwargs['pk']})",
            "path('<pk>/', C.as_view())",
        ),
        (
            "from django.views import View\nclass C(View):\n    def get(self, request, *args, **kwargs):\n        return table.get_item(Key={'id': self.kwargs['pk']})",
            "path('<pk>/', C.as_view())",
        ),
        (
            "def load(pk):\n    return table.get_item(Key={'id': pk})\ndef v(request, pk):\n    return load(pk)",
            "path('<pk>/', v)",
        ),
        (
            "class Store:\n    def load(self, pk):\n        return table.get_item(Key={'id': pk})\ndef v(request, pk):\n    return Store().load(pk=pk)",
            "path('<pk>/', v)",
        ),
        (
            "async def v(request, pk):\n    return table.get_item(Key={'id': pk})",
            "path('<pk>/', v)",
        ),
    ] {
        let facts = site(views, &format!("urlpatterns = [{url}]"));
        cases.same(views, &facts.operations(), &["get_item keys by id=path"]);
    }
}

#[test]
fn identities() {
    let mut cases = Cases::default();
    for expression in [
        "request.user.id",
        "request.user.username",
        "str(request.user.pk)",
        "request.user",
        "request.auth['sub']",
        "request.session['user_id']",
        "f'user#{request.user.id}'",
        "'user#' + str(request.user.id)",
    ] {
        let body = format!("def view(request):\n    table.get_item(Key={{'id': {expression}}})\n");
        cases.same(
            expression,
            &operations(&body),
            &["get_item keys by id=identity"],
        );
    }
    let body = "
        from rest_framework.views import APIView
        class C(APIView):
            def get(self, request):
                return table.get_item(Key={'id': self.request.user.id})
    ";
    cases.same(
        "self.request",
        &operations(body),
        &["get_item keys by id=identity"],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn generic_views_of_the_framework() {
    let mut cases = Cases::default();
    for (views, wanted) in [
        (
            "
            from django.views.generic import TemplateView
            class C(TemplateView):
                template_name = 'keys.html'
                def get_context_data(self, **kwargs):
                    context = super().get_context_data(**kwargs)
                    context['rows'] = table.scan()['Items']
                    return context
            ",
            vec!["scan keys -> keys.html rows"],
        ),
        (
            "
            from django.views.generic import ListView
            class C(ListView):
                template_name = 'keys.html'
                context_object_name = 'rows'
                def get_queryset(self):
                    return table.scan()['Items']
            ",
            vec!["scan keys -> keys.html rows"],
        ),
        (
            "
            from django.views.generic import DetailView
            class C(DetailView):
                template_name = 'keys.html'
                def get_object(self):
                    return table.get_item(Key={'id': self.kwargs['pk']})['Item']
            ",
            vec!["get_item keys -> keys.html object"],
        ),
        (
            "
            from django import forms
            from django.views.generic import FormView
            class F(forms.Form):
                api_key = forms.CharField()
            class C(FormView):
                form_class = F
                def form_valid(self, form):
                    table.put_item(Item={'k': form.cleaned_data['api_key']})
            ",
            vec!["body api_key -> put_item keys k"],
        ),
        (
            "
            from rest_framework import generics, serializers
            class S(serializers.Serializer):
                alias = serializers.CharField()
                api_key = serializers.CharField()
            class C(generics.ListAPIView):
                serializer_class = S
                def get_queryset(self):
                    return table.scan()['Items']
            ",
            vec![
                "scan keys alias -> response",
                "scan keys api_key -> response",
            ],
        ),
        (
            "
            from rest_framework import generics, serializers
            class S(serializers.Serializer):
                alias = serializers.CharField()
                api_key = serializers.CharField(write_only=True)
            class C(generics.ListAPIView):
                def get_serializer_class(self):
                    return S
                def get_queryset(self):
                    return table.scan()['Items']
            ",
            vec!["scan keys alias -> response"],
        ),
        (
            "
            from rest_framework import generics, serializers
            class S(serializers.Serializer):
                api_key = serializers.CharField()
            class C(generics.CreateAPIView):
                serializer_class = S
                def perform_create(self, serializer):
                    table.put_item(Item=serializer.validated_data)
            ",
            vec!["body api_key -> put_item keys api_key"],
        ),
        (
            "
            from rest_framework import generics, serializers
            class S(serializers.Serializer):
                api_key = serializers.CharField()
                def create(self, validated_data):
                    table.put_item(Item=validated_data)
            class C(generics.CreateAPIView):
                serializer_class = S
            ",
            vec!["body api_key -> put_item keys api_key"],
        ),
    ] {
        let facts = site(views, "urlpatterns = [path('k/<pk>/', C.as_view())]");
        cases.same(views, &facts.flows(), &wanted);
    }
}

#[test]
fn function_views_that_look_at_the_method() {
    let body = "
        def view(request):
            if request.method == 'POST':
                table.put_item(Item={'api_key': request.POST['api_key']})
                return JsonResponse({'ok': True})
            elif request.method == 'GET':
                return JsonResponse(table.scan()['Items'], safe=False)
            return HttpResponse(status=405)
    ";
    assert_eq!(
        flows(body),
        [
            "body api_key -> put_item keys api_key",
            "scan keys -> response"
        ]
    );
}

#[test]
fn other_shapes_of_views() {
    let mut cases = Cases::default();
    for (what, body) in [
        (
            "local function",
            "def view(request):\n    def rows():\n        return table.scan()['Items']\n    return JsonResponse(rows())",
        ),
        (
            "view in class",
            "class A:\n    def view(self, request):\n        return JsonResponse(table.scan()['Items'])",
        ),
        (
            "returned dictionary",
            "from ninja import NinjaAPI\napi = NinjaAPI()\n@api.get('/k')\ndef view(request):\n    return table.scan()['Items']",
        ),
        (
            "async",
            "async def view(request):\n    rows = table.scan()\n    return JsonResponse(rows['Items'])",
        ),
        (
            "req as name",
            "def view(req):\n    return JsonResponse(table.scan()['Items'])",
        ),
        (
            "response in variable",
            "def view(request):\n    response = JsonResponse(table.scan()['Items'])\n    response.status_code = 200\n    return response",
        ),
        (
            "helper response",
            "def ok(data):\n    return JsonResponse({'data': data})\ndef view(request):\n    return ok(table.scan()['Items'])",
        ),
        (
            "streamed",
            "from django.http import StreamingHttpResponse\ndef view(request):\n    def rows():\n        for row in table.scan()['Items']:\n            yield json.dumps(row)\n    return StreamingHttpResponse(rows())",
        ),
        (
            "csv",
            "import csv\ndef view(request):\n    response = HttpResponse(content_type='text/csv')\n    writer = csv.writer(response)\n    for row in table.scan()['Items']:\n        writer.writerow(row)\n    return response",
        ),
    ] {
        cases.same(what, &flows(body), &["scan keys -> response"]);
    }
}

#[test]
fn a_parameter_of_another_name_is_the_request_where_a_route_says_so() {
    let facts = site(
        "def v(req):\n    table.put_item(Item={'api_key': req.POST['api_key']})\n    return HttpResponse('')",
        "urlpatterns = [path('k/', v)]",
    );
    assert_eq!(facts.flows(), ["body api_key -> put_item keys api_key"]);
}

#[test]
fn a_view_whose_serializer_is_chosen_by_a_method_may_catch_exceptions() {
    // the choice is made at the head of the method, which is no expression of the program
    let lines = flows(
        "
        from rest_framework import serializers, viewsets

        class S(serializers.Serializer):
            alias = serializers.CharField()

        class View(viewsets.ModelViewSet):
            def get_serializer_class(self):
                return S

            def create(self, request):
                try:
                    item = table.get_item(Key={'id': 1})['Item']
                    self.get_serializer(item)
                except Exception as error:
                    logger.warning(error)
        ",
    );
    assert_eq!(lines, ["exception(get_item keys) -> log warning"]);
}
