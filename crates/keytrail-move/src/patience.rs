//! Sends a call until it is answered, or until there is no point in it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::error::MoveError;
use crate::pace::Pace;
use crate::wire::{Refusal, Wire};

/// A throttled call is no failure: it may take minutes until its turn comes.
const MOST_THROTTLED: u32 = 240;
const MOST_BROKEN: u32 = 10;
const LONGEST: Duration = Duration::from_millis(1500);

/// An answer, or the name under which it was refused.
pub(crate) type Answered = Result<Value, String>;

/// Sends it; again where that may help. The caller's requests are such that a second one does no harm.
pub(crate) fn send(
    wire: &dyn Wire,
    pace: &Pace,
    call: &'static str,
    request: &Value,
) -> Result<Answered, MoveError> {
    let (mut throttled, mut broken) = (0, 0);
    loop {
        pace.call(call);
        let why = match wire.send(call, request) {
            Ok(answer) => {
                pace.went_through(call);
                return Ok(Ok(answer));
            }
            Err(Refusal::Never { what, hint }) => return Err(MoveError::Refused { what, hint }),
            Err(Refusal::Code(code)) if passes(&code) => {
                broken += 1;
                code
            }
            Err(Refusal::Code(code)) => {
                pace.went_through(call);
                return Ok(Err(code));
            }
            Err(Refusal::Throttled) => {
                pace.throttled(call);
                throttled += 1;
                "throttling".to_owned()
            }
            Err(Refusal::Broken(why)) => {
                broken += 1;
                why
            }
        };
        if throttled > MOST_THROTTLED || broken > MOST_BROKEN {
            let times = throttled + broken;
            return Err(MoveError::Tired { call, times, why });
        }
        std::thread::sleep(wait(throttled / 4 + broken));
    }
}

/// Errors that are over when one asks again.
fn passes(code: &str) -> bool {
    matches!(
        code,
        "InternalServiceError"
            | "InternalServerError"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "KMSInternalException"
            | "DependencyTimeoutException"
            | "TransactionConflictException"
            | "TransactionInProgressException"
    ) || code.starts_with("HTTP status 5")
}

/// Doubling from 4 ms, half of it spread, so that those who were refused together come back apart.
fn wait(times: u32) -> Duration {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let whole = Duration::from_millis(4)
        .saturating_mul(2_u32.saturating_pow(times.min(16)))
        .min(LONGEST);
    let turn = TURN.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed) >> 40;
    whole / 2 + whole.mul_f64(f64::from(u32::try_from(turn).unwrap_or(0)) / 33_554_432.0)
}
