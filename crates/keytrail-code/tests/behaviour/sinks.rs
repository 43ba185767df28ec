//! Where data goes.

use crate::support::{Cases, flows, module, tree};
use keytrail_model::Fact;

fn to(call: &str) -> Vec<String> {
    let call = call.replace('\n', "\n        ");
    flows(&format!(
        "
        import requests, httpx, sentry_sdk, structlog, sys
        from django.core.mail import send_mail
        from django.core.cache import cache
        def view(request):
            key = table.get_item(Key={{'id': 1}})['Item']['api_key']
            {call}
        "
    ))
    .into_iter()
    .map(|line| line.replace("get_item keys api_key -> ", ""))
    .collect()
}

#[test]
fn logs() {
    let mut cases = Cases::default();
    for (call, level) in [
        ("logger.info(key)", "info"),
        ("logger.warning('key %s', key)", "warning"),
        ("logger.error(f'key {key}')", "error"),
        ("logger.debug('k', extra={'key': key})", "debug"),
        ("logging.info(key)", "info"),
        ("logging.getLogger('x').critical(key)", "critical"),
        ("structlog.get_logger().info('k', key=key)", "info"),
        ("logger.log(10, key)", "log"),
        ("logger.info('key ' + key)", "info"),
        ("logger.info('key {}'.format(key))", "info"),
        ("structlog.get_logger().bind(key=key).info('k')", "bind"),
    ] {
        cases.same(call, &to(call), &[format!("log {level}")]);
    }
    assert_eq!(
        flows(
            "class A:\n    log = logging.getLogger('a')\n    def m(self):\n        self.log.info(table.scan()['Items'])"
        ),
        ["scan keys -> log info"]
    );
    assert_eq!(
        flows("from loguru import logger as out\nout.info(table.scan()['Items'])"),
        ["scan keys -> log info"]
    );
    assert_eq!(
        flows(
            "class A:\n    def __init__(self, logger=None):\n        self.logger = logger or logging.getLogger('a')\n    def m(self):\n        self.logger.info(table.scan()['Items'])"
        ),
        ["scan keys -> log info"]
    );
}

#[test]
fn responses() {
    let mut cases = Cases::default();
    for call in [
        "return JsonResponse({'k': key})",
        "return HttpResponse(key)",
        "return HttpResponse(content=key)",
        "return HttpResponse(json.dumps({'k': key}), content_type='application/json')",
        "from django.http import StreamingHttpResponse as S\n    return S([key])",
        "from rest_framework.response import Response\n    return Response({'k': key}, status=200)",
        "from rest_framework.response import Response\n    return Response(data={'k': key})",
        "response = HttpResponse()\n    response.write(key)\n    return response",
        "response = HttpResponse()\n    response['X-Key'] = key\n    return response",
        "response = HttpResponse()\n    response.content = key\n    return response",
        "response = HttpResponse()\n    response.set_cookie('k', key)\n    return response",
        "response = HttpResponse()\n    response.headers['X-Key'] = key\n    return response",
        "from django.http import HttpResponseBadRequest\n    return HttpResponseBadRequest(key)",
        "from django.shortcuts import redirect\n    return redirect('/x?k=' + key)",
        "from django.http import HttpResponseRedirect\n    return HttpResponseRedirect(f'/x?k={key}')",
        "from rest_framework.exceptions import ValidationError\n    raise ValidationError({'k': key})",
        "from django.http import Http404\n    raise Http404(key)",
        "from django.contrib import messages\n    messages.info(request, key)",
    ] {
        cases.same(call, &to(call), &["response"]);
    }
}

