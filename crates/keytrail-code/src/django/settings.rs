//! Settings modules: which there are, how they are layered, what each setting's value is.
