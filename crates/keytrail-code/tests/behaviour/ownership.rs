//! Checks that tie an item to the caller.

use crate::support::{Cases, flows, operations};

fn tied(check: &str, setup: &str) -> Vec<String> {
    let mut body = crate::support::dedent(setup);
    body += "\ndef view(request, pk):\n    item = table.get_item(Key={'id': pk})['Item']\n";
    for line in check.lines() {
        body += &format!("    {line}\n");
    }
    body += "    return JsonResponse(item)\n";
    flows(&body)
        .into_iter()
        .filter(|line| line.contains("-> response"))
        .collect()
}

#[test]
fn checks_that_turn_others_away_tie_the_item() {
    let setup = "
        from django.core.exceptions import PermissionDenied
        from django.http import Http404
        def owns(user, item):
            return item['owner'] == user.id
        def ensure(request, item):
            if item['owner'] != request.user.id:
                raise PermissionDenied
        def ensure_user(user, item):
            if item['owner'] != user.id:
                raise PermissionDenied
        class Guard:
            def check(self, request, item):
                if item.get('owner') != request.user.id:
                    raise PermissionDenied
    ";
    let mut cases = Cases::default();
    for check in [
        "if item['owner'] != request.user.id:\n    raise PermissionDenied",
        "if item['owner'] != str(request.user.id):\n    return HttpResponse(status=403)",
        "if not item['owner'] == request.user.id:\n    raise Http404",
        "if request.user.id != item.get('owner'):\n    raise PermissionDenied",
        "if item is None or item['owner'] != request.user.id:\n    raise Http404",
        "if not owns(request.user, item):\n    raise PermissionDenied",
        "ensure(request, item)",
        "ensure_user(request.user, item)",
        "Guard().check(request, item)",
        "assert item['owner'] == request.user.id",
        "if request.user.id not in item['owners']:\n    raise PermissionDenied",
        "owner = item['owner']\nuser = request.user.id\nif owner != user:\n    raise PermissionDenied",
        "if item['owner'] == request.user.id:\n    pass\nelse:\n    raise PermissionDenied",
        "if request.user.id == item['owner']:\n    return JsonResponse(item)\nreturn HttpResponse(status=403)",
        "if not request.user.has_perm('view', item):\n    raise PermissionDenied",
    ] {
        cases.same(
            check,
            &tied(check, setup),
            &["get_item keys -> response tied"],
        );
    }
}

#[test]
fn checks_that_do_not_hold_back_tie_nothing() {
    let mut cases = Cases::default();
    for check in [
        "",
        "if item['owner'] != request.user.id:\n    logger.info('not the owner')",
        "if item['kind'] != 'public':\n    raise ValueError",
        "if request.user.id != request.GET['user']:\n    raise ValueError",
        "if item['owner'] != request.GET['owner']:\n    raise ValueError",
        "if request.user.is_authenticated:\n    pass",
        "if item['owner'] != request.user.id and not settings.OPEN:\n    raise ValueError",
    ] {
        cases.same(check, &tied(check, ""), &["get_item keys -> response"]);
    }
}

#[test]
fn what_a_filter_leaves_is_tied_and_the_rest_is_not() {
    let mut cases = Cases::default();
    for lines in [
        "own = [r for r in rows if r['owner'] == request.user.id]",
        "own = list(r for r in rows if r.get('owner') == request.user.id and r['on'])",
        "own = []\n    for r in rows:\n        if r['owner'] != request.user.id:\n            continue\n        own.append(r)",
        "own = []\n    for r in rows:\n        if r['owner'] == request.user.id:\n            own.append(r)",
        "own = {}\n    for r in rows:\n        if r['owner'] == request.user.id:\n            own[r['id']] = r",
        "own = mine(request, rows)",
        "own = team(request.user.team, rows)",
        "own = scanned(request.user.team)",
        "own = scanned_for(request)",
        "own = checked(request)",
    ] {
        let body = format!(
            "def team(team, rows):\n    return [r for r in rows if r['owner'] == team]\n\
             def scanned(team):\n    return [r for r in table.scan()['Items'] if r['owner'] == team]\n\
             def scanned_for(request):\n    return scanned(request.user.team)\n\
             def mine(request, rows):\n    return [r for r in rows if r['owner'] == request.user.id]\n\
             def checked(request):\n    r = table.get_item(Key={{'id': 1}})['Item']\n    if r['owner'] != request.user.id:\n        raise ValueError\n    return r\n\
             def view(request):\n    rows = table.scan()['Items']\n    print(rows)\n    {lines}\n    print(rows)\n    return JsonResponse(own)\n"
        );
        let read = if lines.contains("checked") {
            "get_item"
        } else {
            "scan"
        };
        let tied = format!("{read} keys -> response tied");
        cases.same(
            lines,
            &flows(&body),
            &if read == "scan" {
                vec!["scan keys -> print".to_owned(), tied]
            } else {
                vec![tied, "scan keys -> print".to_owned()]
            },
        );
    }
}

#[test]
fn what_a_filter_by_lambda_leaves_is_tied() {
    // a known miss, on the safe side
    let lines = flows(
        "
        def view(request):
            own = list(filter(lambda r: r['owner'] == request.user.id, table.scan()['Items']))
            return JsonResponse(own)
        ",
    );
    assert_eq!(lines, ["scan keys -> response tied"]);
}

#[test]
fn a_filter_by_what_the_caller_sends_ties_nothing() {
    let lines = flows(
        "
        def scanned(team):
            return [r for r in table.scan()['Items'] if r['owner'] == team]
        def view(request):
            return JsonResponse(scanned(request.GET['team']))
        ",
    );
    assert_eq!(lines, ["scan keys -> response"]);
}

#[test]
fn a_helper_that_only_looks_ties_nothing() {
    let lines = flows(
        "
        def look(request, item):
            if item['owner'] == request.user.id:
                logger.info('their own')
        def answer(request, item):
            if item['owner'] != request.user.id:
                return HttpResponse(status=403)
        def view(request):
            item = table.get_item(Key={'id': request.GET['id']})['Item']
            look(request, item)
            answer(request, item)
            return JsonResponse(item)
        ",
    );
    assert_eq!(lines, ["get_item keys -> response"]);
}

#[test]
fn an_operation_tells_of_its_checks() {
    let lines = operations(
        "
        def view(request):
            item = table.get_item(Key={'id': request.GET['id']})['Item']
            if item['owner'] != request.user.id:
                raise ValueError
            return JsonResponse(item)
        ",
    );
    assert_eq!(lines, ["get_item keys by id=query tied"]);
}

#[test]
fn only_the_way_behind_the_check_is_tied() {
    let lines = flows(
        "
        def view(request):
            item = table.get_item(Key={'id': request.GET['id']})['Item']
            print(item)
            if item['owner'] != request.user.id:
                raise ValueError
            return JsonResponse(item)
        ",
    );
    assert_eq!(
        lines,
        ["get_item keys -> print", "get_item keys -> response tied"]
    );
}
