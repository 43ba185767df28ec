//! Which part of an item goes on.

use crate::support::{Cases, flows};

/// The response of `expression` after `lines`, `item` being an item of `get_item`.
fn shown(lines: &str, expression: &str) -> Vec<String> {
    let mut body =
        "def view(request):\n    item = table.get_item(Key={'id': 1})['Item']\n".to_owned();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        body += &format!("    {line}\n");
    }
    body += &format!("    return JsonResponse({expression})\n");
    flows(&body)
        .into_iter()
        .filter(|line| line.ends_with("response") || line.contains("response "))
        .map(|line| line.replace("get_item keys", "item"))
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}

const WHOLE: &str = "item -> response";
const KEY: &str = "item api_key -> response";
const ALIAS: &str = "item alias -> response";
const WITHOUT: &str = "item -> response without api_key";

#[test]
fn a_picked_field_is_only_that_field() {
    let mut cases = Cases::default();
    for expression in [
        "{'alias': item['alias']}",
        "{'alias': item.get('alias')}",
        "{'alias': item.get('alias', '')}",
        "dict(alias=item['alias'])",
        "[item['alias']]",
        "{'x': {'y': [item['alias']]}}",
        "item['alias']",
        "str(item['alias'])",
        "f\"{item['alias']}\"",
        "'%s' % item['alias']",
        "'{}'.format(item['alias'])",
        "item['alias'] or ''",
        "item['alias'] if item else None",
        "{k: item[k] for k in ('alias',)}",
        "{k: item[k] for k in ['alias']}",
        "{k: v for k, v in item.items() if k == 'alias'}",
        "{k: v for k, v in item.items() if k in ('alias',)}",
        "(lambda row: row['alias'])(item)",
        "json.loads(json.dumps(item))['alias']",
    ] {
        cases.same(expression, &shown("", expression), &[ALIAS]);
    }
}

#[test]
fn constants_that_list_fields_pick_them() {
    assert_eq!(
        shown("PUBLIC = ('alias',)", "{k: item[k] for k in PUBLIC}"),
        [ALIAS]
    );
    assert_eq!(
        shown(
            "out = {}\nfor name in ('alias',):\n    out[name] = item[name]",
            "out"
        ),
        [ALIAS]
    );
    assert_eq!(
        shown(
            "PUBLIC = {'alias'}",
            "{k: v for k, v in item.items() if k in PUBLIC}"
        ),
        [ALIAS]
    );
}

#[test]
fn the_whole_stays_the_whole() {
    let mut cases = Cases::default();
    for expression in [
        "item",
        "dict(item)",
        "{**item}",
        "[item]",
        "item.copy()",
        "{'rows': [item]}",
        "json.dumps(item)",
        "str(item)",
        "list(item.values())",
        "{k: v for k, v in item.items()}",
        "{k: str(v) for k, v in item.items()}",
        "[v for v in item.values()]",
        "item | {}",
        "sorted(item.items())",
        "next(iter([item]))",
    ] {
        cases.same(expression, &shown("", expression), &[WHOLE]);
    }
}

/// Which part is not known, so it is not said to be the key; nor is it the whole.
#[test]
fn an_unknown_part_is_told_as_such() {
    let mut cases = Cases::default();
    cases.same(
        "by a key",
        &shown("", "item[unknown()]"),
        &["item * -> response"],
    );
}

#[test]
fn a_field_taken_out_is_said_so() {
    let mut cases = Cases::default();
    for (lines, expression) in [
        ("item.pop('api_key')", "item"),
        ("item.pop('api_key', None)", "item"),
        ("del item['api_key']", "item"),
        ("item['api_key'] = '***'", "item"),
        ("item.update(api_key='***')", "item"),
        ("item.update({'api_key': None})", "item"),
        ("", "{**item, 'api_key': '***'}"),
        ("", "item | {'api_key': '***'}"),
        ("", "dict(item, api_key='***')"),
        ("", "{k: v for k, v in item.items() if k != 'api_key'}"),
        (
            "",
            "{k: v for k, v in item.items() if k not in ('api_key',)}",
        ),
        (
            "",
            "{k: v for k, v in item.items() if k not in ['api_key']}",
        ),
        (
            "HIDDEN = {'api_key'}",
            "{k: v for k, v in item.items() if k not in HIDDEN}",
        ),
        ("clean = item.copy()\nclean.pop('api_key')", "clean"),
        (
            "for name in ('api_key',):\n    item.pop(name, None)",
            "item",
        ),
        ("if 'api_key' in item:\n    del item['api_key']", "item"),
        (
            "if item.get('api_key'):\n    item['api_key'] = '***'",
            "item",
        ),
        ("item |= {'api_key': ''}", "item"),
    ] {
        cases.same(
            &format!("{lines} {expression}"),
            &shown(lines, expression),
            &[WITHOUT],
        );
    }
}

