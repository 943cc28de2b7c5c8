//! Signs mails (DKIM, RFC 6376): relaxed/relaxed, RSA with SHA-256.

use lettre::message::Message;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm,
    DkimSigningKey,
};
use lettre::message::header::HeaderName;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::DecodePrivateKey;

use super::SetupError;
use crate::config::Dkim;

/// What a signature covers, where it is there. Not `Content-Type`: lettre counts that of a mail in
/// parts to its body, and signs as if there were none.
const HEADERS: [&str; 9] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "MIME-Version",
];

/// Signs in a domain's name.
pub(super) struct Signer(DkimConfig);

impl Signer {
    /// Reads the key.
    pub(super) fn load(dkim: &Dkim) -> Result<Self, SetupError> {
        let wrong = |problem: String| SetupError::Key(dkim.key_file.clone(), problem);
        let pem =
            std::fs::read_to_string(&dkim.key_file).map_err(|error| wrong(error.to_string()))?;
        let key = RsaPrivateKey::from_pkcs8_pem(&pem)
            .ok()
            .or_else(|| RsaPrivateKey::from_pkcs1_pem(&pem).ok())
            .and_then(|key| key.to_pkcs1_pem(LineEnding::LF).ok());
        let key = key.and_then(|pem| DkimSigningKey::new(&pem, DkimSigningAlgorithm::Rsa).ok());
        let key = key.ok_or_else(|| {
            wrong("is no RSA private key in PEM form; make one by `openssl genrsa 2048`".to_owned())
        })?;
        let headers = HEADERS.iter().map(|name| HeaderName::new_from_ascii_str(name)).collect();
        Ok(Self(DkimConfig::new(
            dkim.selector.clone(),
            dkim.domain.clone(),
            key,
            headers,
            DkimCanonicalization {
                header: DkimCanonicalizationType::Relaxed,
                body: DkimCanonicalizationType::Relaxed,
            },
        )))
    }

    /// Puts the signature on top.
    pub(super) fn sign(&self, message: &mut Message) {
        message.sign(&self.0);
    }
}
