//! Flags about asking vendors whether keys still work.

use clap::Args;
use keytrail_engine::Validate;

use crate::service::Asking;

/// Whether to ask, and how much.
#[derive(Args, Debug)]
#[command(next_help_heading = "Do the keys still work?")]
pub(crate) struct Validating {
    /// Ask the vendor of each key that was found whether it still works: one request that reads, to the vendor's
    /// own host, with the key in it. With --dry-run: list the requests and send none
    #[arg(long)]
    pub(crate) validate: bool,
    /// Ask about so many keys at most
    #[arg(long, value_name = "N", requires = "validate", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) validate_most: u32,
    /// Ask so many times a second, over all vendors
    #[arg(long, value_name = "N", requires = "validate", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) validate_rate: u32,
}

impl Validating {
    /// What is asked; proxy and authorities are those of a service.
    pub(crate) fn of(&self, asking: &Asking) -> Option<Validate> {
        self.validate.then(|| Validate {
            most: self.validate_most as usize,
            rate: self.validate_rate,
            proxy: asking.proxy.clone(),
            ca: asking.ca.clone(),
            dry_run: asking.dry_run,
            double: None,
        })
    }
}
