//! Calls of DynamoDB and what they carry.

use crate::support::{Cases, flows, module, operations};

fn one(call: &str) -> String {
    let mut cases = Cases::default();
    let lines = operations(&format!("def view(request):\n    return {call}\n"));
    cases.same(&format!("{lines:?}"), &lines.len(), &1);
    lines.into_iter().next().unwrap_or_default()
}

#[test]
fn items_of_resource_and_client_look_alike() {
    let expected = ["body api_key -> put_item keys api_key"];
    assert_eq!(
        flows(
            "def v(request):\n    table.put_item(Item={'id': '1', 'api_key': request.POST['api_key']})"
        ),
        expected
    );
    assert_eq!(
        flows(
            "c = boto3.client('dynamodb')\ndef v(request):\n    c.put_item(TableName='keys', Item={'id': {'S': '1'}, 'api_key': {'S': request.POST['api_key']}})"
        ),
        expected
    );
    assert_eq!(
        flows(
            "def v(request):\n    table.put_item(Item={'id': '1', 'meta': {'api_key': request.POST['api_key']}})"
        ),
        ["body api_key -> put_item keys meta.api_key"]
    );
    assert_eq!(
        flows(
            "c = boto3.client('dynamodb')\ndef v(request):\n    c.put_item(TableName='keys', Item={'meta': {'M': {'api_key': {'S': request.POST['api_key']}}}})"
        ),
        ["body api_key -> put_item keys meta.api_key"]
    );
}

#[test]
fn writes_name_their_attributes() {
    assert_eq!(
        one("table.put_item(Item={'id': 1, 'b': {'c': 2}})"),
        "put_item keys writes b.c,id"
    );
    assert_eq!(
        one("table.put_item(Item={'id': 1}, ConditionExpression='attribute_not_exists(id)')"),
        "put_item keys writes id conditional"
    );
    assert_eq!(
        one("table.put_item(Item=unknown())"),
        "put_item keys writes *"
    );
}

#[test]
fn update_expressions_resolve_names_and_values() {
    let body = "
        def view(request):
            table.update_item(
                Key={'id': request.user.id},
                UpdateExpression='SET #n = :v, meta.token = :t REMOVE old',
                ExpressionAttributeNames={'#n': 'api_key'},
                ExpressionAttributeValues={':v': request.POST['api_key'], ':t': request.POST['token']},
            )
    ";
    assert_eq!(
        operations(body),
        ["update_item keys by id=identity writes api_key,meta.token"]
    );
    assert_eq!(
        flows(body),
        [
            "body api_key -> update_item keys api_key",
            "body token -> update_item keys meta.token"
        ]
    );
}

#[test]
fn update_expressions_built_by_hand_are_read_as_far_as_they_go() {
    let lines = flows(
        "
        def view(request):
            expr = 'SET '
            expr += 'api_key = :k'
            table.update_item(Key={'id': 1}, UpdateExpression=expr,
                              ExpressionAttributeValues={':k': request.POST['api_key']})
        ",
    );
    assert_eq!(lines, ["body api_key -> update_item keys api_key"]);
}

#[test]
fn old_attribute_updates_are_writes_too() {
    assert_eq!(
        flows(
            "def v(request):\n    table.update_item(Key={'id': 1}, AttributeUpdates={'api_key': {'Value': request.POST['api_key'], 'Action': 'PUT'}})"
        ),
        ["body api_key -> update_item keys api_key"]
    );
}

#[test]
fn batch_writers_and_batch_write_item() {
    assert_eq!(
        flows(
            "def v(request):\n    with table.batch_writer() as batch:\n        batch.put_item(Item={'api_key': request.POST['api_key']})"
        ),
        ["body api_key -> batch_write_item keys api_key"]
    );
    assert_eq!(
        flows(
            "c = boto3.client('dynamodb')\ndef v(request):\n    c.batch_write_item(RequestItems={'keys': [{'PutRequest': {'Item': {'api_key': {'S': request.POST['api_key']}}}}]})"
        ),
        ["body api_key -> batch_write_item keys api_key"]
    );
}

