//! Encryption under a key, bound to a context. The cipher is a toy; that it is opened only with the
//! same context is what is tested.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::reply::{Refused, refused};

const TAG: usize = 32;
const NONCE: usize = 8;

#[derive(Default)]
pub(crate) struct Keys {
    used: u64,
}

fn keyed(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"twin").unwrap_or_else(|_| unreachable!());
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn crypted(nonce: &[u8], bytes: &[u8]) -> Vec<u8> {
    let stream = (0_u64..).flat_map(|block| keyed(&[nonce, &block.to_le_bytes()]));
    bytes.iter().zip(stream).map(|(a, b)| a ^ b).collect()
}

fn bytes(request: &Value, name: &str) -> Result<Vec<u8>, Refused> {
    let text = request.get(name).and_then(Value::as_str);
    STANDARD
        .decode(text.unwrap_or_default())
        .ok()
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| refused("ValidationException"))
}

impl Keys {
    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Result<Value, Refused> {
        let context = request.get("EncryptionContext").cloned();
        let context = context.unwrap_or_default().to_string();
        match operation {
            "Encrypt" => {
                let plain = bytes(request, "Plaintext")?;
                if plain.len() > 4096 {
                    return Err(refused("ValidationException"));
                }
                self.used += 1;
                let nonce = self.used.to_le_bytes();
                let body = crypted(&nonce, &plain);
                let tag = keyed(&[&nonce, &body, context.as_bytes()]);
                let blob = [&nonce[..], &tag, &body].concat();
                Ok(json!({"CiphertextBlob": STANDARD.encode(blob), "KeyId": request.get("KeyId")}))
            }
            "Decrypt" => {
                let blob = bytes(request, "CiphertextBlob")?;
                let split = blob
                    .split_at_checked(NONCE)
                    .and_then(|(nonce, rest)| Some((nonce, rest.split_at_checked(TAG)?)));
                let invalid = || refused("InvalidCiphertextException");
                let (nonce, (tag, body)) = split.ok_or_else(invalid)?;
                if keyed(&[nonce, body, context.as_bytes()]) != tag {
                    return Err(invalid());
                }
                Ok(json!({"Plaintext": STANDARD.encode(crypted(nonce, body))}))
            }
            _ => Err(refused("UnknownOperationException")),
        }
    }
}
