//! Classes of the tree that are models: their attributes, keys and indexes, as written.

use keytrail_model::{IndexKind, IndexProjection};
use rustc_hash::FxHashMap;

use super::library::{Library, ends};
use crate::interp::{Cell, Value};
use crate::program::{ClassRef, Program, Site};
use crate::resolve::{Base, Resolver};
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, ArgumentKind, Expr, ExprId, Module};

/// Part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Partition,
    Sort,
}

/// An attribute of a model.
#[derive(Clone, Debug)]
pub(crate) struct ModelAttribute {
    /// The name in the class.
    pub(crate) name: Sym,
    /// The name in the item.
    pub(crate) stored: Sym,
    pub(crate) role: Option<Role>,
    /// A class of the tree that says how it is stored.
    pub(crate) own: Option<ClassRef>,
    /// What the library calls the attribute's class.
    pub(crate) kind: Option<Sym>,
}

/// A secondary index of a model.
#[derive(Clone, Debug)]
pub(crate) struct ModelIndex {
    /// The name in the class.
    pub(crate) attribute: Sym,
    /// The name in the table.
    pub(crate) name: String,
    pub(crate) kind: IndexKind,
    /// Stored names.
    pub(crate) keys: Vec<(Sym, Role)>,
    pub(crate) projection: IndexProjection,
    pub(crate) site: Site,
}

/// A class that stands for a table.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) library: Library,
    pub(crate) attributes: Vec<ModelAttribute>,
    pub(crate) indexes: Vec<ModelIndex>,
}

impl Model {
    /// The attribute that the class calls `name`.
    pub(crate) fn attribute(&self, name: Sym) -> Option<&ModelAttribute> {
        self.attributes.iter().find(|own| own.name == name)
    }

    pub(crate) fn key(&self, role: Role) -> Option<&ModelAttribute> {
        self.attributes.iter().find(|own| own.role == Some(role))
    }

    pub(crate) fn index(&self, attribute: Sym) -> Option<&ModelIndex> {
        self.indexes.iter().find(|own| own.attribute == attribute)
    }

    /// By the name in the table.
    pub(crate) fn index_named(&self, name: &str) -> Option<&ModelIndex> {
        self.indexes.iter().find(|own| own.name == name)
    }
}

/// All models of the tree.
#[derive(Debug, Default)]
pub(crate) struct Models {
    by_class: FxHashMap<ClassRef, Model>,
    /// In the order of the sources.
    order: Vec<ClassRef>,
}

impl Models {
    pub(crate) fn new(program: &Program, resolver: &Resolver<'_>) -> Self {
        let mut models = Self::default();
        let reader = Reader { program, resolver };
        for (module, linked) in (0u32..).zip(&program.modules) {
            for (class, _) in (0u32..).zip(&linked.ir.classes) {
                let class = ClassRef(module, class);
                if let Some(model) = reader.model(class) {
                    models.by_class.insert(class, model);
                    models.order.push(class);
                }
            }
        }
        models
    }

    pub(crate) fn of(&self, class: ClassRef) -> Option<&Model> {
        if self.order.is_empty() {
            return None;
        }
        self.by_class.get(&class)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ClassRef, &Model)> {
        self.order
            .iter()
            .filter_map(|class| Some((*class, self.by_class.get(class)?)))
    }
}

/// The table's name as the cells have it; `read` gives a cell.
pub(crate) fn table_of(
    program: &Program,
    resolver: &Resolver<'_>,
    class: ClassRef,
    library: Library,
    read: &mut dyn FnMut(Cell) -> Value,
) -> Value {
    let lineage = own_lineage(resolver, class);
    if let Some((inner, variable)) = library.table_class() {
        let (Some(inner), Some(variable)) =
            (program.symbols.find(inner), program.symbols.find(variable))
        else {
            return Value::default();
        };
        for base in lineage {
            let Some(&meta) = resolver.class(base).classes.get(&inner) else {
                continue;
            };
            for meta in own_lineage(resolver, meta) {
                let value = read(Cell::Attribute(meta, variable));
                if !value.is_nothing() {
                    return value;
                }
            }
        }
        return Value::default();
    }
    let Some((variable, part)) = library.table_variable() else {
        return Value::default();
    };
    let Some(variable) = program.symbols.find(variable) else {
        return Value::default();
    };
    for base in lineage {
        let value = read(Cell::Attribute(base, variable));
        if !value.is_nothing() {
            return match part.and_then(|part| program.symbols.find(part)) {
                Some(part) => value.field(part),
                None => value,
            };
        }
    }
    Value::default()
}

