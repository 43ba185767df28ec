//! Set-up, test, generated documents and schemas.

fn main() {}
