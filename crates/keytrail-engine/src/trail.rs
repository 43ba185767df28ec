//! Who really read, by the files of a trail, where this build can read them.

use keytrail_model::{Collected, Progress};

use crate::EngineError;

/// Which files of a trail to read.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// A directory or file, or `s3://BUCKET/PREFIX`.
    pub place: String,
    /// Leaves out days before this one, `2026-11-24`.
    pub since: Option<String>,
    /// Profile of the AWS configuration, for a bucket.
    pub profile: Option<String>,
    /// The bucket's region.
    pub region: Option<String>,
}

#[cfg(feature = "aws")]
pub(crate) fn read(trail: &Trail, progress: &Progress) -> Result<Collected, EngineError> {
    let access = keytrail_cloud::Access {
        profile: trail.profile.clone(),
        region: trail.region.clone(),
        role: None,
    };
    let options = keytrail_cloud::TrailOptions {
        place: trail.place.clone(),
        since: trail.since.clone(),
    };
    keytrail_cloud::trail(&access, &options, progress).map_err(|error| EngineError::Trail {
        hint: error.hint(),
        what: error.to_string(),
    })
}

#[cfg(not(feature = "aws"))]
pub(crate) fn read(_: &Trail, _: &Progress) -> Result<Collected, EngineError> {
    Err(EngineError::Trail {
        what: "this build of keytrail can't read it".to_owned(),
        hint: "build it with the feature `aws`, which is on by default".to_owned(),
    })
}