fn own_lineage(resolver: &Resolver<'_>, class: ClassRef) -> Vec<ClassRef> {
    resolver
        .class(class)
        .lineage
        .iter()
        .filter_map(|base| match base {
            Base::Class(class) => Some(*class),
            Base::External(_) => None,
        })
        .collect()
}

struct Reader<'a> {
    program: &'a Program,
    resolver: &'a Resolver<'a>,
}

impl Reader<'_> {
    fn model(&self, class: ClassRef) -> Option<Model> {
        let lineage = &self.resolver.class(class).lineage;
        let library = lineage.iter().find_map(|base| match base {
            Base::External(path) => {
                let (package, name) = ends(self.program, path)?;
                Library::of_base(package, name)
            }
            Base::Class(_) => None,
        })?;
        let mut model = Model {
            library,
            attributes: Vec::new(),
            indexes: Vec::new(),
        };
        for base in own_lineage(self.resolver, class) {
            self.fields(base, &mut model);
            self.keys_by_name(base, &mut model);
        }
        Some(model)
    }

    fn fields(&self, class: ClassRef, model: &mut Model) {
        let schema = model
            .library
            .schema_class()
            .and_then(|name| self.program.symbols.find(name));
        let class = match schema {
            Some(schema) => match self.resolver.class(class).classes.get(&schema) {
                Some(&inner) => inner,
                None => return,
            },
            None => class,
        };
        for &(name, value) in &self.resolver.class(class).fields {
            let known = model.attribute(name).is_some() || model.index(name).is_some();
            let hidden = self.program.text(name).starts_with('_');
            if known || hidden {
                continue;
            }
            if let Some(index) = value.and_then(|value| self.index(class, name, value)) {
                model.indexes.push(index);
            } else if let Some(attribute) = self.attribute(class, name, value, model.library) {
                model.attributes.push(attribute);
            }
        }
    }

    fn attribute(
        &self,
        class: ClassRef,
        name: Sym,
        value: Option<ExprId>,
        library: Library,
    ) -> Option<ModelAttribute> {
        let mut attribute = ModelAttribute {
            name,
            stored: name,
            role: None,
            own: None,
            kind: None,
        };
        let call = value.and_then(|value| Call::of(self.module(class), value));
        let Some(call) = call else {
            return library.by_annotation().then_some(attribute);
        };
        let own = self.own_class(class, call.function);
        let kind = call.name(self.module(class))?;
        let telling = ["Attribute", "Field", "String", "Number", "List", "Dict"]
            .iter()
            .any(|word| kind.ends_with(word));
        if !(telling || own.is_some() || library.by_annotation() || library == Library::Dynamorm) {
            return None;
        }
        let renamed = ["attr_name", "alias"]
            .iter()
            .find_map(|keyword| call.text(self.module(class), keyword));
        attribute.stored = renamed
            .and_then(|text| self.program.symbols.find(text))
            .unwrap_or(name);
        let (partition, sort) = library.key_keywords();
        let is = |words: &[&str]| {
            words
                .iter()
                .any(|word| call.is_true(self.module(class), word))
        };
        attribute.role = match (is(partition), is(sort)) {
            (true, _) => Some(Role::Partition),
            (false, true) => Some(Role::Sort),
            _ => None,
        };
        attribute.own = own;
        attribute.kind = self.program.symbols.find(kind);
        Some(attribute)
    }

    /// Dyntastic's `__hash_key__ = "id"`, `DynamORM`'s `class Table: hash_key = "id"`.
    fn keys_by_name(&self, class: ClassRef, model: &mut Model) {
        let (holder, names) = match model.library {
            Library::Dyntastic => (Some(class), ["__hash_key__", "__range_key__"]),
            Library::Dynamorm => {
                let table = self.program.symbols.find("Table");
                let inner = table.and_then(|it| self.resolver.class(class).classes.get(&it));
                (inner.copied(), ["hash_key", "range_key"])
            }
            Library::Pynamo | Library::Pydynox => return,
        };
        let Some(holder) = holder else { return };
        for (name, role) in names.into_iter().zip([Role::Partition, Role::Sort]) {
            if model.key(role).is_some() {
                continue;
            }
            let stored = self.program.symbols.find(name).and_then(|name| {
                let fields = &self.resolver.class(holder).fields;
                let value = fields.iter().find(|(own, _)| *own == name)?.1?;
                match self.module(holder).expr(value) {
                    Expr::Str(text) => self.program.symbols.find(self.module(holder).text(*text)),
                    _ => None,
                }
            });
            if let Some(stored) = stored
                && let Some(attribute) = model
                    .attributes
                    .iter_mut()
                    .find(|own| own.stored == stored || own.name == stored)
            {
                attribute.role = Some(role);
            }
        }
    }

    /// `by_owner = ByOwner()` of a class with a `Meta`, or pydynox's
    /// `GlobalSecondaryIndex(index_name=…, partition_key=…)`.
    fn index(&self, class: ClassRef, attribute: Sym, value: ExprId) -> Option<ModelIndex> {
        let module = self.module(class);
        let call = Call::of(module, value)?;
        let site = Site(class.0, value);
        if let Some(own) = self.own_class(class, call.function) {
            let local = self.index_kind(own)?;
            return Some(self.index_class(own, attribute, local, site));
        }
        let kind = match call.name(module)? {
            "GlobalSecondaryIndex" => IndexKind::Global,
            "LocalSecondaryIndex" => IndexKind::Local,
            _ => return None,
        };
        let key = |words: &[&str], role| {
            let text = words.iter().find_map(|word| call.text(module, word))?;
            Some((self.program.symbols.find(text)?, role))
        };
        let keys = [
            key(&["partition_key", "hash_key"], Role::Partition),
            key(&["sort_key", "range_key"], Role::Sort),
        ];
        let projection = match call.keyword(module, "projection") {
            None => IndexProjection::All,
            Some(expr) => match module.expr(expr) {
                Expr::Str(text) => match module.text(*text) {
                    "ALL" => IndexProjection::All,
                    "KEYS_ONLY" => IndexProjection::KeysOnly,
                    _ => IndexProjection::Unknown,
                },
                Expr::Sequence(_) => IndexProjection::Include(texts(module, expr)),
                _ => IndexProjection::Unknown,
            },
        };
        Some(ModelIndex {
            attribute,
            name: call
                .text(module, "index_name")
                .unwrap_or_else(|| self.program.text(attribute))
                .to_owned(),
            kind,
            keys: keys.into_iter().flatten().collect(),
            projection,
            site,
        })
    }

    fn index_kind(&self, class: ClassRef) -> Option<IndexKind> {
        self.resolver
            .class(class)
            .lineage
            .iter()
            .find_map(|base| match base {
                Base::External(path) => match ends(self.program, path)? {
                    ("pynamodb" | "aiopynamodb", "GlobalSecondaryIndex") => Some(IndexKind::Global),
                    ("pynamodb" | "aiopynamodb", "LocalSecondaryIndex") => Some(IndexKind::Local),
                    _ => None,
                },
                Base::Class(_) => None,
            })
    }

    fn index_class(
        &self,
        index: ClassRef,
        attribute: Sym,
        kind: IndexKind,
        site: Site,
    ) -> ModelIndex {
        let mut found = ModelIndex {
            attribute,
            name: self.program.text(attribute).to_owned(),
            kind,
            keys: Vec::new(),
            projection: IndexProjection::Unknown,
            site,
        };
        let meta = self.program.symbols.find("Meta");
        for base in own_lineage(self.resolver, index) {
            let facts = self.resolver.class(base);
            for &(name, value) in &facts.fields {
                let attribute = self.attribute(base, name, value, Library::Pynamo);
                if let Some(attribute) = attribute
                    && let Some(role) = attribute.role
                {
                    found.keys.push((attribute.stored, role));
                }
            }
            let Some(&meta) = meta.and_then(|meta| facts.classes.get(&meta)) else {
                continue;
            };
            self.index_meta(meta, &mut found);
        }
        found
    }

    fn index_meta(&self, meta: ClassRef, found: &mut ModelIndex) {
        let module = self.module(meta);
        for &(name, value) in &self.resolver.class(meta).fields {
            let Some(value) = value else { continue };
            match (self.program.text(name), module.expr(value)) {
                ("index_name", Expr::Str(text)) => {
                    module.text(*text).clone_into(&mut found.name);
                }
                ("projection", Expr::Call(..)) => {
                    let Some(call) = Call::of(module, value) else {
                        continue;
                    };
                    found.projection = match call.name(module) {
                        Some("AllProjection") => IndexProjection::All,
                        Some("KeysOnlyProjection") => IndexProjection::KeysOnly,
                        Some("IncludeProjection") => {
                            let list = call.keyword(module, "non_attr_keys").or_else(|| call.at(0));
                            IndexProjection::Include(
                                list.map(|list| texts(module, list)).unwrap_or_default(),
                            )
                        }
                        _ => IndexProjection::Unknown,
                    };
                }
                _ => {}
            }
        }
    }

    fn own_class(&self, class: ClassRef, function: ExprId) -> Option<ClassRef> {
        match self.resolver.expression(class.0, function)? {
            crate::interp::Shape::Class(class) => Some(class),
            _ => None,
        }
    }

    fn module(&self, class: ClassRef) -> &Module {
        &self.program.module(class.0).ir
    }
}

