//! Signs e-mails with DKIM (RFC 6376): canonicalization relaxed/relaxed, with an RSA key (SHA-256) or
//! an Ed25519 key (RFC 8463).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::message::Message;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm,
    DkimSigningKey,
};
use lettre::message::header::HeaderName;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::{DecodePrivateKey, PrivateKeyInfo, SecretDocument};

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

/// The object identifier of Ed25519 (RFC 8410, 3).
const ED25519: &str = "1.3.101.112";

/// Signs e-mails for a domain.
pub(super) struct Signer(DkimConfig);

impl Signer {
    /// Reads the private key.
    ///
    /// # Errors
    /// [`SetupError::Key`] if the file cannot be read or contains no private key of RSA or Ed25519 in PEM
    /// form.
    pub(super) fn load(dkim: &Dkim) -> Result<Self, SetupError> {
        let wrong = |problem: String| SetupError::Key(dkim.key_file.clone(), problem);
        let pem =
            std::fs::read_to_string(&dkim.key_file).map_err(|error| wrong(error.to_string()))?;
        let key = rsa_key(&pem).or_else(|| ed25519_key(&pem)).ok_or_else(|| {
            wrong(
                "is no private key of RSA or Ed25519 in PEM form; make one by `openssl genrsa 2048` \
                 or `openssl genpkey -algorithm ed25519`"
                    .to_owned(),
            )
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

fn rsa_key(pem: &str) -> Option<DkimSigningKey> {
    let key = RsaPrivateKey::from_pkcs8_pem(pem).ok();
    let key = key.or_else(|| RsaPrivateKey::from_pkcs1_pem(pem).ok())?;
    DkimSigningKey::new(&key.to_pkcs1_pem(LineEnding::LF).ok()?, DkimSigningAlgorithm::Rsa).ok()
}

/// The key of a PKCS #8 file: an octet string of 32 bytes in an octet string (RFC 8410, 7).
fn ed25519_key(pem: &str) -> Option<DkimSigningKey> {
    let (_, file) = SecretDocument::from_pem(pem).ok()?;
    let info = PrivateKeyInfo::try_from(file.as_bytes()).ok()?;
    if info.algorithm.oid.to_string() != ED25519 {
        return None;
    }
    let seed: &[u8; 32] = info.private_key.strip_prefix(&[0x04, 0x20])?.try_into().ok()?;
    DkimSigningKey::new(&STANDARD.encode(seed), DkimSigningAlgorithm::Ed25519).ok()
}
