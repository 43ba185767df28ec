//! The mappers that are followed, and how each says things.

use crate::program::Program;
use crate::symbols::Sym;

/// A mapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// PynamoDB and its asynchronous forks.
    Pynamo,
    Dyntastic,
    Pydynox,
    Dynamorm,
}

/// Libraries whose models are not followed: the coverage says so.
const NOT_FOLLOWED: [(&str, &str); 8] = [
    ("bloop", "Bloop"),
    ("flywheel", "Flywheel"),
    ("aiodynamo", "aiodynamo"),
    ("aiodynamodb", "aiodynamodb"),
    ("pydynamodb", "PyDynamoDB"),
    ("django_dynamodb_backend", "django-dynamodb-backend"),
    ("dynamodb_mapper", "dynamodb-mapper"),
    ("amano", "Amano"),
];

impl Library {
    /// By the dotted path of a base class.
    pub(super) fn of_base(package: &str, class: &str) -> Option<Self> {
        Some(match (package, class) {
            ("pynamodb" | "aiopynamodb", "Model") => Self::Pynamo,
            ("dyntastic", "Dyntastic") => Self::Dyntastic,
            ("pydynox", "Model") => Self::Pydynox,
            ("dynamorm", "DynaModel") => Self::Dynamorm,
            _ => return None,
        })
    }

    /// The class inside a model that names its table, and the name's name there.
    pub(super) fn table_class(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Pynamo => Some(("Meta", "table_name")),
            Self::Dynamorm => Some(("Table", "name")),
            Self::Dyntastic | Self::Pydynox => None,
        }
    }

    /// The variable of the model that names its table, and its part that does.
    pub(super) fn table_variable(self) -> Option<(&'static str, Option<&'static str>)> {
        match self {
            Self::Dyntastic => Some(("__table_name__", None)),
            Self::Pydynox => Some(("model_config", Some("table"))),
            Self::Pynamo | Self::Dynamorm => None,
        }
    }

    /// The class inside a model that holds its attributes, where it is not the model itself.
    pub(super) fn schema_class(self) -> Option<&'static str> {
        match self {
            Self::Dynamorm => Some("Schema"),
            _ => None,
        }
    }

    /// True where every annotated name of the class is an attribute.
    pub(super) fn by_annotation(self) -> bool {
        matches!(self, Self::Dyntastic)
    }

    /// Keywords of an attribute's constructor that make it the key of its table: partition, sort.
    pub(super) fn key_keywords(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Pydynox => (&["partition_key", "hash_key"], &["sort_key", "range_key"]),
            _ => (&["hash_key"], &["range_key"]),
        }
    }
}

/// Mappers that the tree imports and that are not followed.
pub(crate) fn not_followed(program: &Program) -> Vec<&'static str> {
    NOT_FOLLOWED
        .iter()
        .filter(|(module, _)| program.imports_external(module))
        .map(|(_, name)| *name)
        .collect()
}

/// The first and last word of an external path.
pub(super) fn ends<'p>(program: &'p Program, path: &[Sym]) -> Option<(&'p str, &'p str)> {
    let (first, last) = (path.first()?, path.last()?);
    Some((program.text(*first), program.text(*last)))
}
