//! An abstract value: what it may be and what it may hold, by field.

use keytrail_model::Transform;

use super::list::List;
use super::parts::Parts;
use super::shape::{Aws, NameSourceRef, Shape};
use super::taint::{Fields, LONGEST_PATH, Label, Taint, Tie, Trace, What, hop, repeats};
use crate::program::Site;
use crate::symbols::Sym;

const MOST_SHAPES: usize = 6;
/// Lists of field names are as long as this.
const MOST_STRINGS: usize = 32;
const MOST_TAINTS: usize = 16;
const DEEPEST_FIELDS: u32 = 4;
/// More parts than this are not told apart where any of them is meant.
const MOST_JOINED: u32 = 32;

/// An abstract value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) shapes: List<Shape>,
    /// Of the whole, and of every part that `fields` does not name.
    pub(crate) taints: List<Taint>,
    /// Parts that are known by themselves, in the order they were set.
    pub(crate) fields: Option<Parts>,
}

impl Value {
    pub(crate) fn of(shape: Shape) -> Self {
        Self {
            shapes: List::one(shape),
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
            taints: List::one(taint),
            ..Self::default()
        }
    }

    pub(crate) fn with_fields(fields: Vec<(Sym, Value)>) -> Self {
        let mut value = Self::default();
        value.set_fields(fields);
        value
    }

    /// With these parts; what there is no room for belongs to the whole.
    fn set_fields(&mut self, fields: Vec<(Sym, Self)>) {
        let (parts, rest) = Parts::fitted(fields);
        self.fields = Some(parts);
        for (_, part) in &rest {
            self.hold_contents(part);
        }
    }

    /// Whatever `part` holds, the whole holds.
    fn hold_contents(&mut self, part: &Self) {
        for taint in part.flat().taints {
            self.add_taint(taint);
        }
    }

