//! What an expression may be (shapes) and what it may hold (taints), by field.

use std::sync::Arc;

use keytrail_model::Transform;
use smallvec::SmallVec;

use crate::program::{ClassRef, FunctionRef, ModuleId, Site};
use crate::symbols::Sym;

/// A dotted path outside the tree: `django.http.JsonResponse`.
pub(crate) type Path = SmallVec<[Sym; 4]>;
/// Steps from a source into its parts.
pub(crate) type Fields = SmallVec<[Sym; 3]>;

/// Access paths are this long at most (design, section 6); what lies deeper belongs to its parent.
pub(crate) const LONGEST_PATH: usize = 3;
const MOST_SHAPES: usize = 6;
/// Lists of field names are as long as this.
const MOST_STRINGS: usize = 32;
const MOST_TAINTS: usize = 16;
const DEEPEST_FIELDS: u32 = 4;
const MOST_FIELDS: usize = 48;

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Str(Sym),
    Int(i64),
    Bool(bool),
    None,
    Function(FunctionRef),
    /// A function bound to an instance of a class.
    Method(FunctionRef, ClassRef),
    Class(ClassRef),
    Instance(ClassRef),
    /// `super()` inside a class.
    Super(ClassRef),
    Module(ModuleId),
    /// A directory of modules.
    Namespace(Arc<str>),
    /// Something imported from outside the tree.
    External(Path),
    /// What a call of something from outside gives: an instance, as a rule.
    Object(Path),
    /// Whatever the caller passes for a parameter, at a path.
    Param(u16, Fields),
    Aws(Arc<Aws>),
    /// A DynamoDB condition built with `Key` and `Attr`.
    Condition(Arc<Vec<Clause>>),
    /// `Key("x")` or `Attr("x")` before a comparison; true for `Key`.
    ConditionName(Sym, bool),
    /// What a table's name is read from.
    NameSource(NameSourceRef),
    /// Text of which only parts are known; `*` for the others.
    Pattern(Arc<str>),
    Partial(Arc<Partial>),
    /// A function with what it uses of the functions around it.
    Closure(FunctionRef, Arc<Vec<(Sym, Value)>>),
}

/// A callable with some of its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) callee: Value,
    pub(crate) positional: Vec<Value>,
    pub(crate) keyword: Vec<(Sym, Value)>,
}

impl Partial {
    fn has_params(&self) -> bool {
        self.callee.has_params()
            || self.positional.iter().any(Value::has_params)
            || self.keyword.iter().any(|(_, value)| value.has_params())
    }

    /// With `f` done to every value in it.
    pub(crate) fn map(&self, f: &dyn Fn(&Value) -> Value) -> Self {
        Self {
            callee: f(&self.callee),
            positional: self.positional.iter().map(f).collect(),
            keyword: self
                .keyword
                .iter()
                .map(|(name, value)| (*name, f(value)))
                .collect(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameSourceRef {
    Setting(Sym),
    Environment(Sym),
}

/// An AWS object of boto3 and its kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aws {
    Session,
    /// Service name.
    Client(Sym),
    Resource(Sym),
    /// A client or (true) resource of a service that a caller names.
    Open(Value, bool),
    /// A DynamoDB table; its name as a value.
    Table(Value),
    BatchWriter(Value),
    /// A paginator of an operation.
    Paginator(Sym),
}

/// One comparison of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) attribute: Option<Sym>,
    pub(crate) equal: bool,
    /// Built with `Key`, not `Attr`.
    pub(crate) key: bool,
    pub(crate) value: Value,
}

/// Where a taint began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Label {
    Param(u16),
    /// The current request.
    Request,
    Setting(Sym),
    Environment(Sym),
    WholeEnvironment,
    /// A key in the source text.
    Literal(Site),
    /// An item read by the call at the site.
    Item(Site),
    Vault(Site),
    Generated(Site),
    /// A caught exception; the handler's class expression or, for a bare one, the first call in it.
    Exception(Site),
}

/// One origin of a value.
#[derive(Clone, Debug)]
pub(crate) struct Taint {
    pub(crate) label: Label,
    pub(crate) path: Fields,
    pub(crate) transform: Transform,
    /// Where a check has tied this item to the caller: what a filter leaves, what a function
    /// returns behind a check. Not a property of the label: the unfiltered rest has it not.
    pub(crate) tie: Option<Tie>,
    pub(crate) trace: Trace,
}

/// A check that held an item against the caller's identity, or against what may yet turn out to
/// be that: a parameter, at a path.
#[derive(Clone, Debug)]
pub(crate) struct Tie {
    pub(crate) site: Site,
    pub(crate) given: Option<(u16, Fields)>,
}

impl Tie {
    /// The check, if it is one already.
    pub(crate) fn complete(&self) -> Option<Site> {
        self.given.is_none().then_some(self.site)
    }
}

impl PartialEq for Tie {
    /// Which of several checks it was does not count.
    fn eq(&self, other: &Self) -> bool {
        self.given == other.given
    }
}

impl Eq for Tie {}

impl PartialEq for Taint {
    /// The way does not count: a value that came by another way is the same value.
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
            && self.path == other.path
            && self.transform == other.transform
            && self.tie == other.tie
    }
}

