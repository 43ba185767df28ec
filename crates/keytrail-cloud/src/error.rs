//! What can go wrong with an account, each cause with a hint.

/// A call that brought nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CloudError {
    /// The default credential chain is empty, or a step of it failed.
    #[error("no AWS credentials could be had ({0})")]
    Credentials(String),
    /// No region is known.
    #[error("no AWS region is set")]
    NoRegion,
    /// The service refused, and says so.
    #[error("the right `{action}` is missing")]
    Denied {
        /// The action to grant.
        action: &'static str,
    },
    /// The service asked for patience more often than we have it.
    #[error("{call} was throttled {times} times in a row")]
    Throttled {
        /// Which call.
        call: &'static str,
        /// How often.
        times: u32,
    },
    /// The service answered with an error of another kind.
    #[error("{call} failed with {code}")]
    Service {
        /// Which call.
        call: &'static str,
        /// The service's name for the error, cut and cleaned.
        code: String,
    },
    /// No answer came.
    #[error("{call} could not be sent to {host} ({why})")]
    Transport {
        /// Which call.
        call: &'static str,
        /// To whom.
        host: String,
        /// A word on the cause.
        why: &'static str,
    },
    /// The answer was cut off where it became too long.
    #[error("the answer to {call} is longer than {most} bytes")]
    TooLarge {
        /// Which call.
        call: &'static str,
        /// How many bytes are read.
        most: usize,
    },
    /// The answer dripped.
    #[error("the answer to {call} took longer than {seconds} seconds")]
    TooSlow {
        /// Which call.
        call: &'static str,
        /// How long is waited.
        seconds: u64,
    },
    /// The answer can't be read.
    #[error("the answer to {call} is no {what}")]
    Malformed {
        /// Which call.
        call: &'static str,
        /// `JSON`, `XML`, `UTF-8`.
        what: &'static str,
    },
    /// The service leads in a circle.
    #[error("{call} gave the same page twice")]
    Repeats {
        /// Which call.
        call: &'static str,
    },
    /// The service never ends.
    #[error("{call} has more than {most} pages")]
    Endless {
        /// Which call.
        call: &'static str,
        /// How many are read.
        most: usize,
    },
    /// The endpoint that was configured is none.
    #[error("the endpoint for {service} is not a URL with http or https")]
    Endpoint {
        /// Whose.
        service: &'static str,
    },
    /// The asynchronous runtime can't be had.
    #[error("no threads could be started")]
    Runtime,
    /// A file of a trail can't be read.
    #[error("{name} {why}")]
    Trail {
        /// Which.
        name: String,
        /// What about it.
        why: String,
    },
    /// The state file can't be used.
    #[error("the state file {path} {why}")]
    State {
        /// Which.
        path: String,
        /// What about it.
        why: String,
    },
}

impl CloudError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Credentials(_) => {
                "set AWS_PROFILE or pass --profile, sign in with `aws sso login`, or set \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned()
            }
            Self::NoRegion => "pass --region, or set AWS_REGION".to_owned(),
            Self::Denied { action } => {
                format!("grant `{action}`; `keytrail aws-policy` prints all that a scan needs")
            }
            Self::Throttled { .. } => {
                "run again when less is going on, or lower --read-units".to_owned()
            }
            Self::Service { .. } => {
                "look the code up in the service's documentation, then run again".to_owned()
            }
            Self::Transport { .. } => {
                "check the network, the proxy and AWS_ENDPOINT_URL".to_owned()
            }
            Self::TooLarge { .. }
            | Self::TooSlow { .. }
            | Self::Malformed { .. }
            | Self::Repeats { .. }
            | Self::Endless { .. } => {
                "this is not how AWS answers; check what stands at AWS_ENDPOINT_URL, and run again"
                    .to_owned()
            }
            Self::Endpoint { .. } => "write it as https://host:port".to_owned(),
            Self::Trail { .. } => {
                "name a directory with files of CloudTrail, or s3://BUCKET/PREFIX".to_owned()
            }
            Self::Runtime => "free some memory and run again".to_owned(),
            Self::State { .. } => {
                "name another file with --state, or remove this one to begin anew".to_owned()
            }
        }
    }
}