    /// True when both are one value, not two that are alike: cheap, and false for some equal ones.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.shapes.is_same(&other.shapes)
            && self.taints.is_same(&other.taints)
            && self.same_fields(other)
    }

    fn same_fields(&self, other: &Self) -> bool {
        match (&self.fields, &other.fields) {
            (None, None) => true,
            (Some(own), Some(theirs)) => own.is_same(theirs),
            _ => false,
        }
    }

    /// How many parts it has, on all levels.
    pub(super) fn part_count(&self) -> u32 {
        self.fields.as_ref().map_or(0, Parts::count)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.shapes.is_empty() && self.taints.is_empty() && self.fields.is_none()
    }

    pub(crate) fn add_shape(&mut self, shape: Shape) {
        if self.lacks_shape(&shape) {
            self.shapes.push(shape);
        }
    }

    /// True when there is room for `shape`, and it is not there yet.
    fn lacks_shape(&self, shape: &Shape) -> bool {
        let most = if matches!(shape, Shape::Str(_)) {
            MOST_STRINGS
        } else {
            MOST_SHAPES
        };
        self.shapes.len() < most && !self.shapes.contains(shape)
    }

    /// True when `taint` with `transform` done to it would add nothing.
    pub(super) fn holds(&self, taint: &Taint, transform: Transform) -> bool {
        self.taints.len() >= MOST_TAINTS
            || self.taints.iter().any(|own| {
                own.label == taint.label
                    && own.path == taint.path
                    && own.transform == taint.transform.max(transform)
                    && own.tie == taint.tie
            })
    }

    pub(crate) fn add_taint(&mut self, taint: Taint) {
        if self.lacks_taint(&taint) {
            self.taints.push(taint);
        }
    }

    /// True when there is room for `taint`, and it is not there yet.
    fn lacks_taint(&self, taint: &Taint) -> bool {
        self.taints.len() < MOST_TAINTS && !self.taints.contains(taint)
    }

    /// Becomes what either may be.
    pub(crate) fn join(&mut self, other: &Self) {
        self.grow(other);
    }

    /// The same; true when that is more than it was.
    pub(crate) fn grow(&mut self, other: &Self) -> bool {
        self.join_at(other, 0)
    }

    fn join_at(&mut self, other: &Self, depth: u32) -> bool {
        if other.is_nothing() || self.is_same(other) {
            return false;
        }
        if self.is_nothing() {
            *self = other.clone();
            return true;
        }
        let mut more = self.join_fields(other, depth);
        if !self.shapes.is_same(&other.shapes) {
            for shape in &other.shapes {
                if self.lacks_shape(shape) {
                    self.shapes.push(shape.clone());
                    more = true;
                }
            }
        }
        if !self.taints.is_same(&other.taints) {
            for taint in &other.taints {
                if self.lacks_taint(taint) {
                    self.taints.push(taint.clone());
                    more = true;
                }
            }
        }
        more
    }

    /// A part that only one side names is, on the other side, whatever its whole says.
    fn join_fields(&mut self, other: &Self, depth: u32) -> bool {
        if self.same_fields(other) {
            return false;
        }
        if depth >= DEEPEST_FIELDS {
            let before = self.clone();
            *self = self.flat();
            self.hold_contents(other);
            return *self != before;
        }
        let mut more = false;
        let mut joined: Vec<(Sym, Value)> = Vec::new();
        for (name, value) in self.fields.iter().flat_map(|fields| fields.iter()) {
            let mut value = value.clone();
            more |= value.join_at(&other.field_part(*name), depth + 1);
            joined.push((*name, value));
        }
        for (name, value) in other.fields.iter().flat_map(|fields| fields.iter()) {
            if self.own_field(*name).is_none() {
                let mut value = value.clone();
                value.join_at(&self.field_part(*name), depth + 1);
                joined.push((*name, value));
                more = true;
            }
        }
        // a dictionary with nothing known in it is one all the same
        more |= self.fields.is_none();
        if more {
            self.set_fields(joined);
        }
        more
    }

    /// Like [`Value::field`], without shapes of the whole.
    fn field_part(&self, name: Sym) -> Self {
        if name == Sym::ANY {
            // any of the parts that are known, or one of the rest
            let mut part = self.rest(name);
            if let Some(fields) = &self.fields
                && fields.count() > MOST_JOINED
            {
                for taint in fields.contents() {
                    part.add_taint(taint.clone());
                }
                return part;
            }
            for (_, value) in self.fields.iter().flat_map(|fields| fields.iter()) {
                let mut value = value.clone();
                value.shapes.retain(Shape::is_callable);
                part.join(&value);
            }
            return part;
        }
        match self.own_field(name) {
            Some(value) => value.clone(),
            None => self.rest(name),
        }
    }

    pub(crate) fn own_field(&self, name: Sym) -> Option<&Self> {
        self.fields.as_ref()?.find(name)
    }

    fn rest(&self, name: Sym) -> Self {
        if name.is_place() {
            return self.rest_at(name);
        }
        // `rows["a"]` of a list written out: of each of its elements
        if self.has_places() {
            return self.element().field_part(name);
        }
        let taints = self.taints.iter().map(|taint| taint.step(name)).collect();
        Self {
            taints,
            ..Self::default()
        }
    }

    /// The part `name`: an entry of a dictionary or an attribute.
    pub(crate) fn field(&self, name: Sym) -> Self {
        let mut value = self.field_part(name);
        if name.is_place() && self.own_field(name).is_none() && !self.has_places() {
            for shape in &self.shapes {
                if !matches!(shape, Shape::Param(..)) {
                    value.add_shape(shape.clone());
                }
            }
        }
        if self.own_field(name).is_none() {
            for shape in &self.shapes {
                if let Shape::Param(index, path) = shape
                    && path.len() < LONGEST_PATH
                {
                    let mut path = *path;
                    if !repeats(&path, name) {
                        path.push(name);
                    }
                    value.add_shape(Shape::Param(*index, path));
                }
            }
        }
        value
    }

    /// A part whose name says nothing to the program: it holds what no named part does, and is no
    /// secret by its name.
    pub(crate) fn unnamed_part(&self) -> Self {
        let mut part = self.field_part(Sym::ANY);
        part.fields = None;
        part.shapes.clear();
        part
    }

    /// Sets the part `name`, what it held before is gone. A part that there is no room for belongs to the whole.
    pub(crate) fn set_field(&mut self, name: Sym, value: Self) {
        let parts = self.fields.get_or_insert_with(Parts::default);
        if let Some(rest) = parts.set(name, value) {
            self.hold_contents(&rest);
        }
    }

    /// Everything that any part holds, as taints of the whole: for elements that can't be told apart.
    pub(crate) fn flat(&self) -> Self {
        let mut flat = Self {
            shapes: self.shapes.clone(),
            taints: self.taints.clone(),
            fields: None,
        };
        let Some(fields) = &self.fields else {
            return flat;
        };
        if flat.taints.is_empty() {
            flat.taints = fields.contents().clone();
        } else {
            for taint in fields.contents() {
                flat.add_taint(taint.clone());
            }
        }
        flat
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
        if value.has_places() {
            return value;
        }
        if value.fields.is_some() {
            return value.with_texts_masked(0);
        }
        for taint in &mut value.taints {
            // an item as a whole is no text: this is a list of items
            let entry = self.shapes.contains(&Shape::SomeEntry);
            if entry || !(matches!(taint.label, Label::Item(_)) && taint.path.is_empty()) {
                taint.transform = taint.transform.max(Transform::Masked);
            }
        }
        value
    }

    /// Of something that may be a list or a text: what can only be a text is masked.
    fn with_texts_masked(mut self, depth: u32) -> Self {
        for taint in &mut self.taints {
            if matches!(
                taint.label,
                Label::Setting(_) | Label::Environment(_) | Label::Literal(_)
            ) {
                taint.transform = taint.transform.max(Transform::Masked);
            }
        }
        if let Some(fields) = &self.fields
            && fields.is_tainted()
            && depth < DEEPEST_FIELDS
        {
            let masked = |part: &Self| part.clone().with_texts_masked(depth + 1);
            let fields = fields.iter().map(|(name, part)| (*name, masked(part)));
            self.fields = Some(fields.collect());
        }
        self
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
        if !self.is_tainted() {
            return self.clone();
        }
        let mut value = self.clone();
        for taint in &mut value.taints {
            let held = taint.tie.as_ref().is_some_and(|tie| tie.given.is_none());
            if !held {
                taint.tie = tie(taint.label).map(Box::new).or(taint.tie.take());
            }
        }
        if let Some(fields) = &self.fields
            && fields.is_tainted()
        {
            let fields = fields.iter().map(|(name, part)| (*name, part.tied(tie)));
            value.fields = Some(fields.collect());
        }
        value
    }

    /// With the tie that `tie` has for each taint, in the fields too.
    pub(crate) fn with_taint_ties(
        mut self,
        tie: &dyn Fn(&Taint) -> Option<Tie>,
        depth: u32,
    ) -> Self {
        for taint in &mut self.taints {
            if taint.tie.is_none() {
                taint.tie = tie(taint).map(Box::new);
            }
        }
        if let Some(fields) = &self.fields
            && depth < DEEPEST_FIELDS
        {
            let fields = fields
                .iter()
                .map(|(name, part)| (*name, part.clone().with_taint_ties(tie, depth + 1)));
            self.fields = Some(fields.collect());
        }
        self
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
        if !self.is_tainted() {
            return self.clone();
        }
        let taints = self
            .taints
            .iter()
            .map(|taint| Taint {
                trace: f(&taint.trace),
                ..taint.clone()
            })
            .collect();
        let fields = match &self.fields {
            Some(fields) if depth < DEEPEST_FIELDS && fields.is_tainted() => Some(
                fields
                    .iter()
                    .map(|(name, value)| (*name, value.map_traces(f, depth + 1)))
                    .collect(),
            ),
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
            self.fields = Some(fields);
        }
        self
    }

    pub(crate) fn is_tainted(&self) -> bool {
        !self.taints.is_empty() || self.fields.as_ref().is_some_and(Parts::is_tainted)
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

    /// True when a check in it, or the name of a part, is only complete with what a caller passes.
    pub(super) fn has_open_tie(&self) -> bool {
        let open = |taint: &Taint| {
            taint.tie.as_ref().is_some_and(|tie| tie.given.is_some())
                || taint.path.iter().any(|name| name.giver().is_some())
        };
        self.taints.iter().any(open) || self.fields.as_ref().is_some_and(Parts::has_open_tie)
    }

    /// True when something in it stands for a parameter.
    pub(crate) fn has_params(&self) -> bool {
        self.shapes.iter().any(|shape| match shape {
            Shape::Param(..) | Shape::NameSource(NameSourceRef::Named(_)) => true,
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
            || self.fields.as_ref().is_some_and(Parts::has_params)
    }
}
