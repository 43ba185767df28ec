//! Elements of short sequences, told apart by their place: tuples, `*args`, `zip`.

use super::shape::Shape;
use super::taint::Label;
use super::value::Value;
use crate::symbols::Sym;

impl Value {
    /// A sequence whose elements are known one by one.
    pub(crate) fn sequence(parts: Vec<Self>) -> Self {
        let mut whole = Self::default();
        let apart = parts.len() <= Sym::PLACES as usize
            && parts
                .iter()
                .any(|part| part.is_tainted() || part.has_params());
        if !apart {
            for part in &parts {
                whole.join(part);
            }
            return whole;
        }
        for part in &parts {
            for shape in &part.shapes {
                whole.add_shape(shape.clone());
            }
        }
        let places = parts.into_iter().enumerate();
        let fields = places.filter_map(|(index, part)| Some((Sym::place(index)?, part)));
        whole.fields = Some(fields.collect());
        whole
    }

    /// One entry of a dictionary, whichever.
    pub(super) fn some_entry(&self) -> Self {
        let mut entry = self.flat();
        if entry.is_tainted() {
            entry.add_shape(Shape::SomeEntry);
        }
        entry
    }

    /// A list of pairs.
    pub(super) fn pairs(first: Self, second: Self) -> Self {
        let pair = Self::sequence(vec![first, second]);
        if !pair.has_places() {
            return pair;
        }
        Self::sequence(vec![pair])
    }

    /// True when elements are known by their place.
    pub(crate) fn has_places(&self) -> bool {
        self.fields
            .as_ref()
            .is_some_and(|fields| fields.iter().any(|(name, _)| name.is_place()))
    }

    /// How many elements are known by their place.
    pub(crate) fn places(&self) -> usize {
        let fields = self.fields.iter().flat_map(|fields| fields.iter());
        fields.filter(|(name, _)| name.is_place()).count()
    }

    /// One element of a list, or what a dictionary's unknown key gives. A list whose elements are not told apart is
    /// their join, so that it and they look alike.
    pub(crate) fn element(&self) -> Self {
        let mut element = self.clone();
        let Some(fields) = element.fields.take().filter(|_| self.has_places()) else {
            return self.clone();
        };
        let (places, rest): (Vec<_>, Vec<_>) = fields
            .iter()
            .cloned()
            .partition(|(name, _)| name.is_place());
        element.fields = (!rest.is_empty()).then(|| rest.into_iter().collect());
        // its shapes are those of its elements, which bring them
        element.shapes.clear();
        for (_, part) in &places {
            element.join(part);
        }
        element
    }

    /// The element at a place of something that may be a list whose elements are not told apart.
    pub(super) fn rest_at(&self, place: Sym) -> Self {
        let mut element = Self {
            taints: self.taints.clone(),
            ..Self::default()
        };
        for taint in &mut element.taints {
            if matches!(taint.label, Label::Param(_)) {
                *taint = taint.step(place);
            }
        }
        // beside what is known by place, or of a list of dictionaries: the dictionary
        if !self.has_places() {
            element.fields.clone_from(&self.fields);
        }
        element
    }

    /// Becomes what `dict.update` makes of it: what the other names is replaced, what its whole holds may
    /// be anywhere.
    pub(super) fn overlay(&mut self, other: &Self) {
        if other.is_tainted() && !other.taints.is_empty() {
            let own: Vec<Sym> = self
                .fields
                .iter()
                .flat_map(|fields| fields.iter())
                .map(|(name, _)| *name)
                .collect();
            for name in own {
                if other.own_field(name).is_none() {
                    let mut part = self.own_field(name).cloned().unwrap_or_default();
                    part.join(&other.field(name));
                    self.set_field(name, part);
                }
            }
        }
        for (name, part) in other.fields.iter().flat_map(|fields| fields.iter()) {
            self.set_field(*name, part.clone());
        }
        for taint in &other.taints {
            self.add_taint(taint.clone());
        }
    }
}
