//! One finding, and what a remedy may ask about it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use keytrail_model::{FileSpan, Finding, FixSafety, Location, Tree};

use crate::facts::Facts;
use crate::python::Module;
use crate::text::Text;
use crate::{Change, Closes, Import, Least, Piece, Store, Why};

type Parsed = Result<Rc<Module>, Why>;

/// The files of a tree, read and parsed once.
pub(crate) struct Files<'t> {
    tree: &'t dyn Tree,
    modules: RefCell<BTreeMap<Arc<str>, Parsed>>,
}

impl<'t> Files<'t> {
    pub(crate) fn new(tree: &'t dyn Tree) -> Self {
        Self {
            tree,
            modules: RefCell::default(),
        }
    }

    pub(crate) fn text(&self, path: &str) -> Result<Text, Why> {
        let entries = self.tree.entries();
        let at = entries.binary_search_by(|entry| (*entry.path).cmp(path));
        let entry = at
            .ok()
            .and_then(|at| entries.get(at))
            .ok_or(Why::Unreadable)?;
        Text::read(&self.tree.read(entry).map_err(|_| Why::Unreadable)?)
    }

    /// The Python modules below a directory.
    pub(crate) fn python_below(&self, root: &str) -> Vec<Arc<str>> {
        let below = |path: &str| {
            root.is_empty()
                || path
                    .strip_prefix(root)
                    .is_some_and(|it| it.starts_with('/'))
        };
        let entries = self.tree.entries().iter();
        entries
            .filter(|entry| entry.path.ends_with(".py") && below(&entry.path))
            .map(|entry| Arc::clone(&entry.path))
            .collect()
    }

    /// The files of one directory with this ending.
    pub(crate) fn paths_in(&self, directory: &str, ending: &str) -> Vec<Arc<str>> {
        let entries = self.tree.entries().iter();
        entries
            .filter(|entry| {
                entry.path.ends_with(ending)
                    && entry.path.rsplit_once('/').map_or("", |(above, _)| above) == directory
            })
            .map(|entry| Arc::clone(&entry.path))
            .collect()
    }

    pub(crate) fn module(&self, path: &Arc<str>) -> Parsed {
        if let Some(known) = self.modules.borrow().get(path) {
            return known.clone();
        }
        let read = self.text(path).and_then(Module::parse).map(Rc::new);
        let mut modules = self.modules.borrow_mut();
        modules.insert(Arc::clone(path), read.clone());
        read
    }
}

/// One finding, with the facts and files round it.
pub(crate) struct Case<'c> {
    pub(crate) finding: &'c Finding,
    pub(crate) facts: &'c Facts<'c>,
    pub(crate) files: &'c Files<'c>,
    pub(crate) remedy: &'static str,
    pub(crate) store: Store,
    pub(crate) least: Option<Least<'c>>,
}

impl Case<'_> {
    /// The place of the finding.
    pub(crate) fn at(&self) -> &Location {
        &self.finding.location
    }

    /// The module in which the finding lies.
    pub(crate) fn module(&self) -> Result<Rc<Module>, Why> {
        self.files.module(&self.at().span().path)
    }

    /// An edit of the file at `place`.
    pub(crate) fn change(&self, place: &Location, pieces: Vec<Piece>) -> Draft {
        Draft(Change {
            path: Arc::clone(&place.span().path),
            line: place.span().line,
            remedy: self.remedy,
            title: String::new(),
            safety: FixSafety::Safe,
            note: String::new(),
            pieces,
            imports: Vec::new(),
            closes: vec![Closes::of(self.finding)],
            edits: Vec::new(),
            group: String::new(),
            creates: false,
        })
    }

    /// A new file of this path.
    pub(crate) fn create(&self, path: &str, text: String) -> Draft {
        let place = Location::File {
            span: FileSpan::line(&Arc::from(path), 1),
        };
        let mut draft = self.change(&place, vec![Piece::new(0..0, text)]);
        draft.0.creates = true;
        draft
    }

    /// The graph's edit of this kind at this place, where the finding's path has it.
    pub(crate) fn graph_edits<'s>(
        &'s self,
        kind: &'s str,
    ) -> impl Iterator<Item = &'s keytrail_model::Edit> {
        let all = self.finding.edits.iter();
        all.filter(move |edit| edit.id.split(':').next() == Some(kind))
    }

    /// Fills in which edits of the graph a change of `place` makes.
    pub(crate) fn making(&self, draft: Draft, kind: &str, place: &Location) -> Draft {
        let mut draft = draft;
        let made = self
            .graph_edits(kind)
            .filter(|edit| edit.location == *place);
        draft.0.edits.extend(made.map(|edit| edit.id.clone()));
        draft
    }
}

/// A change in the making.
pub(crate) struct Draft(Change);

impl Draft {
    /// An imperative sentence, without a full stop.
    pub(crate) fn title(mut self, title: impl Into<String>) -> Self {
        self.0.title = title.into();
        self
    }

    /// What has to be done beside it.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.0.note = note.into();
        self
    }

    /// It changes more than the leak: what.
    pub(crate) fn changes(mut self, note: impl Into<String>) -> Self {
        self.0.safety = FixSafety::Unsafe;
        self.note(note)
    }

    /// It needs this name.
    pub(crate) fn import(mut self, module: &'static str, name: Option<&'static str>) -> Self {
        self.0.imports.push(Import { module, name });
        self
    }

    /// It is made together with the others of this group.
    pub(crate) fn group(mut self, group: &str) -> Self {
        group.clone_into(&mut self.0.group);
        self
    }

    pub(crate) fn done(mut self) -> Change {
        self.0.pieces.sort();
        self.0
    }
}
