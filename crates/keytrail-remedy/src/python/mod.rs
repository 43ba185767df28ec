//! Python: where things stand in a module, and text edits of exact ranges. No printing of trees.

mod call;
mod imports;
mod module;

pub(crate) use call::{
    add_keywords, keyword, remove_argument, remove_element, remove_entry, remove_keyword,
    remove_keywords,
};
pub(crate) use imports::add as add_imports;
pub(crate) use module::{Module, quoted};
