//! The sources that a source map carries.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Map {
    #[serde(default)]
    sources: Vec<Option<String>>,
    #[serde(default)]
    sources_content: Vec<Option<String>>,
}

/// Name and text of each; `None` where it is no source map with sources in it.
pub(super) fn sources(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let map: Map = serde_json::from_slice(bytes).ok()?;
    let names = map.sources.into_iter().map(Option::unwrap_or_default);
    let texts = map.sources_content.into_iter();
    let pairs: Vec<(String, String)> = names
        .zip(texts)
        .filter_map(|(name, text)| Some((plain(&name), text?)))
        .collect();
    (!pairs.is_empty()).then_some(pairs)
}

/// `webpack:///./src/a.js?1234` without what does not name the file.
fn plain(name: &str) -> String {
    let name = name.split_once("://").map_or(name, |(_, path)| path);
    let name = name.split('?').next().unwrap_or(name);
    let parts = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts() {
        let map = br#"{"version":3,"sources":["webpack:///./src/a.js?12","../b.ts",null],"sourcesContent":["one",null,"two"]}"#;
        let expected = [("src/a.js", "one"), ("", "two")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(sources(map).unwrap(), expected);
        assert!(sources(b"{\"sources\":[\"a\"]}").is_none());
        assert!(sources(b"[").is_none());
    }
}
