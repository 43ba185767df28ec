//! Rights that have nothing to do with one table: reading every vault, raising one's own rights.
//!
//! The question is always "on whichever resource there may be": only a pattern that covers a name
//! of which nothing is known allows it. So what is limited to a path, a tag or a name is no right
//! of this kind.

use std::sync::Arc;

use keytrail_model::{Right, RightKind, Step};

use crate::arns::arn;
use crate::evaluate::{
    Alternative, Caller, Context, Decision, Effect, Policies, Policy, Request, Resource, Resources,
    evaluate,
};
use crate::glob::Fit;
use crate::grants::step;
use crate::text::Text;

/// What an action is asked on.
#[derive(Clone, Copy)]
enum On {
    /// `service`, `kind` of an ARN before the name.
    Any(&'static str, &'static str),
    /// A role, whichever, or the caller's own.
    Role,
    /// A user, whichever, or the caller itself.
    User,
    /// The action knows no resource.
    All,
}

/// One action on a kind of resource.
type Ask = (&'static str, On);

const SECRETS: &[Ask] = &[
    (
        "secretsmanager:GetSecretValue",
        On::Any("secretsmanager", "secret:"),
    ),
    ("secretsmanager:BatchGetSecretValue", On::All),
];
const PARAMETERS: &[Ask] = &[
    ("ssm:GetParameter", On::Any("ssm", "parameter/")),
    ("ssm:GetParameters", On::Any("ssm", "parameter/")),
    ("ssm:GetParametersByPath", On::Any("ssm", "parameter/")),
    ("ssm:GetParameterHistory", On::Any("ssm", "parameter/")),
];
const DECRYPT: &[Ask] = &[("kms:Decrypt", On::Any("kms", "key/"))];

/// Ways to more rights: every action of one way must be allowed.
const RAISING: &[&[Ask]] = &[
    &[("iam:CreatePolicyVersion", On::Any("iam", "policy/"))],
    &[("iam:SetDefaultPolicyVersion", On::Any("iam", "policy/"))],
    &[("iam:AttachRolePolicy", On::Role)],
    &[("iam:AttachUserPolicy", On::User)],
    &[("iam:AttachGroupPolicy", On::Any("iam", "group/"))],
    &[("iam:PutRolePolicy", On::Role)],
    &[("iam:PutUserPolicy", On::User)],
    &[("iam:PutGroupPolicy", On::Any("iam", "group/"))],
    &[("iam:AddUserToGroup", On::Any("iam", "group/"))],
    &[("iam:CreateAccessKey", On::Any("iam", "user/"))],
    &[("iam:CreateLoginProfile", On::Any("iam", "user/"))],
    &[("iam:UpdateLoginProfile", On::Any("iam", "user/"))],
    &[("iam:UpdateAssumeRolePolicy", On::Any("iam", "role/"))],
    &[("iam:DeleteRolePermissionsBoundary", On::Role)],
    &[("iam:DeleteUserPermissionsBoundary", On::User)],
    &[("sts:AssumeRole", On::Any("iam", "role/"))],
    &[("lambda:UpdateFunctionCode", On::Any("lambda", "function:"))],
    &[("ssm:SendCommand", On::Any("ec2", "instance/"))],
    &[PASS, ("ec2:RunInstances", On::Any("ec2", "instance/"))],
    &[
        PASS,
        ("lambda:CreateFunction", On::Any("lambda", "function:")),
        ("lambda:InvokeFunction", On::Any("lambda", "function:")),
    ],
    &[
        PASS,
        ("ecs:RegisterTaskDefinition", On::All),
        ("ecs:RunTask", On::Any("ecs", "task-definition/")),
    ],
    &[
        PASS,
        (
            "cloudformation:CreateStack",
            On::Any("cloudformation", "stack/"),
        ),
    ],
    &[
        PASS,
        ("codebuild:CreateProject", On::Any("codebuild", "project/")),
        ("codebuild:StartBuild", On::Any("codebuild", "project/")),
    ],
    &[PASS, ("glue:CreateJob", On::Any("glue", "job/"))],
    &[
        PASS,
        (
            "states:CreateStateMachine",
            On::Any("states", "stateMachine:"),
        ),
        ("states:StartExecution", On::Any("states", "stateMachine:")),
    ],
    &[
        PASS,
        (
            "sagemaker:CreateNotebookInstance",
            On::Any("sagemaker", "notebook-instance/"),
        ),
    ],
    &[
        PASS,
        (
            "scheduler:CreateSchedule",
            On::Any("scheduler", "schedule/"),
        ),
    ],
];
const PASS: Ask = ("iam:PassRole", On::Any("iam", "role/"));

/// What remains to hold, and the statements.
pub(crate) type Allowed = (Vec<String>, Vec<Step>);

/// Somebody with one set of policies.
pub(crate) struct Holder<'h> {
    pub(crate) address: &'h Arc<str>,
    pub(crate) caller: &'h Caller,
    /// ARNs that are the caller's own.
    pub(crate) own: &'h [Text],
    pub(crate) identity: &'h [Policy],
    pub(crate) boundary: Option<&'h [Policy]>,
}

