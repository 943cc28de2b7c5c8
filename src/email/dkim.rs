//! Signs e-mails with DKIM (RFC 6376): canonicalization relaxed/relaxed, RSA with SHA-256.

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

/// The headers that are signed if they are present. `Content-Type` is not signed: lettre treats
/// that header of a multipart e-mail as part of the body, and would sign as if it were absent.
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

/// Signs e-mails for a domain.
pub(super) struct Signer(DkimConfig);

impl Signer {
    /// Reads the private key.
    ///
    /// # Errors
    /// [`SetupError::Key`] if the file cannot be read or contains no RSA private key in PEM form.
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

    /// Adds the signature header.
    pub(super) fn sign(&self, message: &mut Message) {
        message.sign(&self.0);
    }
}