#[test]
fn transactions() {
    let body = "
        c = boto3.client('dynamodb')
        def v(request):
            c.transact_write_items(TransactItems=[
                {'Put': {'TableName': 'keys', 'Item': {'api_key': {'S': request.POST['api_key']}}}},
                {'Update': {'TableName': 'keys', 'Key': {'id': {'S': '1'}}, 'UpdateExpression': 'SET token = :t',
                            'ExpressionAttributeValues': {':t': {'S': request.POST['token']}}}},
            ])
    ";
    assert_eq!(
        flows(body),
        [
            "body api_key -> transact_write_items keys api_key",
            "body token -> transact_write_items keys token"
        ]
    );
    let body = "
        c = boto3.client('dynamodb')
        def v(request):
            answer = c.transact_get_items(TransactItems=[
                {'Get': {'TableName': 'keys', 'Key': {'id': {'S': request.GET['id']}}, 'ProjectionExpression': 'alias'}}])
            return JsonResponse(answer['Responses'][0]['Item'])
    ";
    assert_eq!(
        operations(body),
        ["transact_get_items keys by id=query gets alias"]
    );
    assert_eq!(flows(body), ["transact_get_items keys -> response"]);
}

#[test]
fn batch_get_item() {
    let body = "
        r = boto3.resource('dynamodb')
        def v(request):
            answer = r.batch_get_item(RequestItems={'keys': {'Keys': [{'id': i} for i in request.GET.getlist('id')],
                                                             'ProjectionExpression': 'id, api_key'}})
            return JsonResponse([row['api_key'] for row in answer['Responses']['keys']])
    ";
    assert_eq!(
        operations(body),
        ["batch_get_item keys by id=query gets api_key,id"]
    );
    assert_eq!(flows(body), ["batch_get_item keys api_key -> response"]);
}

#[test]
fn keys_and_conditions_in_all_notations() {
    assert_eq!(
        one("table.get_item(Key={'owner': request.user.id, 'id': request.GET['id']})"),
        "get_item keys by id=query,owner=identity"
    );
    assert_eq!(
        one(
            "table.query(KeyConditionExpression=Key('owner').eq(request.user.id) & Key('at').gt('2'))"
        ),
        "query keys by at~constant,owner=identity"
    );
    assert_eq!(
        one(
            "boto3.client('dynamodb').query(TableName='keys', KeyConditionExpression='#o = :o AND begins_with(sk, :s)', ExpressionAttributeNames={'#o': 'owner'}, ExpressionAttributeValues={':o': {'S': request.user.username}, ':s': {'S': 'a#'}})"
        ),
        "query keys by owner=identity,sk~constant"
    );
    assert_eq!(
        one(
            "table.query(KeyConditionExpression=Key('owner').eq(request.user.id) & Key('sk').begins_with(request.GET['p']))"
        ),
        "query keys by owner=identity,sk~query"
    );
    assert_eq!(
        one(
            "table.query(IndexName='gsi', KeyConditionExpression=Key('a').between(request.GET['x'], '9'))"
        ),
        "query keys by a~query via gsi"
    );
}

#[test]
fn projections_filters_limits() {
    assert_eq!(
        one("table.scan(ProjectionExpression='id, #a', ExpressionAttributeNames={'#a': 'alias'})"),
        "scan keys gets alias,id"
    );
    assert_eq!(
        one(
            "table.scan(FilterExpression=Attr('owner').eq(request.user.id) & Attr('on').exists(), Limit=5)"
        ),
        "scan keys filter on,owner limit"
    );
    assert_eq!(
        one(
            "table.scan(FilterExpression='#o = :o AND attribute_exists(alias)', ExpressionAttributeNames={'#o': 'owner'})"
        ),
        "scan keys filter alias,owner"
    );
    assert_eq!(one("table.scan(Select='COUNT')"), "scan keys counts");
    assert_eq!(
        one("table.scan(AttributesToGet=['id', 'alias'])"),
        "scan keys gets alias,id"
    );
    assert_eq!(
        one("table.scan(ProjectionExpression=unknown())"),
        "scan keys gets ?"
    );
    assert_eq!(
        one("table.get_item(Key={'id': 'x'}, ConsistentRead=True)"),
        "get_item keys by id=constant consistent"
    );
}

