//! Arguments of a call, evaluated.

use super::Machine;
use super::shape::{Partial, Shape};
use super::value::Value;
use crate::program::{ModuleId, Site};
use crate::symbols::Sym;
use crate::syntax::ir::{Argument, ArgumentKind, ExprId, Function, ParameterKind};

#[derive(Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<(Value, Site)>,
    pub(super) keyword: Vec<(Sym, Value, Site)>,
    /// `*args`.
    pub(super) star: Option<Value>,
    /// `**kwargs`.
    pub(super) double: Option<Value>,
}

impl Arguments {
    pub(super) fn first(&self) -> Value {
        self.at(0)
    }

    pub(super) fn at(&self, index: usize) -> Value {
        match self.positional.get(index) {
            Some((value, _)) => value.clone(),
            None => match &self.star {
                Some(star) => starred(star, index - self.positional.len()),
                None => Value::default(),
            },
        }
    }

    /// What was passed by the expression `id` of `module`.
    pub(super) fn of(&self, id: ExprId, module: ModuleId) -> Value {
        let site = Site(module, id);
        let positional = self.positional.iter().map(|(value, at)| (value, at));
        let keyword = self.keyword.iter().map(|(_, value, at)| (value, at));
        positional
            .chain(keyword)
            .find(|(_, at)| **at == site)
            .map(|(value, _)| value.clone())
            .unwrap_or_default()
    }

    /// The keyword argument `name`, also from `**kwargs`.
    pub(super) fn named(&self, name: Sym) -> Option<Value> {
        if let Some((_, value, _)) = self.keyword.iter().find(|(own, ..)| *own == name) {
            return Some(value.clone());
        }
        let double = self.double.as_ref()?;
        if let Some(value) = double.own_field(name) {
            return Some(value.clone());
        }
        None
    }

    /// By position or by name.
    pub(super) fn either(&self, index: usize, name: Sym) -> Value {
        match self.named(name) {
            Some(value) => value,
            None => self.at(index),
        }
    }

    /// Everything that is passed, in one.
    pub(super) fn all(&self) -> Value {
        let mut all = Value::default();
        for (value, _) in &self.positional {
            all.join(&value.flat());
        }
        for (_, value, _) in &self.keyword {
            all.join(&value.flat());
        }
        for value in self.star.iter().chain(&self.double) {
            all.join(&value.flat());
        }
        all
    }

    /// The keywords alone.
    pub(super) fn without_positional(&self) -> Self {
        Self {
            keyword: self.keyword.clone(),
            double: self.double.clone(),
            ..Self::default()
        }
    }

    /// These after those that `partial` has already; a keyword given again replaces its own.
    pub(super) fn after(&self, partial: &Partial, site: Site) -> Self {
        let mut keyword = self.keyword.clone();
        for (name, value) in &partial.keyword {
            if keyword.iter().all(|(own, ..)| own != name) {
                keyword.push((*name, value.clone(), site));
            }
        }
        let bound = partial.positional.iter().map(|value| (value.clone(), site));
        Self {
            positional: bound.chain(self.positional.iter().cloned()).collect(),
            keyword,
            star: self.star.clone(),
            double: self.double.clone(),
        }
    }

    /// `callee` with these bound to it.
    pub(super) fn bound_to(&self, callee: Value) -> Value {
        let partial = Partial {
            callee,
            positional: self
                .positional
                .iter()
                .map(|(value, _)| value.clone())
                .collect(),
            keyword: Vec::new(),
        };
        Value::of(Shape::Partial(std::sync::Arc::new(partial)))
    }

    /// `functools.partial(f, …)` of these.
    pub(super) fn partial(&self) -> Value {
        let partial = Partial {
            callee: self.first(),
            positional: self
                .positional
                .iter()
                .skip(1)
                .map(|(value, _)| value.clone())
                .collect(),
            keyword: self
                .keyword
                .iter()
                .map(|(name, value, _)| (*name, value.clone()))
                .collect(),
        };
        Value::of(Shape::Partial(std::sync::Arc::new(partial)))
    }

    /// Keywords as fields: what `dict(**kwargs)` or a data class's constructor makes of them.
    pub(super) fn fields(&self) -> Value {
        let mut value = self.double.clone().unwrap_or_default();
        for (name, part, _) in &self.keyword {
            value.set_field(*name, part.clone());
        }
        value
    }

    /// The value of each parameter of `function`, `receiver` being its first where there is one.
    pub(super) fn bind(
        &self,
        function: &Function,
        symbol: &dyn Fn(u32) -> Sym,
        receiver: Option<&Value>,
        defaults: &[Value],
    ) -> Vec<Value> {
        let mut positional = receiver
            .into_iter()
            .cloned()
            .chain(self.positional.iter().map(|(value, _)| value.clone()));
        let given = self.positional.len() + usize::from(receiver.is_some());
        let mut taken = Vec::new();
        let mut bindings: Vec<Value> = Vec::with_capacity(function.parameters.len());
        for (index, parameter) in function.parameters.iter().enumerate() {
            let name = symbol(parameter.name);
            let value = match parameter.kind {
                ParameterKind::Plain => positional
                    .next()
                    .or_else(|| self.named(name).inspect(|_| taken.push(name))),
                ParameterKind::KeywordOnly => self.named(name).inspect(|_| taken.push(name)),
                ParameterKind::Star => {
                    let mut rest = Value::sequence(positional.by_ref().collect());
                    if let Some(star) = &self.star {
                        rest = if rest.is_nothing() {
                            star.clone()
                        } else {
                            rest.element()
                        };
                        rest.join(star);
                    }
                    Some(rest)
                }
                ParameterKind::DoubleStar => {
                    let mut rest = self.double.clone().unwrap_or_default();
                    for (name, value, _) in &self.keyword {
                        if !taken.contains(name) {
                            rest.set_field(*name, value.clone());
                        }
                    }
                    Some(rest)
                }
            };
            let value = value.or_else(|| {
                // an unknown `*args` or `**kwargs` may hold it
                let mut open = match &self.star {
                    Some(star) => starred(star, index.saturating_sub(given)),
                    None => Value::default(),
                };
                if let Some(double) = &self.double {
                    open.join(&double.field(name));
                }
                (!open.is_nothing()).then_some(open)
            });
            bindings
                .push(value.unwrap_or_else(|| defaults.get(index).cloned().unwrap_or_default()));
        }
        bindings
    }
}

/// What `*args` gives the parameter that is so many behind those given by themselves.
fn starred(star: &Value, index: usize) -> Value {
    match Sym::place(index) {
        Some(place) if star.has_places() || star.has_params() => star.field(place),
        _ => star.element(),
    }
}

impl Machine<'_> {
    pub(super) fn arguments(&mut self, list: &[Argument]) -> Arguments {
        let mut arguments = Arguments::default();
        for argument in list {
            let value = self.expr(argument.value);
            let value = self.as_checked(value);
            let site = self.site(argument.value);
            match argument.kind {
                ArgumentKind::Positional => arguments.positional.push((value, site)),
                ArgumentKind::Keyword(name) => {
                    arguments.keyword.push((self.sym(name), value, site));
                }
                ArgumentKind::Star => arguments
                    .star
                    .get_or_insert_with(Value::default)
                    .join(&value),
                ArgumentKind::DoubleStar => arguments
                    .double
                    .get_or_insert_with(Value::default)
                    .join(&value),
            }
        }
        arguments
    }
}
