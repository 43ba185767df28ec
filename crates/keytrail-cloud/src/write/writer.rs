//! One signed call that writes. Blocking: who writes decides step by step, from as many threads as
//! it likes, and knows itself what may be sent again.

use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Runtime;

use super::call::WriteCall;
use crate::client::{Access, Connection, failure, parsed};
use crate::error::CloudError;

/// Threads that wait for sockets.
const THREADS: usize = 2;

/// Sends calls of [`WriteCall`] to one region; its copies share connections.
#[derive(Clone)]
pub struct Writer {
    runtime: Arc<Runtime>,
    connection: Connection,
    region: String,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer({})", self.region)
    }
}

impl Writer {
    /// Looks for credentials, as reading does.
    pub fn open(access: &Access) -> Result<Self, CloudError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()
            .map_err(|_| CloudError::Runtime)?;
        let connection = runtime.block_on(Connection::open(access))?;
        let region = connection.region().to_owned();
        Ok(Self {
            runtime: Arc::new(runtime),
            connection,
            region,
        })
    }

    /// Where its calls go.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The same account in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ..self.clone()
        }
    }

    /// The same endpoints, signed with another pair of keys.
    #[must_use]
    pub fn as_holder(&self, id: &str, secret: &str) -> Self {
        Self {
            connection: self.connection.as_holder(id, secret),
            ..self.clone()
        }
    }

    /// Sends a call once: it may have been carried out even where this tells of an error.
    pub fn once(&self, call: WriteCall, request: &Value) -> Result<Value, CloudError> {
        self.runtime.block_on(async {
            let answer = self.connection.send(&self.region, call, request).await?;
            if !(200..300).contains(&answer.status) {
                return Err(failure(call, &answer));
            }
            if answer.bytes.is_empty() {
                return Ok(Value::Null);
            }
            parsed(call, &answer.bytes)
        })
    }
}