impl Eq for Taint {}

/// The way that a taint came, last hop first.
pub(crate) type Trace = Option<Arc<Hop>>;

#[derive(Debug)]
pub(crate) enum Hop {
    At {
        site: Site,
        what: What,
        before: Trace,
        length: u32,
    },
    /// A way inside a callee, after the way to the call.
    Then {
        before: Trace,
        after: Trace,
        length: u32,
    },
}

/// Longer ways lose what lies behind: nobody reads them, and dropping one recurses.
const LONGEST_TRACE: u32 = 250;

fn length(trace: &Trace) -> u32 {
    match trace.as_deref() {
        None => 0,
        Some(Hop::At { length, .. } | Hop::Then { length, .. }) => *length,
    }
}

/// What happens at a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Source,
    Assigned(Sym),
    Passed(FunctionRef),
    Returned(FunctionRef),
    Kept(Sym),
}

pub(crate) fn hop(site: Site, what: What, before: &Trace) -> Trace {
    let length = length(before) + 1;
    if length > LONGEST_TRACE {
        return before.clone();
    }
    Some(Arc::new(Hop::At {
        site,
        what,
        before: before.clone(),
        length,
    }))
}

pub(crate) fn then(before: &Trace, after: &Trace) -> Trace {
    let length = length(before) + length(after);
    match (before, after) {
        (_, None) => before.clone(),
        (None, _) => after.clone(),
        _ if length > LONGEST_TRACE => before.clone(),
        _ => Some(Arc::new(Hop::Then {
            before: before.clone(),
            after: after.clone(),
            length,
        })),
    }
}

/// The hops of a way in order, the first `most` and last `most` of them.
pub(crate) fn unroll(trace: &Trace) -> Vec<(Site, What)> {
    let mut reversed = Vec::new();
    let mut stack = vec![trace.as_ref()];
    while let Some(next) = stack.pop() {
        match next.map(Arc::as_ref) {
            None => {}
            Some(Hop::At {
                site, what, before, ..
            }) => {
                reversed.push((*site, *what));
                stack.push(before.as_ref());
            }
            Some(Hop::Then { before, after, .. }) => {
                stack.push(before.as_ref());
                stack.push(after.as_ref());
            }
        }
        if reversed.len() > 256 {
            break;
        }
    }
    reversed.reverse();
    reversed
}

/// An abstract value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) shapes: SmallVec<[Shape; 1]>,
    /// Of the whole, and of every part that `fields` does not name.
    pub(crate) taints: SmallVec<[Taint; 1]>,
    /// Parts that are known by themselves, in the order they were set.
    pub(crate) fields: Option<Arc<Vec<(Sym, Value)>>>,
}

