//! Which files hold other texts, by their names.

/// How what a file holds is got at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Also wheels, eggs, jars and the like.
    Zip,
    /// XML in a zip.
    Office,
    Tar,
    Packed(Packing),
    Pdf,
    Sqlite,
    /// Compiled Python.
    Compiled,
    /// Sources in a source map.
    SourceMap,
}

/// One stream in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Bzip2,
    Xz,
    Zstandard,
}

impl Kind {
    /// `None` for a text or something that holds none.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let end = name.rsplit_once('.')?.1.to_ascii_lowercase();
        Some(match end.as_str() {
            "zip" | "whl" | "egg" | "jar" | "war" | "ear" | "aar" | "apk" | "ipa" | "nupkg"
            | "vsix" | "xpi" | "crx" | "pyz" | "conda" => Self::Zip,
            "docx" | "docm" | "dotx" | "xlsx" | "xlsm" | "pptx" | "pptm" | "odt" | "ods"
            | "odp" => Self::Office,
            "tar" | "gem" => Self::Tar,
            "gz" | "tgz" => Self::Packed(Packing::Gzip),
            "bz2" | "tbz" | "tbz2" => Self::Packed(Packing::Bzip2),
            "xz" | "txz" => Self::Packed(Packing::Xz),
            "zst" | "zstd" | "tzst" => Self::Packed(Packing::Zstandard),
            "pdf" => Self::Pdf,
            "sqlite" | "sqlite3" | "db" | "db3" => Self::Sqlite,
            "pyc" | "pyo" => Self::Compiled,
            "map" => Self::SourceMap,
            _ => return None,
        })
    }
}

/// The name of what is packed in a file of this name: `a.tgz` holds `a.tar`.
pub(crate) fn unpacked(name: &str) -> String {
    let Some((stem, end)) = name.rsplit_once('.') else {
        return name.to_owned();
    };
    if end.to_ascii_lowercase().starts_with('t') {
        format!("{stem}.tar")
    } else {
        stem.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(Kind::of("A.ZIP"), Some(Kind::Zip));
        assert_eq!(Kind::of("app.log.gz"), Some(Kind::Packed(Packing::Gzip)));
        assert_eq!(Kind::of("zip"), None);
        assert_eq!(Kind::of("a.py"), None);
        assert_eq!(unpacked("a.tgz"), "a.tar");
        assert_eq!(unpacked("a.tar.zst"), "a.tar");
        assert_eq!(unpacked("app.log.gz"), "app.log");
    }
}