/// All that `holder` may do to whichever vault or principal.
pub(crate) fn of(holder: &Holder<'_>) -> Vec<Right> {
    if holder.identity.is_empty() {
        return Vec::new();
    }
    let vaults = [
        (RightKind::ReadSecrets, SECRETS),
        (RightKind::ReadParameters, PARAMETERS),
        (RightKind::Decrypt, DECRYPT),
    ];
    let vaults = vaults.into_iter().filter_map(|(kind, asks)| {
        let open: Vec<Ask> = asks
            .iter()
            .copied()
            .filter(|ask| holder.may(*ask).is_some())
            .collect();
        holder.right(kind, &open)
    });
    let raising = RAISING
        .iter()
        .filter_map(|way| holder.right(RightKind::RaiseRights, way));
    vaults.chain(raising).collect()
}

impl Holder<'_> {
    /// The right that needs all of these actions; `None` where one is missing.
    fn right(&self, kind: RightKind, asks: &[Ask]) -> Option<Right> {
        if asks.is_empty() {
            return None;
        }
        let mut conditions = Vec::new();
        let mut statements: Vec<Step> = Vec::new();
        for ask in asks {
            let (more, steps) = self.may(*ask)?;
            conditions.extend(more);
            for step in steps {
                if !statements.contains(&step) {
                    statements.push(step);
                }
            }
        }
        conditions.sort();
        conditions.dedup();
        let names: Vec<&str> = asks.iter().map(|(action, _)| *action).collect();
        Some(Right {
            principal: Arc::clone(self.address),
            kind,
            way: names.join(" with "),
            conditions,
            statements,
        })
    }

    /// The conditions and statements by which an action is allowed on whichever resource. A
    /// condition on the resource's tags limits it to some.
    fn may(&self, (action, on): Ask) -> Option<(Vec<String>, Vec<Step>)> {
        self.may_on(action, &self.resource(on), &Context::new())
    }

    /// The same on one resource.
    pub(crate) fn may_on(
        &self,
        action: &str,
        resource: &Resource,
        context: &Context,
    ) -> Option<Allowed> {
        let request = Request {
            principal: self.caller,
            action,
            resource,
            context,
        };
        let policies = Policies {
            identity: self.identity,
            boundary: self.boundary,
            ..Policies::default()
        };
        match evaluate(&request, &policies) {
            Decision::Allow(by) => Some((Vec::new(), by.iter().take(1).map(step).collect())),
            Decision::AllowedIf(ways) => ways.iter().find(|way| !limits(way)).map(|way| {
                let texts = way.conditions.iter().map(|it| it.text.clone()).collect();
                (texts, way.by.iter().take(1).map(step).collect())
            }),
            Decision::ExplicitDeny(_) | Decision::ImplicitDeny(_) => None,
        }
    }

    /// The same on some resource, of which the caller picks the name: what it creates.
    pub(crate) fn may_on_some(&self, action: &str, service: &str) -> Option<Allowed> {
        let statements = self.identity.iter().flat_map(|policy| &policy.statements);
        let allowing = statements.filter(|statement| {
            statement.effect == Effect::Allow && statement.actions.fit(action).0 == Fit::Yes
        });
        let mut patterns = allowing.flat_map(|statement| match &statement.resources {
            Resources::Only(listed) => listed.iter().map(Some).collect::<Vec<_>>(),
            Resources::AllBut(_) => vec![None],
        });
        patterns.find_map(|pattern| {
            let spelled = pattern.and_then(|pattern| pattern.spellings().first());
            let any = arn(service, "");
            let whole = spelled.is_none_or(|text| text.known() == Some("*"));
            let resource = if whole {
                let mut any = any;
                any.append(&Text::hole(None));
                Resource::new(&[any])
            } else {
                Resource::new(spelled.map_or(&[], std::slice::from_ref))
            };
            self.may_on(action, &resource, &Context::new())
        })
    }

    fn resource(&self, on: On) -> Resource {
        let any = |service: &str, kind: &str| {
            let mut text = arn(service, kind);
            text.append(&Text::hole(None));
            text
        };
        let with_own = |kind: &str| {
            let mut all = vec![any("iam", kind)];
            all.extend(self.own.iter().cloned());
            Resource::new(&all)
        };
        match on {
            On::Any(service, kind) => Resource::new(&[any(service, kind)]),
            On::Role => with_own("role/"),
            On::User => with_own("user/"),
            On::All => Resource::new(&[Text::hole(None)]),
        }
    }
}

/// Conditions that pick some of the resources, or the service that asks in the caller's name.
fn limits(way: &Alternative<'_>) -> bool {
    way.conditions.iter().any(|remaining| {
        remaining.condition.is_none_or(|condition| {
            let key = condition.key.to_ascii_lowercase();
            let words = [
                "resourcetag/",
                "tagkeys",
                "viaservice",
                "encryptioncontext",
                "passedtoservice",
                "calledvia",
                "permissionsboundary",
                "policyarn",
                "secretid",
                "requesttag/",
                "resourceaccount",
                "kms:resourcealiases",
                "recursive",
            ];
            words.iter().any(|word| key.contains(word))
        })
    })
}