impl Value {
    pub(crate) fn of(shape: Shape) -> Self {
        Self {
            shapes: SmallVec::from_iter([shape]),
            ..Self::default()
        }
    }

    pub(crate) fn tainted(label: Label, trace: Trace) -> Self {
        let taint = Taint {
            label,
            path: Fields::new(),
            transform: Transform::None,
            tie: None,
            trace,
        };
        Self {
            taints: SmallVec::from_iter([taint]),
            ..Self::default()
        }
    }

    pub(crate) fn with_fields(fields: Vec<(Sym, Value)>) -> Self {
        Self {
            fields: Some(Arc::new(fields)),
            ..Self::default()
        }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.shapes.is_empty() && self.taints.is_empty() && self.fields.is_none()
    }

    pub(crate) fn add_shape(&mut self, shape: Shape) {
        let most = if matches!(shape, Shape::Str(_)) {
            MOST_STRINGS
        } else {
            MOST_SHAPES
        };
        if self.shapes.len() < most && !self.shapes.contains(&shape) {
            self.shapes.push(shape);
        }
    }

    pub(crate) fn add_taint(&mut self, taint: Taint) {
        if self.taints.len() < MOST_TAINTS && !self.taints.contains(&taint) {
            self.taints.push(taint);
        }
    }

    /// Becomes what either may be.
    pub(crate) fn join(&mut self, other: &Self) {
        self.join_at(other, 0);
    }

    fn join_at(&mut self, other: &Self, depth: u32) {
        if other.is_nothing() {
            return;
        }
        if self.is_nothing() {
            *self = other.clone();
            return;
        }
        self.join_fields(other, depth);
        for shape in &other.shapes {
            self.add_shape(shape.clone());
        }
        for taint in &other.taints {
            self.add_taint(taint.clone());
        }
    }

    /// A part that only one side names is, on the other side, whatever its whole says.
    fn join_fields(&mut self, other: &Self, depth: u32) {
        let same = match (&self.fields, &other.fields) {
            (None, None) => true,
            (Some(own), Some(theirs)) => Arc::ptr_eq(own, theirs),
            _ => false,
        };
        if same {
            return;
        }
        if depth >= DEEPEST_FIELDS {
            *self = self.flat();
            for taint in other.flat().taints {
                self.add_taint(taint);
            }
            return;
        }
        let mut joined: Vec<(Sym, Value)> = Vec::new();
        for (name, value) in self.fields.iter().flat_map(|fields| fields.iter()) {
            let mut value = value.clone();
            value.join_at(&other.field_part(*name), depth + 1);
            joined.push((*name, value));
        }
        for (name, value) in other.fields.iter().flat_map(|fields| fields.iter()) {
            if joined.len() >= MOST_FIELDS {
                break;
            }
            if joined.iter().all(|(own, _)| own != name) {
                let mut value = value.clone();
                value.join_at(&self.field_part(*name), depth + 1);
                joined.push((*name, value));
            }
        }
        self.fields = Some(Arc::new(joined));
    }

    /// Like [`Value::field`], without shapes of the whole.
    fn field_part(&self, name: Sym) -> Self {
        if name == Sym::ANY {
            // any of the parts that are known, or one of the rest
            let mut part = self.rest(name);
            for (_, value) in self.fields.iter().flat_map(|fields| fields.iter()) {
                part.join(&Self {
                    shapes: SmallVec::new(),
                    ..value.clone()
                });
            }
            return part;
        }
        match self.own_field(name) {
            Some(value) => value.clone(),
            None => self.rest(name),
        }
    }

    pub(crate) fn own_field(&self, name: Sym) -> Option<&Self> {
        self.fields
            .as_ref()?
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }

    fn rest(&self, name: Sym) -> Self {
        let taints = self.taints.iter().map(|taint| taint.step(name)).collect();
        Self {
            taints,
            ..Self::default()
        }
    }