/// A call, as written.
struct Call<'m> {
    function: ExprId,
    arguments: &'m [Argument],
}

impl<'m> Call<'m> {
    fn of(module: &'m Module, value: ExprId) -> Option<Self> {
        match module.expr(value) {
            Expr::Call(function, arguments) => Some(Self {
                function: *function,
                arguments,
            }),
            _ => None,
        }
    }

    /// The last word of what is called.
    fn name(&self, module: &'m Module) -> Option<&'m str> {
        match module.expr(self.function) {
            Expr::Name(name) | Expr::Attribute(_, name) => Some(module.text(*name)),
            // `Attribute[str](…)`
            Expr::Subscript(inner, _) => match module.expr(*inner) {
                Expr::Name(name) | Expr::Attribute(_, name) => Some(module.text(*name)),
                _ => None,
            },
            _ => None,
        }
    }

    fn keyword(&self, module: &Module, name: &str) -> Option<ExprId> {
        self.arguments
            .iter()
            .find_map(|argument| match argument.kind {
                ArgumentKind::Keyword(own) if module.text(own) == name => Some(argument.value),
                _ => None,
            })
    }

    fn at(&self, index: usize) -> Option<ExprId> {
        let argument = self.arguments.get(index)?;
        (argument.kind == ArgumentKind::Positional).then_some(argument.value)
    }

    fn text(&self, module: &'m Module, name: &str) -> Option<&'m str> {
        match module.expr(self.keyword(module, name)?) {
            Expr::Str(text) => Some(module.text(*text)),
            _ => None,
        }
    }

    fn is_true(&self, module: &Module, name: &str) -> bool {
        self.keyword(module, name)
            .is_some_and(|value| matches!(module.expr(value), Expr::Bool(true)))
    }
}

/// The constant texts of a list, sorted.
fn texts(module: &Module, list: ExprId) -> Vec<String> {
    let Expr::Sequence(parts) = module.expr(list) else {
        return Vec::new();
    };
    let mut texts: Vec<String> = parts
        .iter()
        .filter_map(|&part| match module.expr(part) {
            Expr::Str(text) => Some(module.text(*text).to_owned()),
            _ => None,
        })
        .collect();
    texts.sort();
    texts
}
