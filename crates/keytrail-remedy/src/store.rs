//! Where keys are read from that are taken out of the source.

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use crate::case::Draft;
use crate::python::Module;
use crate::{Piece, Why};

/// Where a key is to be read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// An environment variable, filled from a vault by whatever starts the process.
    #[default]
    Environment,
    /// Secrets Manager, asked once a process.
    SecretsManager,
    /// Parameter Store, asked once a process.
    ParameterStore,
}

const SECRETS_MANAGER: &str = "@functools.cache
def _secret(name):
    client = boto3.client(\"secretsmanager\")
    return client.get_secret_value(SecretId=name)[\"SecretString\"]
";

const PARAMETER_STORE: &str = "@functools.cache
def _secret(name):
    client = boto3.client(\"ssm\")
    answer = client.get_parameter(Name=name, WithDecryption=True)
    return answer[\"Parameter\"][\"Value\"]
";

impl Store {
    /// The expression that reads the key called `name`.
    pub(crate) fn expression(self, module: &Module, name: &str) -> String {
        module.quotes(&match self {
            Self::Environment => format!("os.environ[\"{name}\"]"),
            Self::SecretsManager | Self::ParameterStore => format!("_secret(\"{name}\")"),
        })
    }

    /// The function that the expression calls, behind the module's imports, unless it is there.
    pub(crate) fn helper(self, module: &Module) -> Result<Option<Piece>, Why> {
        let text = match self {
            Self::Environment => return Ok(None),
            Self::SecretsManager => module.quotes(SECRETS_MANAGER),
            Self::ParameterStore => module.quotes(PARAMETER_STORE),
        };
        let known = module.body().iter().find_map(|statement| match statement {
            Stmt::FunctionDef(it) if it.name.as_str() == "_secret" => Some(it),
            _ => None,
        });
        if let Some(known) = known {
            let same = module.source(known).replace("\r\n", "\n").trim() == text.trim();
            let other = Why::Shape("the module has a function _secret of its own");
            return if same { Ok(None) } else { Err(other) };
        }
        let at = module.behind_imports()?;
        let lead = if at == 0 { "" } else { "\n\n" };
        Ok(Some(Piece::new(at..at, format!("{lead}{text}\n"))))
    }

    /// What the expression needs.
    pub(crate) fn imports(self, draft: Draft) -> Draft {
        match self {
            Self::Environment => draft.import("os", None),
            _ => draft.import("functools", None).import("boto3", None),
        }
    }

    /// As a title says it.
    pub(crate) fn place(self, name: &str) -> String {
        match self {
            Self::Environment => format!("{name} of the environment"),
            Self::SecretsManager => format!("the secret {name} of Secrets Manager"),
            Self::ParameterStore => format!("the parameter {name} of Parameter Store"),
        }
    }

    /// What has to be done for it.
    pub(crate) fn to_do(self, name: &str) -> String {
        match self {
            Self::Environment => format!("set {name}, from a vault, wherever this runs"),
            Self::SecretsManager => format!(
                "put the key into the secret {name}, and let the process's role read it (secretsmanager:GetSecretValue)"
            ),
            Self::ParameterStore => format!(
                "put the key into the SecureString {name}, and let the process's role read it (ssm:GetParameter, kms:Decrypt)"
            ),
        }
    }
}

impl Module {
    /// Where the line behind the imports at the head of the module begins.
    fn behind_imports(&self) -> Result<usize, Why> {
        let is_head = |it: &&Stmt| {
            matches!(it, Stmt::Import(_) | Stmt::ImportFrom(_))
                || matches!(it, Stmt::Expr(expr) if expr.value.is_string_literal_expr())
        };
        let Some(last) = self.body().iter().take_while(is_head).last() else {
            let first = self
                .body()
                .first()
                .ok_or(Why::Shape("the file has no statement"))?;
            return Ok(self.text.line_start(first.start().to_usize()));
        };
        let end = last.end().to_usize();
        let next = self.text.next_line(end);
        let rest = self.text.slice(end..next);
        let whole = rest.trim().is_empty() || rest.trim().starts_with('#');
        if !whole || !rest.ends_with(['\n', '\r']) {
            return Err(Why::Shape(
                "statements share a line where the helper belongs",
            ));
        }
        Ok(next)
    }
}
