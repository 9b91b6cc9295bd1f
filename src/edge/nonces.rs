//! Nonces that a protected resource gives out (RFC 9449 8 and 9), which nobody has to remember: the time, and a keyed hash of
//! it (HMAC with SHA-256, RFC 2104) that only who has the key can make.

use std::cell::Cell;

use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};
use crate::ports::Random;
use crate::protocol::secret::Secret;
use crate::protocol::{base64, hmac};

/// How long a nonce is taken, in seconds.
pub const LIFETIME: i64 = 300;

/// From which age on, in seconds, an answer brings a new one.
const RENEWAL_AGE: i64 = LIFETIME / 2;

/// The bytes of the time, and of the hash that are kept: 128 bits.
const TIME_BYTES: usize = 8;
const HASH_BYTES: usize = 16;

/// What the key that a secret gives is for, so that it serves for nothing else.
const LABEL: &[u8] = b"wasm-oidc dpop nonce\0";

/// Makes nonces and recognizes them.
#[derive(Default)]
pub struct Nonces {
    key: Cell<Option<[u8; 32]>>,
}

impl Nonces {
    /// With a secret, every isolate that has it takes the nonces of the others; without one, each isolate makes a key of its
    /// own at its first request.
    #[must_use]
    pub fn new(secret: Option<&Secret>) -> Self {
        let key = secret.map(|secret| {
            let mut hasher = Sha256::new();
            hasher.update(LABEL);
            hasher.update(secret.expose());
            hasher.finalize().into()
        });
        Self { key: Cell::new(key) }
    }

    /// A new nonce.
    ///
    /// # Errors
    /// `CryptoUnavailable`: the host has no random numbers here.
    pub fn issue<R: Random>(&self, random: &R, now: i64) -> Result<String> {
        let mut nonce = Vec::with_capacity(TIME_BYTES.saturating_add(HASH_BYTES));
        nonce.extend(now.to_be_bytes());
        let hash = self.hash(random, &nonce)?;
        nonce.extend(hash);
        Ok(base64::encode(&nonce))
    }

    /// When a nonce was given out, where it is one of ours and still taken; it may come from an isolate whose clock is ahead
    /// by `tolerance` seconds.
    ///
    /// # Errors
    /// `UseDpopNonce`: it is missing, too old, or none of ours. `CryptoUnavailable`.
    pub fn check<R: Random>(&self, random: &R, nonce: Option<&str>, now: i64, tolerance: i64) -> Result<i64> {
        let refused = || {
            Error::new(Code::UseDpopNonce, "the DPoP proof needs the \"nonce\" of this answer's header \"DPoP-Nonce\"")
        };
        let nonce = nonce.and_then(base64::decode).ok_or_else(refused)?;
        let (time, hash) = nonce.split_at_checked(TIME_BYTES).ok_or_else(refused)?;
        if hash.len() != HASH_BYTES || !is_equal(hash, &self.hash(random, time)?) {
            return Err(refused());
        }
        let issued_at = i64::from_be_bytes(time.try_into().unwrap_or_default());
        if now > Self::latest_use(issued_at) || issued_at > now.saturating_add(tolerance) {
            return Err(refused());
        }
        Ok(issued_at)
    }

    /// The last second in which a nonce is taken.
    #[must_use]
    pub fn latest_use(issued_at: i64) -> i64 {
        issued_at.saturating_add(LIFETIME)
    }

    /// Whether an answer should bring a new one, so that the next request needs no second attempt (RFC 9449 8.2).
    #[must_use]
    pub fn is_due(issued_at: i64, now: i64) -> bool {
        now.saturating_sub(issued_at) >= RENEWAL_AGE
    }

    fn hash<R: Random>(&self, random: &R, time: &[u8]) -> Result<Vec<u8>> {
        let key = match self.key.get() {
            Some(key) => key,
            None => {
                let mut key = [0; 32];
                random.fill(&mut key).map_err(|_| {
                    Error::new(Code::CryptoUnavailable, "the host has no random numbers for a key of nonces")
                })?;
                self.key.set(Some(key));
                key
            }
        };
        Ok(hmac::sha256(&key, time)?.into_iter().take(HASH_BYTES).collect())
    }
}

/// Whether two texts of one length are equal, in a time that does not say where they differ.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |found, (one, other)| found | (one ^ other));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::RandomUnavailable;

    /// Fills with one byte.
    struct Filling(u8);

    impl Random for Filling {
        fn fill(&self, bytes: &mut [u8]) -> std::result::Result<(), RandomUnavailable> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    fn checked(nonces: &Nonces, nonce: Option<&str>, now: i64) -> std::result::Result<i64, Code> {
        nonces.check(&Filling(1), nonce, now, 60).map_err(|error| error.code())
    }

    #[test]
    fn a_nonce_is_taken_for_its_time_and_a_new_one_comes_when_half_of_it_is_over() {
        let nonces = Nonces::default();
        let nonce = nonces.issue(&Filling(1), 1000).unwrap();
        assert_eq!(nonce.len(), 32);
        assert_eq!(checked(&nonces, Some(&nonce), 1000), Ok(1000));
        assert_eq!(checked(&nonces, Some(&nonce), 1300), Ok(1000));
        assert_eq!(checked(&nonces, Some(&nonce), 1301), Err(Code::UseDpopNonce));
        assert_eq!(checked(&nonces, Some(&nonce), 940), Ok(1000));
        assert_eq!(checked(&nonces, Some(&nonce), 939), Err(Code::UseDpopNonce));
        assert!(!Nonces::is_due(1000, 1149) && Nonces::is_due(1000, 1150));
    }

    #[test]
    fn what_nobody_here_made_is_no_nonce() {
        let nonces = Nonces::default();
        let nonce = nonces.issue(&Filling(1), 1000).unwrap();
        let bytes = base64::decode(&nonce).unwrap();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_eq!(checked(&nonces, Some(&base64::encode(&other)), 1000), Err(Code::UseDpopNonce), "byte {at}");
            let cut = base64::encode(&bytes[..at]);
            assert_eq!(checked(&nonces, Some(&cut), 1000), Err(Code::UseDpopNonce), "{at} bytes");
        }
        for other in [None, Some(""), Some("canary"), Some("eyJ7S_zG.eyJH0-Z.HX4w-7v"), Some(&*format!("{nonce}A"))] {
            assert_eq!(checked(&nonces, other, 1000), Err(Code::UseDpopNonce), "{other:?}");
        }
        let elsewhere = Nonces::default().issue(&Filling(2), 1000).unwrap();
        assert_eq!(checked(&nonces, Some(&elsewhere), 1000), Err(Code::UseDpopNonce));
    }

    #[test]
    fn isolates_with_one_secret_take_each_others_nonces_and_others_do_not() {
        let with = |secret: &str| Nonces::new(Some(&Secret::new(secret)));
        let nonce = with("one secret for all").issue(&Filling(1), 1000).unwrap();
        assert_eq!(checked(&with("one secret for all"), Some(&nonce), 1000), Ok(1000));
        assert_eq!(checked(&with("another"), Some(&nonce), 1000), Err(Code::UseDpopNonce));
        assert_eq!(checked(&Nonces::default(), Some(&nonce), 1000), Err(Code::UseDpopNonce));
    }

    #[test]
    fn the_hash_is_that_of_rfc_4231() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        // HMAC fills a short key up with zeros.
        let nonces = Nonces { key: Cell::new(Some(key)) };
        let hash = nonces.hash(&Filling(1), b"what do ya want for nothing?").unwrap();
        assert_eq!(hash[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(hash[12..], [0x08, 0x95, 0x75, 0xc7]);
    }
}
