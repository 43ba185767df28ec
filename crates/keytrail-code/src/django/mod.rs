//! Django: settings, URL configuration, access to views, templates.

pub(crate) mod access;
pub(crate) mod around;
pub(crate) mod settings;
pub(crate) mod templates;
pub(crate) mod urls;
