//! A short list that is shared until one of its holders changes it: values are copied far more
//! often than they change.

use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

/// Reads like a slice. A copy costs a count.
pub(crate) struct List<T>(Option<Arc<SmallVec<[T; 1]>>>);

impl<T> List<T> {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// True when both are one list, not two that are alike.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(own), Some(theirs)) => Arc::ptr_eq(own, theirs),
            _ => false,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}

impl<T: Clone> List<T> {
    pub(crate) fn one(item: T) -> Self {
        Self(Some(Arc::new(SmallVec::from_iter([item]))))
    }

    pub(crate) fn push(&mut self, item: T) {
        match &mut self.0 {
            Some(items) => Arc::make_mut(items).push(item),
            None => *self = Self::one(item),
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let Some(items) = &mut self.0 else { return };
        if !items.iter().all(&keep) {
            Arc::make_mut(items).retain(|item| keep(item));
        }
        if items.is_empty() {
            self.0 = None;
        }
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        match &mut self.0 {
            Some(items) => Arc::make_mut(items).iter_mut(),
            None => std::slice::IterMut::default(),
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().map_or(&[], |items| items)
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    /// Lists hold nothing twice, and their order says only what was met first.
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
            || **self == **other
            || (self.len() == other.len() && self.iter().all(|item| other.contains(item)))
    }
}

impl<T: Eq> Eq for List<T> {}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let items: SmallVec<[T; 1]> = items.into_iter().collect();
        Self((!items.is_empty()).then(|| Arc::new(items)))
    }
}

impl<T: Clone> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = smallvec::IntoIter<[T; 1]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0
            .map(Arc::unwrap_or_clone)
            .unwrap_or_default()
            .into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T: Clone> IntoIterator for &'a mut List<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_does_not_see_what_is_changed_later() {
        let mut one: List<u8> = [1, 2].into_iter().collect();
        let copy = one.clone();
        assert!(one.is_same(&copy));
        one.push(3);
        one.retain(|item| *item != 1);
        one.iter_mut().for_each(|item| *item *= 2);
        assert_eq!((&*one, &*copy), (&[4, 6][..], &[1, 2][..]));
        one.retain(|_| false);
        assert!(one.is_same(&List::new()));
    }

    #[test]
    fn order_does_not_count() {
        let list = |items: &[u8]| items.iter().copied().collect::<List<u8>>();
        assert_eq!(list(&[1, 2]), list(&[2, 1]));
        assert_ne!(list(&[1, 2]), list(&[1, 3]));
        assert_ne!(list(&[1]), list(&[1, 2]));
    }
}
