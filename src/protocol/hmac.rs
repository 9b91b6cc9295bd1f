//! HMAC with SHA-256 (RFC 2104, FIPS 198-1), which is HS256 of RFC 7518 3.2.

use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// The authentication code of a message.
#[must_use]
#[inline(never)]
pub fn sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        fill(&mut block, &Sha256::digest(key));
    } else {
        fill(&mut block, key);
    }
    let inner = hash_of(&mut block, 0x36, message);
    // Both pads are of the same key: the second is the first one with other bits turned.
    let outer = hash_of(&mut block, 0x36 ^ 0x5c, &inner);
    block.zeroize();
    outer
}

fn fill(block: &mut [u8; BLOCK], key: &[u8]) {
    for (byte, of_key) in block.iter_mut().zip(key) {
        *byte = *of_key;
    }
}

fn hash_of(block: &mut [u8; BLOCK], bits: u8, message: &[u8]) -> [u8; 32] {
    for byte in block.iter_mut() {
        *byte ^= bits;
    }
    let mut hasher = Sha256::new();
    hasher.update(&block[..]);
    hasher.update(message);
    let digest = hasher.finalize_reset();
    // The hasher's block may still hold what is made of the key.
    hasher.update(std::hint::black_box([0; 63]));
    std::hint::black_box(&hasher);
    digest.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_vectors_of_rfc_4231() {
        for (key, message, code) in [
            (vec![0x0b; 20], b"Hi There".to_vec(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&sha256(&key, &message)), code);
        }
    }
}