#[test]
fn parameters_built_step_by_step() {
    let body = "
        def view(request):
            params = {'IndexName': 'gsi'}
            params['ProjectionExpression'] = 'id, alias'
            params.update(Limit=10)
            if request.GET.get('owner'):
                params['KeyConditionExpression'] = Key('owner').eq(request.GET['owner'])
            return table.query(**params)
    ";
    assert_eq!(
        operations(body),
        ["query keys by owner=query via gsi gets alias,id limit"]
    );
    let body = "
        def params(owner):
            return dict(KeyConditionExpression=Key('owner').eq(owner), ProjectionExpression='alias')
        def view(request):
            return table.query(**params(request.user.id), Limit=1)
    ";
    assert_eq!(
        operations(body),
        ["query keys by owner=identity gets alias limit"]
    );
}

#[test]
fn pages_are_told_from_single_reads() {
    assert_eq!(
        operations(
            "c = boto3.client('dynamodb')\nfor page in c.get_paginator('scan').paginate(TableName='keys'):\n    print(page['Items'])"
        ),
        ["scan keys paged"]
    );
    let body = "
        def view(request):
            kwargs = {}
            while True:
                answer = table.scan(**kwargs)
                print(answer['Items'])
                if 'LastEvaluatedKey' not in answer:
                    break
                kwargs['ExclusiveStartKey'] = answer['LastEvaluatedKey']
    ";
    assert_eq!(operations(body), ["scan keys paged"]);
    assert_eq!(flows(body), ["scan keys -> print"]);
    assert_eq!(
        operations(
            "answer = table.scan()\nwhile 'LastEvaluatedKey' in answer:\n    answer = table.scan(ExclusiveStartKey=answer['LastEvaluatedKey'])"
        ),
        ["scan keys", "scan keys paged"]
    );
}

#[test]
fn partiql_text_names_table_and_attributes() {
    let select = "boto3.client('dynamodb').execute_statement(Statement='SELECT alias, id FROM \"keys\" WHERE owner = ?', Parameters=[{'S': request.user.id}])";
    assert_eq!(
        one(select),
        "execute_statement keys by owner=identity gets alias,id"
    );
    let all = "boto3.client('dynamodb').execute_statement(Statement=\"SELECT * FROM keys WHERE owner = '\" + request.GET['o'] + \"'\")";
    assert_eq!(one(all), "execute_statement keys shaped");
    let index = "boto3.client('dynamodb').execute_statement(Statement='select * from \"keys\".\"by-owner\" where o = ?')";
    assert_eq!(
        one(index),
        "execute_statement keys by o=unknown via by-owner"
    );
}

#[test]
fn the_caller_s_input_in_an_expression_or_name_is_told() {
    assert_eq!(
        one("table.scan(FilterExpression=f\"owner = {request.GET['o']}\")"),
        "scan keys filter owner shaped"
    );
    assert_eq!(
        one("boto3.resource('dynamodb').Table(request.GET['t']).scan()"),
        "scan ? shaped"
    );
    assert_eq!(
        one("table.scan(FilterExpression=Attr('owner').eq(request.GET['o']))"),
        "scan keys filter owner"
    );
}

#[test]
fn what_deletes_and_updates_give_back_is_an_item() {
    assert_eq!(
        flows(
            "def v(request):\n    old = table.delete_item(Key={'id': 1}, ReturnValues='ALL_OLD')\n    return JsonResponse(old['Attributes'])"
        ),
        ["delete_item keys -> response"]
    );
}

#[test]
fn a_key_that_is_looked_up_is_a_flow_of_its_own() {
    let facts = module(
        "def v(request):\n    return table.get_item(Key={'api_key': request.headers['X-Api-Key']})",
    );
    assert_eq!(
        facts.flows(),
        ["header X-Api-Key -> key of get_item keys api_key"]
    );
}