#[test]
fn what_was_taken_out_can_still_go_elsewhere() {
    assert_eq!(shown("key = item.pop('api_key')", "{'key': key}"), [KEY]);
    assert_eq!(
        shown("del item['alias']", "item"),
        ["item -> response without alias"]
    );
}

#[test]
fn taking_out_on_one_way_only_is_not_enough() {
    assert_eq!(
        shown("if request.GET:\n    item.pop('api_key')", "item"),
        [WITHOUT, KEY]
    );
}

#[test]
fn lists_of_items_keep_their_fields_apart() {
    let mut cases = Cases::default();
    let scan = |expression: &str| {
        flows(&format!(
            "def view(request):\n    rows = table.scan()['Items']\n    return JsonResponse({expression})\n"
        ))
    };
    for expression in [
        "[row['alias'] for row in rows]",
        "[{'alias': row['alias']} for row in rows]",
        "list(map(lambda row: row['alias'], rows))",
        "rows[0]['alias']",
        "{'rows': [row['alias'] for row in rows if row['on']]}",
        "{row['id']: row['alias'] for row in rows}",
        "[r['alias'] for r in sorted(rows, key=lambda r: r['at'])]",
        "[r['alias'] for r in rows[:10]]",
        "[r['alias'] for r in rows[:3]]",
        "[r['alias'] for r in list(filter(None, rows))]",
        "[r['alias'] for i, r in enumerate(rows)]",
        "[a['alias'] for a, b in zip(rows, rows)]",
    ] {
        let mut lines = scan(expression);
        // a key that is shown as key is no secret part here
        lines.retain(|line| line != "scan keys id -> response");
        cases.same(expression, &lines, &["scan keys alias -> response"]);
    }
    for expression in [
        "rows",
        "rows[:2]",
        "rows[:20]",
        "rows[-2:]",
        "[dict(row) for row in rows]",
        "list(rows)",
        "[*rows]",
        "rows + rows",
        "list(map(dict, rows))",
    ] {
        cases.same(expression, &scan(expression), &["scan keys -> response"]);
    }
}

#[test]
fn objects_and_dictionaries_of_the_code_s_own() {
    assert_eq!(
        flows(
            "
            def view(request):
                out = {'key': request.GET['q']}
                out['row'] = table.get_item(Key={'id': 1})['Item']['alias']
                return JsonResponse(out)
        "
        ),
        ["get_item keys alias -> response"]
    );
    assert_eq!(
        flows(
            "
            def view(request):
                answer = table.get_item(Key={'id': 1})
                return JsonResponse({'n': len(answer['Item']), 'has': 'api_key' in answer['Item']})
        "
        ),
        Vec::<String>::new()
    );
}

#[test]
fn nested_attributes_keep_their_paths() {
    assert_eq!(
        shown("", "item['meta']['keys']['stripe']"),
        ["item meta.keys.stripe -> response"]
    );
    assert_eq!(
        shown("a = item['meta']\nb = a.get('token')", "b"),
        ["item meta.token -> response"]
    );
}

#[test]
fn low_level_items_lose_their_descriptors() {
    assert_eq!(
        flows(
            "c = boto3.client('dynamodb')\ndef v(request):\n    item = c.get_item(TableName='keys', Key={'id': {'S': '1'}})['Item']\n    return JsonResponse(item['api_key']['S'])"
        ),
        ["get_item keys api_key -> response"]
    );
    assert_eq!(
        flows(
            "c = boto3.client('dynamodb')\nfrom boto3.dynamodb.types import TypeDeserializer\nd = TypeDeserializer()\ndef v(request):\n    item = c.get_item(TableName='keys', Key={'id': {'S': '1'}})['Item']\n    plain = {k: d.deserialize(v) for k, v in item.items()}\n    return JsonResponse(plain['api_key'])"
        ),
        ["get_item keys api_key -> response"]
    );
}
