//! The shape of a certificate (RFC 5280 4.1), as far as it is looked at: extensions are passed over.

use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, IntRef, UtcTime};
use der::{Choice, Sequence};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

/// `Certificate`
#[derive(Sequence)]
pub(super) struct Certificate<'a> {
    pub(super) signed: Signed<'a>,
    pub(super) signature_algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) signature: BitStringRef<'a>,
}

/// `TBSCertificate`
#[derive(Sequence)]
pub(super) struct Signed<'a> {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: u8,
    pub(super) serial_number: IntRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) issuer: AnyRef<'a>,
    pub(super) validity: Validity,
    pub(super) subject: AnyRef<'a>,
    pub(super) subject_public_key_info: SubjectPublicKeyInfoRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", optional = "true")]
    extensions: Option<AnyRef<'a>>,
}

/// `Validity`
#[derive(Sequence)]
pub(super) struct Validity {
    pub(super) not_before: Time,
    pub(super) not_after: Time,
}

/// `Time`: two digits of the year up to 2049, four from 2050 on.
#[derive(Choice)]
pub(super) enum Time {
    #[asn1(type = "UTCTime")]
    Utc(UtcTime),
    #[asn1(type = "GeneralizedTime")]
    Generalized(GeneralizedTime),
}

impl Time {
    /// In UTC, as ISO 8601 has it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Utc(time) => time.to_date_time().to_string(),
            Self::Generalized(time) => time.to_date_time().to_string(),
        }
    }
}
