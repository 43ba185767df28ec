//! Keys whose literals are too short to search for: by the first bytes of a run of token
//! characters.

use crate::provider::Provider;

/// Prefixes by their first byte.
pub(crate) struct Prefixes {
    by_byte: Vec<Vec<(&'static [u8], usize)>>,
}

impl Prefixes {
    pub(crate) fn new(providers: &'static [Provider]) -> Self {
        let mut by_byte = vec![Vec::new(); 256];
        for (index, provider) in providers.iter().enumerate() {
            for prefix in &provider.search.run_prefixes {
                if let Some(&first) = prefix.first() {
                    by_byte[usize::from(first)].push((prefix.as_slice(), index));
                }
            }
        }
        Self { by_byte }
    }

    /// Providers whose keys may begin as `run` does.
    pub(crate) fn of<'a>(&'a self, run: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        run.first()
            .map(|&first| self.by_byte[usize::from(first)].as_slice())
            .unwrap_or_default()
            .iter()
            .filter(|(prefix, _)| run.starts_with(prefix))
            .map(|&(_, index)| index)
    }
}