#[test]
fn third_parties() {
    let mut cases = Cases::default();
    for (call, who) in [
        ("sentry_sdk.set_extra('k', key)", "Sentry"),
        ("sentry_sdk.capture_message(key)", "Sentry"),
        ("sentry_sdk.set_context('k', {'key': key})", "Sentry"),
        ("send_mail('s', key, 'a@b', ['c@d'])", "e-mail"),
        ("cache.set('k', key)", "the cache"),
        (
            "requests.post('https://x', json={'k': key})",
            "another service",
        ),
        ("requests.post('https://x', data=key)", "another service"),
        (
            "requests.get('https://x', headers={'Authorization': 'Bearer ' + key})",
            "replay",
        ),
        ("requests.get('https://x', auth=('a', key))", "replay"),
        ("requests.get(f'https://x?k={key}')", "url"),
        ("requests.get('https://x', params={'k': key})", "url"),
        (
            "httpx.post('https://x', json={'k': key})",
            "another service",
        ),
        (
            "requests.Session().post('https://x', json=key)",
            "another service",
        ),
        (
            "requests.request('POST', 'https://x', json=key)",
            "another service",
        ),
        (
            "boto3.client('s3').put_object(Bucket='b', Key='k', Body=key)",
            "S3",
        ),
        (
            "boto3.client('sqs').send_message(QueueUrl='q', MessageBody=json.dumps({'k': key}))",
            "SQS",
        ),
        ("boto3.client('sns').publish(Message=key)", "SNS"),
        ("boto3.resource('s3').Object('b', 'k').put(Body=key)", "S3"),
        (
            "boto3.resource('s3').Bucket('b').put_object(Key='k', Body=key)",
            "S3",
        ),
        (
            "boto3.resource('sqs').Queue('u').send_message(MessageBody=key)",
            "SQS",
        ),
        (
            "boto3.client('lambda').invoke(FunctionName='f', Payload=json.dumps({'k': key}))",
            "Lambda",
        ),
        (
            "boto3.client('bedrock-runtime').invoke_model(body=key)",
            "Bedrock",
        ),
        ("print(key)", "print"),
        ("sys.stdout.write(key)", "print"),
        ("print('k', key, file=sys.stderr)", "print"),
    ] {
        cases.same(call, &to(call), &[who]);
    }
}

#[test]
fn sending_to_s3_in_a_variable_parameter_dictionary() {
    assert_eq!(
        to(
            "args = {'Bucket': 'b', 'Key': 'k', 'Body': key}\n    boto3.client('s3').put_object(**args)"
        ),
        ["S3"]
    );
}

#[test]
fn comparisons() {
    let body = "
        import hmac
        def view(request):
            item = table.get_item(Key={'id': 1})['Item']
            if request.headers['X-Api-Key'] == item['api_key']:
                return JsonResponse({})
            if hmac.compare_digest(request.headers['X-Api-Key'], item['api_key']):
                return JsonResponse({})
            if item['api_key'] == '':
                return JsonResponse({})
    ";
    assert_eq!(
        flows(body),
        [
            "get_item keys api_key -> ==",
            "get_item keys api_key -> compare_digest",
            "header X-Api-Key -> ==",
            "header X-Api-Key -> compare_digest"
        ]
    );
}

#[test]
fn sources_other_than_items() {
    let body = "
        import secrets
        def view(request):
            print(settings.STRIPE_SECRET_KEY, settings.DEBUG)
            print(os.environ['STRIPE_SECRET_KEY'], os.environ['HOME'])
            print(os.environ)
            vault = boto3.client('secretsmanager').get_secret_value(SecretId='x')
            print(vault['SecretString'])
            print(json.loads(vault['SecretString'])['password'])
            print(boto3.client('ssm').get_parameter(Name='a', WithDecryption=True)['Parameter']['Value'])
            table.put_item(Item={'token': secrets.token_urlsafe(32)})
            print(request.POST['api_key'], request.POST['alias'])
    ";
    assert_eq!(
        flows(body),
        [
            "body api_key -> print",
            "env STRIPE_SECRET_KEY -> print",
            "environment -> print",
            "generated -> put_item keys token",
            "setting STRIPE_SECRET_KEY -> print",
            "vault -> print",
            "vault password -> print"
        ]
    );
}

#[test]
fn keys_in_the_source_are_followed_and_never_shown() {
    let mut cases = Cases::default();
    let key = ["sk_", "live_", "4eC39HqLyjWDarjtT1zdp7dcTYooMQauvdEDq5"].concat();
    let facts = module(&format!(
        "KEY = '{key}'\ndef view(request):\n    print(KEY)\n    return JsonResponse({{'k': KEY}})\n"
    ));
    let lines = facts.flows();
    cases.same(&format!("{lines:?}"), &lines.len(), &2);
    assert!(
        lines.iter().all(|line| line.starts_with("literal stripe")),
        "{lines:?}"
    );
    let all = format!("{:?}{:?}", facts.facts, facts.coverage);
    assert!(!all.contains(&key[10..]), "the key shows");
}