    /// The part `name`: an entry of a dictionary or an attribute.
    pub(crate) fn field(&self, name: Sym) -> Self {
        let mut value = self.field_part(name);
        if self.own_field(name).is_none() {
            for shape in &self.shapes {
                if let Shape::Param(index, path) = shape
                    && path.len() < LONGEST_PATH
                {
                    let mut path = path.clone();
                    path.push(name);
                    value.add_shape(Shape::Param(*index, path));
                }
            }
        }
        value
    }

    /// Sets the part `name`, what it held before is gone.
    pub(crate) fn set_field(&mut self, name: Sym, value: Self) {
        let fields = Arc::make_mut(self.fields.get_or_insert_with(Arc::default));
        let room = fields.len() < MOST_FIELDS;
        match fields.iter_mut().find(|(own, _)| *own == name) {
            Some((_, old)) => *old = value,
            None if room => fields.push((name, value)),
            None => {}
        }
    }

    /// Everything that any part holds, as taints of the whole: for elements that can't be told apart.
    pub(crate) fn flat(&self) -> Self {
        let mut flat = Self {
            shapes: self.shapes.clone(),
            taints: self.taints.clone(),
            fields: None,
        };
        for (_, value) in self.fields.iter().flat_map(|fields| fields.iter()) {
            for taint in value.flat().taints {
                flat.add_taint(taint);
            }
        }
        flat
    }

    /// One element of a list, or what a dictionary's unknown key gives.
    pub(crate) fn element(&self) -> Self {
        // a list is the join of its elements, so that it and they look alike
        self.clone()
    }

    /// What a string made of this value holds.
    pub(crate) fn text(&self) -> Self {
        let mut text = self.flat();
        text.shapes.clear();
        text
    }

    /// With `transform` done to every taint; the strongest stays.
    pub(crate) fn transformed(&self, transform: Transform) -> Self {
        let mut value = self.text();
        for taint in &mut value.taints {
            taint.transform = taint.transform.max(transform);
        }
        value
    }

    /// What a few elements of it hold: of a text few characters, of a list whole elements.
    pub(crate) fn sliced(&self) -> Self {
        let mut value = self.clone();
        value
            .shapes
            .retain(|shape| !matches!(shape, Shape::Str(_) | Shape::Pattern(_)));
        if value.fields.is_none() {
            for taint in &mut value.taints {
                // an item as a whole is no text: this is a list of items
                if !(matches!(taint.label, Label::Item(_)) && taint.path.is_empty()) {
                    taint.transform = taint.transform.max(Transform::Masked);
                }
            }
        }
        value
    }

    /// What a closure keeps of it: functions without what they in turn hold, or two that know
    /// each other would grow for ever.
    pub(crate) fn without_closures(&self) -> Self {
        let mut value = self.clone();
        for shape in &mut value.shapes {
            if let Shape::Closure(function, _) = shape {
                *shape = Shape::Function(*function);
            }
        }
        value.shallow(1)
    }

    /// With a tie on every taint for which `tie` has one.
    pub(crate) fn tied(&self, tie: &dyn Fn(Label) -> Option<Tie>) -> Self {
        let mut value = self.clone();
        for taint in &mut value.taints {
            let held = taint.tie.as_ref().is_some_and(|tie| tie.given.is_none());
            if !held {
                taint.tie = tie(taint.label).or(taint.tie.take());
            }
        }
        if let Some(fields) = &self.fields
            && self.is_tainted()
        {
            let fields = fields.iter().map(|(name, part)| (*name, part.tied(tie)));
            value.fields = Some(Arc::new(fields.collect()));
        }
        value
    }

    /// Without the mask of something that opens: `SecretStr(key).get_secret_value()`.
    pub(crate) fn unmasked(&self) -> Self {
        let mut value = self.text();
        for taint in &mut value.taints {
            if taint.transform == Transform::Masked {
                taint.transform = Transform::None;
            }
        }
        value
    }

    /// With a hop on the way of every taint.
    pub(crate) fn hopped(&self, site: Site, what: What) -> Self {
        self.map_traces(&|trace| hop(site, what, trace), 0)
    }

