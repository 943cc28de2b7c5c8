//! The signature of a call: `v1` of the Standard Webhooks scheme (standardwebhooks.com), version 1.0.0.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::SecretBytes;

/// Signs calls with one key.
pub(super) struct Signer {
    key: SecretBytes,
}

impl Signer {
    pub(super) fn new(key: SecretBytes) -> Self {
        Self { key }
    }

    /// The value of the header `webhook-signature`. `id` must have no dot, which separates what is
    /// signed.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        // HMAC takes keys of any length (RFC 2104, 2), so this cannot fail.
        Hmac::<Sha256>::new_from_slice(self.key.expose()).map_or_else(
            |_| String::new(),
            |mut mac| {
                mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
                format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the libraries of the standard.
    #[test]
    fn the_signature_is_that_of_the_standards_own_libraries() {
        let key = STANDARD.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signer = Signer::new(SecretBytes::new(key));
        assert_eq!(
            signer.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }
}