#[test]
fn headers_that_open_a_response() {
    let mut cases = Cases::default();
    for (line, value) in [
        ("response['Access-Control-Allow-Origin'] = '*'", Some("*")),
        (
            "response.headers['Access-Control-Allow-Origin'] = '*'",
            Some("*"),
        ),
        (
            "response['Access-Control-Allow-Origin'] = request.headers['Origin']",
            None,
        ),
        (
            "response.headers.update({'Access-Control-Allow-Origin': '*'})",
            Some("*"),
        ),
    ] {
        let facts = module(&format!(
            "def view(request):\n    response = JsonResponse({{}})\n    {line}\n    return response\n"
        ));
        let header = facts.facts.iter().find_map(|fact| match fact {
            Fact::ResponseHeader(header) => Some(header),
            _ => None,
        });
        cases.same(
            line,
            &header.map(|header| header.value.as_deref()),
            &Some(value),
        );
    }
    let facts = module(
        "def view(request):\n    return JsonResponse({}, headers={'Access-Control-Allow-Origin': '*'})\n",
    );
    assert!(
        facts
            .facts
            .iter()
            .any(|fact| matches!(fact, Fact::ResponseHeader(_)))
    );
}

#[test]
fn templates_show_only_what_they_name() {
    let shows = |template: &str, context: &str| {
        tree(&[
            ("app/__init__.py", ""),
            ("app/templates/page.html", template),
            ("app/templates/part.html", "{{ item.api_key }}"),
            (
                "app/templates/base.html",
                "{% block b %}{{ item.owner }}{% endblock %}",
            ),
            (
                "app/views.py",
                &format!(
                    "
                    import boto3
                    from django.shortcuts import render
                    table = boto3.resource('dynamodb').Table('keys')
                    def view(request):
                        item = table.get_item(Key={{'id': 1}})['Item']
                        return render(request, 'page.html', {context})
                    "
                ),
            ),
        ])
        .flows()
    };
    let item = "{'item': item}";
    assert_eq!(
        shows("{{ item.alias }}", item),
        ["get_item keys alias -> page.html item"]
    );
    assert_eq!(
        shows("{{ item.alias|upper }}{# {{ item.api_key }} #}", item),
        ["get_item keys alias -> page.html item"]
    );
    assert_eq!(
        shows("{% comment %}{{ item.api_key }}{% endcomment %}", item),
        Vec::<String>::new()
    );
    assert_eq!(
        shows("{{ item }}", item),
        ["get_item keys -> page.html item"]
    );
    assert_eq!(
        shows("{% include 'part.html' %}", item),
        ["get_item keys api_key -> page.html item"]
    );
    assert_eq!(
        shows("{% extends 'base.html' %}", item),
        ["get_item keys owner -> page.html item"]
    );
    assert_eq!(
        shows("{% with k=item.api_key %}{{ k }}{% endwith %}", item),
        ["get_item keys api_key -> page.html item"]
    );
    assert_eq!(
        shows("{% with item.api_key as k %}{{ k }}{% endwith %}", item),
        ["get_item keys api_key -> page.html item"]
    );
    assert_eq!(
        shows("{% for k, v in item.items %}{{ v }}{% endfor %}", item),
        ["get_item keys -> page.html item"]
    );
    assert_eq!(
        shows(
            "{% for row in rows %}{{ row.alias }}{% endfor %}",
            "{'rows': [item]}"
        ),
        ["get_item keys alias -> page.html rows"]
    );
    assert_eq!(
        shows("{% if item.api_key %}yes{% endif %}", item),
        Vec::<String>::new()
    );
    assert_eq!(
        shows("{{ item.api_key|slice:':4' }}", item),
        Vec::<String>::new()
    );
    assert_eq!(shows("{{ other }}", item), Vec::<String>::new());
    assert_eq!(
        shows("{{ item|json_script:'x' }}", item),
        ["get_item keys -> page.html item"]
    );
}

#[test]
fn a_template_outside_the_tree_may_show_all() {
    assert_eq!(
        flows(
            "def view(request):\n    return render(request, 'other.html', {'item': table.get_item(Key={'id': 1})['Item']})"
        ),
        ["get_item keys -> other.html item"]
    );
    assert_eq!(
        flows(
            "from django.template.loader import render_to_string\ndef view(request):\n    return HttpResponse(render_to_string('other.html', {'item': table.get_item(Key={'id': 1})['Item']}))"
        ),
        ["get_item keys -> other.html item"]
    );
}
