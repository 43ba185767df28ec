//! Bodies of answers, bounded in bytes and time.

use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;

use crate::error::CloudError;

/// A page of a scan is at most a megabyte of items, which JSON may write three times as long.
pub(crate) const MOST_BYTES: usize = 16 * 1024 * 1024;
/// For the whole of an answer.
const WHOLE: Duration = Duration::from_mins(1);

/// All of it, or why not.
pub(crate) async fn read(call: &'static str, body: SdkBody) -> Result<Vec<u8>, CloudError> {
    tokio::time::timeout(WHOLE, collect(call, body))
        .await
        .map_err(|_| CloudError::TooSlow {
            call,
            seconds: WHOLE.as_secs(),
        })?
}

async fn collect(call: &'static str, mut body: SdkBody) -> Result<Vec<u8>, CloudError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| CloudError::Transport {
            call,
            host: "the service".to_owned(),
            why: "the answer broke off",
        })?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > MOST_BYTES {
                return Err(CloudError::TooLarge {
                    call,
                    most: MOST_BYTES,
                });
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}
