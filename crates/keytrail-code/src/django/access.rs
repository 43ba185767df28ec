//! Who passes the door of a view.
