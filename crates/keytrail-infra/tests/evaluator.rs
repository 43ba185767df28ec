//! The evaluator against cases worked out by hand from the IAM documentation.

use std::sync::Arc;

use keytrail_infra::evaluate::{Caller, Context, Policies, Policy, Request, Resource, evaluate};
use keytrail_infra::parse_policy;

const TABLE: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/keys";
const GET: &str = "dynamodb:GetItem";
const SCAN: &str = "dynamodb:Scan";
const QUERY: &str = "dynamodb:Query";
const LEADING: &str = "dynamodb:LeadingKeys";

/// A key and its values; no values: the request has no such key.
type Key = (&'static str, &'static [&'static str]);

struct Case {
    name: &'static str,
    /// The statements of one identity policy.
    statements: &'static str,
    action: &'static str,
    resource: &'static str,
    context: &'static [Key],
    expected: &'static str,
}

const fn case(
    name: &'static str,
    statements: &'static str,
    action: &'static str,
    resource: &'static str,
    context: &'static [Key],
    expected: &'static str,
) -> Case {
    Case {
        name,
        statements,
        action,
        resource,
        context,
        expected,
    }
}

const ALLOW: &str = "allow";
const IMPLICIT: &str = "implicit deny";
const EXPLICIT: &str = "explicit deny";

const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;

/// `Allow` of reading the table under a condition.
macro_rules! when {
    ($condition:literal) => {
        concat!(
            r#"{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Scan","dynamodb:Query"],"#,
            r#""Resource":"arn:aws:dynamodb:*:*:table/keys","Condition":"#,
            $condition,
            "}"
        )
    };
}

/// `Allow` of everything, and `Deny` under a condition.
macro_rules! denied_when {
    ($condition:literal) => {
        concat!(
            r#"{"Effect":"Allow","Action":"*","Resource":"*"},"#,
            r#"{"Sid":"No","Effect":"Deny","Action":"*","Resource":"*","Condition":"#,
            $condition,
            "}"
        )
    };
}

/// `Allow` of one action on one resource pattern.
macro_rules! on {
    ($resource:literal) => {
        concat!(
            r#"{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":""#,
            $resource,
            r#""}"#
        )
    };
}

macro_rules! act {
    ($action:literal) => {
        concat!(
            r#"{"Effect":"Allow","Action":""#,
            $action,
            r#"","Resource":"*"}"#
        )
    };
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    // --- nothing, everything, explicit deny
    case("no statement", "", GET, TABLE, &[], IMPLICIT),
    case("everything", ALL, GET, TABLE, &[], ALLOW),
    case(
        "deny wins over allow",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"dynamodb:GetItem","Resource":"*"}"#,
        GET, TABLE, &[], EXPLICIT,
    ),
    case(
        "deny wins whatever its place",
        r#"{"Effect":"Deny","Action":"dynamodb:*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        GET, TABLE, &[], EXPLICIT,
    ),
    case(
        "deny of another action",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"dynamodb:PutItem","Resource":"*"}"#,
        GET, TABLE, &[], ALLOW,
    ),
    case(
        "deny of another table",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/other"}"#,
        GET, TABLE, &[], ALLOW,
    ),
    case(
        "a deny alone allows nothing",
        r#"{"Effect":"Deny","Action":"dynamodb:PutItem","Resource":"*"}"#,
        GET, TABLE, &[], IMPLICIT,
    ),
    // --- actions
    case("the action itself", act!("dynamodb:GetItem"), GET, TABLE, &[], ALLOW),
    case("actions have no case", act!("DynamoDB:getitem"), GET, TABLE, &[], ALLOW),
    case("all of a service", act!("dynamodb:*"), GET, TABLE, &[], ALLOW),
    case("a prefix", act!("dynamodb:Get*"), GET, TABLE, &[], ALLOW),
    case("a prefix that does not fit", act!("dynamodb:Batch*"), GET, TABLE, &[], IMPLICIT),
    case("a star in the middle", act!("dynamodb:*Item"), GET, TABLE, &[], ALLOW),
    case("a question mark is one character", act!("dynamodb:GetIte?"), GET, TABLE, &[], ALLOW),
    case("a question mark is not none", act!("dynamodb:GetItem?"), GET, TABLE, &[], IMPLICIT),
    case("another service", act!("s3:*"), GET, TABLE, &[], IMPLICIT),
    case("the whole must fit", act!("dynamodb:GetItem"), "dynamodb:GetItems", TABLE, &[], IMPLICIT),
    case(
        "a list of actions",
        r#"{"Effect":"Allow","Action":["s3:GetObject","dynamodb:GetItem"],"Resource":"*"}"#,
        GET, TABLE, &[], ALLOW,
    ),
    case(
        "all but others",
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        GET, TABLE, &[], ALLOW,
    ),
    case(
        "all but this",
        r#"{"Effect":"Allow","NotAction":["iam:*","dynamodb:Get*"],"Resource":"*"}"#,
        GET, TABLE, &[], IMPLICIT,
    ),
    case(
        "deny of all but this",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"dynamodb:Query","Resource":"*"}"#,
        GET, TABLE, &[], EXPLICIT,
    ),
    case(
        "deny of all but this spares it",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"dynamodb:Query","Resource":"*"}"#,
        QUERY, TABLE, &[], ALLOW,
    ),
    // --- resources
    case("the table itself", on!("arn:aws:dynamodb:eu-west-1:111122223333:table/keys"), GET, TABLE, &[], ALLOW),
    case("another region", on!("arn:aws:dynamodb:us-east-1:111122223333:table/keys"), GET, TABLE, &[], IMPLICIT),
    case("another account", on!("arn:aws:dynamodb:eu-west-1:999999999999:table/keys"), GET, TABLE, &[], IMPLICIT),
    case("any region and account", on!("arn:aws:dynamodb:*:*:table/keys"), GET, TABLE, &[], ALLOW),
    case("any partition", on!("arn:*:dynamodb:*:*:table/keys"), GET, TABLE, &[], ALLOW),
    case("resources have case", on!("arn:aws:dynamodb:*:*:table/Keys"), GET, TABLE, &[], IMPLICIT),
    case("a prefix of names", on!("arn:aws:dynamodb:*:*:table/ke*"), GET, TABLE, &[], ALLOW),
    case("all tables", on!("arn:aws:dynamodb:*:*:table/*"), GET, TABLE, &[], ALLOW),
    case("all of the service", on!("arn:aws:dynamodb:*:*:*"), GET, TABLE, &[], ALLOW),
    case("an ARN cut short by a star", on!("arn:aws:dynamodb:*"), GET, TABLE, &[], ALLOW),
    case("an ARN cut short without one is filled up", on!("arn:aws:dynamodb"), GET, TABLE, &[], ALLOW),
    case("another service's ARN", on!("arn:aws:s3:::keys"), GET, TABLE, &[], IMPLICIT),
    case("a question mark in a name", on!("arn:aws:dynamodb:*:*:table/key?"), GET, TABLE, &[], ALLOW),
    case("a star at the end of a part goes on", on!("arn:aws:dynamodb:*:table/keys"), GET, TABLE, &[], ALLOW),
    case("a star inside a part does not", on!("arn:aws:dynamodb:*1:table/keys"), GET, TABLE, &[], IMPLICIT),
    case("a service has no star", on!("arn:aws:*:table/keys"), GET, TABLE, &[], IMPLICIT),
    case(
        "the table does not stand for its indexes",
        r#"{"Effect":"Allow","Action":"dynamodb:Query","Resource":"arn:aws:dynamodb:*:*:table/keys"}"#,
        QUERY, "arn:aws:dynamodb:eu-west-1:111122223333:table/keys/index/by-status", &[], IMPLICIT,
    ),
    case(
        "indexes by a star",
        r#"{"Effect":"Allow","Action":"dynamodb:Query","Resource":"arn:aws:dynamodb:*:*:table/keys/index/*"}"#,
        QUERY, "arn:aws:dynamodb:eu-west-1:111122223333:table/keys/index/by-status", &[], ALLOW,
    ),
    case(
        "indexes do not stand for the table",
        r#"{"Effect":"Allow","Action":"dynamodb:Query","Resource":"arn:aws:dynamodb:*:*:table/keys/index/*"}"#,
        QUERY, TABLE, &[], IMPLICIT,
    ),
    case(
        "a star after the name takes in the indexes",
        r#"{"Effect":"Allow","Action":"dynamodb:Query","Resource":"arn:aws:dynamodb:*:*:table/keys*"}"#,
        QUERY, "arn:aws:dynamodb:eu-west-1:111122223333:table/keys/index/by-status", &[], ALLOW,
    ),
    case(
        "a list of resources",
        r#"{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":["arn:aws:dynamodb:*:*:table/a","arn:aws:dynamodb:*:*:table/keys"]}"#,
        GET, TABLE, &[], ALLOW,
    ),
    case(
        "all but others",
        r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:dynamodb:*:*:table/other"}"#,
        GET, TABLE, &[], ALLOW,
    ),
    case(
        "all but this",
        r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:dynamodb:*:*:table/k*"}"#,
        GET, TABLE, &[], IMPLICIT,
    ),
    case(
        "deny of all but this spares it",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","NotResource":"arn:aws:dynamodb:*:*:table/keys"}"#,
        GET, TABLE, &[], ALLOW,
    ),
    // --- policy variables
    case("the user's own table", on!("arn:aws:dynamodb:*:*:table/${aws:username}"), GET, "arn:aws:dynamodb:eu-west-1:1:table/ann", &[], ALLOW),
    case("another user's table", on!("arn:aws:dynamodb:*:*:table/${aws:username}"), GET, TABLE, &[], IMPLICIT),
    case("a variable with a default", on!("arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team, 'keys'}"), GET, TABLE, &[("aws:PrincipalTag/team", &[])], ALLOW),
    case("a variable without a value", on!("arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"), GET, TABLE, &[("aws:PrincipalTag/team", &[])], IMPLICIT),
    case("a variable that is not known makes up no grant", on!("arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"), GET, TABLE, &[], IMPLICIT),
    case("a tag as a variable", on!("arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"), GET, TABLE, &[("aws:principaltag/TEAM", &["keys"])], ALLOW),
    case("the value of a variable is no pattern", on!("arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"), GET, TABLE, &[("aws:PrincipalTag/team", &["*"])], IMPLICIT),
    case("a star that stands for itself", on!("arn:aws:dynamodb:*:*:table/ke${*}"), GET, TABLE, &[], IMPLICIT),
    // --- conditions on keys that are known
    case("equal", when!(r#"{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["eu-west-1"])], ALLOW),
    case("not equal", when!(r#"{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["us-east-1"])], IMPLICIT),
    case("one of several", when!(r#"{"StringEquals":{"aws:RequestedRegion":["a","b"]}}"#), GET, TABLE, &[("aws:RequestedRegion", &["b"])], ALLOW),
    case("names of keys have no case", when!(r#"{"StringEquals":{"AWS:requestedregion":"a"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["a"])], ALLOW),
    case("values have case", when!(r#"{"StringEquals":{"aws:RequestedRegion":"A"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["a"])], IMPLICIT),
    case("values without case", when!(r#"{"StringEqualsIgnoreCase":{"aws:RequestedRegion":"A"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["a"])], ALLOW),
    case("equal knows no star", when!(r#"{"StringEquals":{"aws:RequestedRegion":"eu-*"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["eu-west-1"])], IMPLICIT),
    case("like knows the star", when!(r#"{"StringLike":{"aws:RequestedRegion":"eu-*"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["eu-west-1"])], ALLOW),
    case("not like", when!(r#"{"StringNotLike":{"aws:RequestedRegion":"eu-*"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["eu-west-1"])], IMPLICIT),
    case("none of several", when!(r#"{"StringNotEquals":{"aws:RequestedRegion":["a","b"]}}"#), GET, TABLE, &[("aws:RequestedRegion", &["b"])], IMPLICIT),
    case("all conditions must hold", when!(r#"{"StringEquals":{"aws:RequestedRegion":"a","aws:PrincipalOrgID":"o"}}"#), GET, TABLE, &[("aws:RequestedRegion", &["a"]), ("aws:PrincipalOrgID", &["x"])], IMPLICIT),
    case("a missing key is not equal to anything", when!(r#"{"StringEquals":{"aws:PrincipalOrgID":"o"}}"#), GET, TABLE, &[("aws:PrincipalOrgID", &[])], IMPLICIT),
    case("a missing key differs from everything", when!(r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o"}}"#), GET, TABLE, &[("aws:PrincipalOrgID", &[])], ALLOW),
    case("a missing key passes IfExists", when!(r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o"}}"#), GET, TABLE, &[("aws:PrincipalOrgID", &[])], ALLOW),
    case("a wrong key does not pass IfExists", when!(r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o"}}"#), GET, TABLE, &[("aws:PrincipalOrgID", &["x"])], IMPLICIT),
    case("Null true wants the key missing", when!(r#"{"Null":{"aws:TokenIssueTime":"true"}}"#), GET, TABLE, &[("aws:TokenIssueTime", &[])], ALLOW),
    case("Null true refuses the key", when!(r#"{"Null":{"aws:TokenIssueTime":"true"}}"#), GET, TABLE, &[("aws:TokenIssueTime", &["2026-01-01T00:00:00Z"])], IMPLICIT),
    case("Null false wants the key", when!(r#"{"Null":{"aws:TokenIssueTime":"false"}}"#), GET, TABLE, &[("aws:TokenIssueTime", &["x"])], ALLOW),
    case("Null takes booleans too", when!(r#"{"Null":{"aws:TokenIssueTime":false}}"#), GET, TABLE, &[("aws:TokenIssueTime", &[])], IMPLICIT),
    case("Bool", when!(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#), GET, TABLE, &[("aws:MultiFactorAuthPresent", &["true"])], ALLOW),
    case("Bool without the key", when!(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#), GET, TABLE, &[("aws:MultiFactorAuthPresent", &[])], IMPLICIT),
    case("BoolIfExists without the key: long-lived keys pass", when!(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#), GET, TABLE, &[("aws:MultiFactorAuthPresent", &[])], ALLOW),
    case("deny without a second factor, by Bool, spares a missing key", denied_when!(r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#), GET, TABLE, &[("aws:MultiFactorAuthPresent", &[])], ALLOW),
    case("deny without a second factor, by BoolIfExists", denied_when!(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#), GET, TABLE, &[("aws:MultiFactorAuthPresent", &[])], EXPLICIT),
    case("less", when!(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#), GET, TABLE, &[("aws:MultiFactorAuthAge", &["60"])], ALLOW),
    case("numbers are no texts", when!(r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}"#), GET, TABLE, &[("aws:MultiFactorAuthAge", &["20000"])], IMPLICIT),
    case("at least", when!(r#"{"NumericGreaterThanEquals":{"k:n":"5"}}"#), GET, TABLE, &[("k:n", &["5.0"])], ALLOW),
    case("what is no number fits nothing", when!(r#"{"NumericEquals":{"k:n":"5"}}"#), GET, TABLE, &[("k:n", &["five"])], IMPLICIT),
    case("before a date", when!(r#"{"DateLessThan":{"aws:CurrentTime":"2026-06-30T23:59:59Z"}}"#), GET, TABLE, &[("aws:CurrentTime", &["2026-06-30T12:00:00Z"])], ALLOW),
    case("after a date", when!(r#"{"DateLessThan":{"aws:CurrentTime":"2026-06-30T23:59:59Z"}}"#), GET, TABLE, &[("aws:CurrentTime", &["2026-07-01T00:00:00Z"])], IMPLICIT),
    case("a date as seconds", when!(r#"{"DateGreaterThan":{"aws:EpochTime":"2020-01-01T00:00:00Z"}}"#), GET, TABLE, &[("aws:EpochTime", &["1577836801"])], ALLOW),
    case("inside a network", when!(r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}"#), GET, TABLE, &[("aws:SourceIp", &["203.0.113.9"])], ALLOW),
    case("outside a network", when!(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#), GET, TABLE, &[("aws:SourceIp", &["203.0.114.9"])], IMPLICIT),
    case("a network of six", when!(r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#), GET, TABLE, &[("aws:SourceIp", &["2001:db8:1::1"])], ALLOW),
    case("any address at all", when!(r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#), GET, TABLE, &[("aws:SourceIp", &["8.8.8.8"])], ALLOW),
    case("not in a network", when!(r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#), GET, TABLE, &[("aws:SourceIp", &["203.0.113.9"])], IMPLICIT),
    case("ArnEquals is ArnLike", when!(r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/app-*"}}"#), GET, TABLE, &[("aws:PrincipalArn", &["arn:aws:iam::111122223333:role/app-web"])], ALLOW),
    case("ArnNotLike", when!(r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app-*"}}"#), GET, TABLE, &[("aws:PrincipalArn", &["arn:aws:iam::111122223333:role/app-web"])], IMPLICIT),
    case("bytes", when!(r#"{"BinaryEquals":{"k:b":"QmlpbmFyeQ=="}}"#), GET, TABLE, &[("k:b", &["QmlpbmFyeQ=="])], ALLOW),
    case("a variable in a value", when!(r#"{"StringEquals":{"aws:PrincipalTag/user":"${aws:username}"}}"#), GET, TABLE, &[("aws:PrincipalTag/user", &["ann"])], ALLOW),
    case("an operator that does not exist makes up no grant", when!(r#"{"StringSame":{"a:b":"c"}}"#), GET, TABLE, &[], IMPLICIT),
    // --- sets
    case("all of them", when!(r#"{"ForAllValues:StringEquals":{"dynamodb:Attributes":["id","alias"]}}"#), GET, TABLE, &[("dynamodb:Attributes", &["id", "alias"])], ALLOW),
    case("all but one", when!(r#"{"ForAllValues:StringEquals":{"dynamodb:Attributes":["id","alias"]}}"#), GET, TABLE, &[("dynamodb:Attributes", &["id", "api_key"])], IMPLICIT),
    case("the trap: all of none", when!(r#"{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["ann"]}}"#), SCAN, TABLE, &[(LEADING, &[])], ALLOW),
    case("any of them", when!(r#"{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["id"]}}"#), GET, TABLE, &[("dynamodb:Attributes", &["id", "api_key"])], ALLOW),
    case("any of none", when!(r#"{"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["ann"]}}"#), SCAN, TABLE, &[(LEADING, &[])], IMPLICIT),
    case("a single comparison refuses Scan", when!(r#"{"StringEquals":{"dynamodb:LeadingKeys":["ann"]}}"#), SCAN, TABLE, &[(LEADING, &[])], IMPLICIT),
    case("all differ", when!(r#"{"ForAllValues:StringNotEquals":{"dynamodb:Attributes":["api_key"]}}"#), GET, TABLE, &[("dynamodb:Attributes", &["id", "api_key"])], IMPLICIT),
    case("some differ", when!(r#"{"ForAnyValue:StringNotEquals":{"dynamodb:Attributes":["api_key"]}}"#), GET, TABLE, &[("dynamodb:Attributes", &["id", "api_key"])], ALLOW),
    case("deny of a secret attribute", denied_when!(r#"{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["api_key"]}}"#), GET, TABLE, &[("dynamodb:Attributes", &["id", "api_key"])], EXPLICIT),
    case("a Null beside the trap shuts it", when!(r#"{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["ann"]},"Null":{"dynamodb:LeadingKeys":"false"}}"#), SCAN, TABLE, &[(LEADING, &[])], IMPLICIT),
    // --- what is not known
    case("an open key", when!(r#"{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#), GET, TABLE, &[], "allowed if aws:SourceVpce is `vpce-1`"),
    case("several open keys", when!(r#"{"StringEquals":{"a:x":"1"},"StringNotLike":{"a:y":["2","3"]}}"#), GET, TABLE, &[], "allowed if a:x is `1` and a:y is not like `2` or `3`"),
    case("an open set", when!(r#"{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:userid}"]}}"#), GET, TABLE, &[], "allowed if every dynamodb:LeadingKeys is `${aws:userid}`, or none is sent"),
    case("an open key beside one that fails", when!(r#"{"StringEquals":{"a:x":"1","a:y":"2"}}"#), GET, TABLE, &[("a:y", &["3"])], IMPLICIT),
    case("an open deny", denied_when!(r#"{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#), GET, TABLE, &[], "allowed if it is not so that aws:SourceVpce is not `vpce-1`"),
    case(
        "outright beside a condition",
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a:x":"1"}}},{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        GET, TABLE, &[], ALLOW,
    ),
    case(
        "either of two conditions",
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a:x":"1"}}},{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:y":"true"}}}"#,
        GET, TABLE, &[], "allowed if a:x is `1`; or if a:y is `true`",
    ),
    case("an open variable in a value", when!(r#"{"StringEquals":{"a:x":"${aws:userid}"}}"#), GET, TABLE, &[("a:x", &["AIDA"])], "allowed if a:x is `${aws:userid}`"),
    case("an open IfExists", when!(r#"{"StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}"#), GET, TABLE, &[], "allowed if dynamodb:Select is `SPECIFIC_ATTRIBUTES`, or is not sent"),
];

fn policy(statements: &str) -> Policy {
    let json = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    parse_policy("policy", &Arc::from("policy.json"), &json).expect("the case is a policy")
}

fn ann() -> Caller {
    Caller::user(Some("ann"))
}

fn ask(caller: &Caller, identity: &[Policy], boundary: Option<&[Policy]>, case: &Case) -> String {
    let mut context = Context::new();
    for (key, values) in case.context {
        context = match values {
            [] => context.without(key),
            values => context.with_values(key, values),
        };
    }
    let request = Request {
        principal: caller,
        action: case.action,
        resource: &Resource::arn(case.resource),
        context: &context,
    };
    let policies = Policies {
        identity,
        boundary,
        ..Policies::default()
    };
    evaluate(&request, &policies).to_string()
}

#[test]
fn cases_by_hand() {
    assert!(CASES.len() >= 60, "{}", CASES.len());
    let wrong: Vec<String> = CASES
        .iter()
        .filter_map(|case| {
            let answer = ask(&ann(), &[policy(case.statements)], None, case);
            (answer != case.expected)
                .then(|| format!("{}: {answer}, not {}", case.name, case.expected))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_session_of_a_role_has_no_user_name() {
    let role = Caller::role(Some("ann"));
    let own = on!("arn:aws:dynamodb:*:*:table/${aws:username}");
    let case = case(
        "",
        own,
        GET,
        "arn:aws:dynamodb:eu-west-1:1:table/ann",
        &[],
        "",
    );
    assert_eq!(ask(&role, &[policy(own)], None, &case), IMPLICIT);
}

#[test]
fn the_older_version_knows_no_variables() {
    let json = r#"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/${aws:username}"}}"#;
    let old = parse_policy("p", &Arc::from("p.json"), json).unwrap();
    let case = case(
        "",
        "",
        GET,
        "arn:aws:dynamodb:eu-west-1:1:table/ann",
        &[],
        "",
    );
    assert_eq!(ask(&ann(), &[old], None, &case), IMPLICIT);
}

#[test]
fn several_policies_add_up() {
    let case = case("", "", GET, TABLE, &[], "");
    let two = [policy(act!("s3:*")), policy(act!("dynamodb:GetItem"))];
    assert_eq!(ask(&ann(), &two, None, &case), ALLOW);
    let deny = r#"{"Effect":"Deny","Action":"dynamodb:*","Resource":"*"}"#;
    let two = [policy(deny), policy(act!("dynamodb:GetItem"))];
    assert_eq!(ask(&ann(), &two, None, &case), EXPLICIT);
}

#[test]
fn a_boundary_only_narrows() {
    let case = case("", "", GET, TABLE, &[], "");
    let all = [policy(ALL)];
    let none: &[Policy] = &[];
    assert_eq!(ask(&ann(), none, Some(&all), &case), IMPLICIT);
    assert_eq!(ask(&ann(), &all, Some(none), &case), IMPLICIT);
    assert_eq!(ask(&ann(), &all, Some(&all), &case), ALLOW);
    let other = [policy(act!("s3:*"))];
    assert_eq!(ask(&ann(), &all, Some(&other), &case), IMPLICIT);
    let deny = [policy(r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#)];
    assert_eq!(ask(&ann(), &all, Some(&deny), &case), EXPLICIT);
    let open = [policy(when!(r#"{"Bool":{"a:y":"true"}}"#))];
    assert_eq!(
        ask(&ann(), &all, Some(&open), &case),
        "allowed if a:y is `true`"
    );
}

#[test]
fn long_patterns_take_no_exponential_time() {
    let stars = "a*".repeat(200);
    let json = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/{stars}b"}}}}"#
    );
    let policy = parse_policy("p", &Arc::from("p.json"), &json).unwrap();
    let name = "a".repeat(2000);
    let resource = Resource::arn(&format!("arn:aws:dynamodb:eu-west-1:1:table/{name}"));
    let context = Context::new();
    let request = Request {
        principal: &ann(),
        action: GET,
        resource: &resource,
        context: &context,
    };
    let policies = [policy];
    let policies = Policies {
        identity: &policies,
        ..Policies::default()
    };
    assert_eq!(evaluate(&request, &policies).to_string(), IMPLICIT);
}
