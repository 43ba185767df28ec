//! URL configuration: which URL leads to which view.