    pub(crate) fn map_traces(&self, f: &dyn Fn(&Trace) -> Trace, depth: u32) -> Self {
        let taints = self
            .taints
            .iter()
            .map(|taint| Taint {
                trace: f(&taint.trace),
                ..taint.clone()
            })
            .collect();
        let fields = match &self.fields {
            Some(fields)
                if depth < DEEPEST_FIELDS && fields.iter().any(|(_, value)| value.is_tainted()) =>
            {
                Some(Arc::new(
                    fields
                        .iter()
                        .map(|(name, value)| (*name, value.map_traces(f, depth + 1)))
                        .collect(),
                ))
            }
            other => other.clone(),
        };
        Self {
            shapes: self.shapes.clone(),
            taints,
            fields,
        }
    }

    /// As a cell keeps it: what an instance holds is in the cells of its class already, and what
    /// lies deep in a structure is not told apart for ever.
    pub(crate) fn shallow(mut self, depth: u32) -> Self {
        if self
            .shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Instance(_)))
        {
            self.fields = None;
        } else if depth >= 2 && self.fields.is_some() {
            self = self.flat();
        } else if let Some(fields) = self.fields.take() {
            let fields = fields
                .iter()
                .map(|(name, value)| (*name, value.clone().shallow(depth + 1)))
                .collect();
            self.fields = Some(Arc::new(fields));
        }
        self
    }

    pub(crate) fn is_tainted(&self) -> bool {
        !self.taints.is_empty()
            || self
                .fields
                .iter()
                .flat_map(|fields| fields.iter())
                .any(|(_, value)| value.is_tainted())
    }

    /// The constant string, if it can be only one.
    pub(crate) fn constant(&self) -> Option<Sym> {
        let mut strings = self.shapes.iter().filter_map(|shape| match shape {
            Shape::Str(text) => Some(*text),
            _ => None,
        });
        let first = strings.next()?;
        strings.next().is_none().then_some(first)
    }

    /// The constant strings that it can only be; empty when it may be something else.
    pub(crate) fn names(&self) -> Vec<Sym> {
        if self.is_tainted() {
            return Vec::new();
        }
        self.shapes
            .iter()
            .map(|shape| match shape {
                Shape::Str(text) => Some(*text),
                _ => None,
            })
            .collect::<Option<_>>()
            .unwrap_or_default()
    }

    pub(crate) fn is_bool(&self, wanted: bool) -> bool {
        self.shapes.contains(&Shape::Bool(wanted))
    }

    /// True when something in it stands for a parameter.
    pub(crate) fn has_params(&self) -> bool {
        self.shapes.iter().any(|shape| match shape {
            Shape::Param(..) => true,
            Shape::Aws(aws) => match &**aws {
                Aws::Table(name) | Aws::BatchWriter(name) | Aws::Open(name, _) => name.has_params(),
                _ => false,
            },
            Shape::Condition(clauses) => clauses.iter().any(|clause| clause.value.has_params()),
            Shape::Partial(partial) => partial.has_params(),
            Shape::Closure(_, captured) => captured.iter().any(|(_, value)| value.has_params()),
            _ => false,
        }) || self
            .taints
            .iter()
            .any(|taint| matches!(taint.label, Label::Param(_)))
            || self
                .fields
                .iter()
                .flat_map(|fields| fields.iter())
                .any(|(_, value)| value.has_params())
    }
}

impl Taint {
    /// `request.user`, `request.auth`, `request.session`: what authentication says.
    pub(crate) fn is_identity(&self) -> bool {
        self.label == Label::Request
            && self
                .path
                .first()
                .is_some_and(|first| Sym::IDENTITIES.contains(first))
    }

    /// The taint of the part `name`.
    pub(crate) fn step(&self, name: Sym) -> Self {
        let mut taint = self.clone();
        if taint.path.len() < LONGEST_PATH
            && !matches!(self.label, Label::Literal(_) | Label::Generated(_))
        {
            taint.path.push(name);
        }
        taint
    }
}
