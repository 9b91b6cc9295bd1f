//! The examples that the JOSE standards print, judged by this host's WebCrypto.

use wasm_bindgen_test::wasm_bindgen_test;
use wasm_oidc::ports::Crypto;

use super::host;
use super::published::signatures;

#[wasm_bindgen_test]
async fn a_published_signature_is_right_and_with_one_other_bit_wrong_c6_j3_x25() {
    let host = host();
    let signatures = signatures();
    assert_eq!(signatures.len(), 11);
    for signed in signatures {
        let (algorithm, key) = (signed.algorithm, &signed.key);
        let name = &signed.name;
        let verdict = host.verify(algorithm, key, &signed.signature, &signed.signing_input).await;
        assert_eq!(verdict, Ok(true), "{name}");
        for at in [0, signed.signature.len() / 2, signed.signature.len() - 1] {
            let mut flipped = signed.signature.clone();
            flipped[at] ^= 1;
            let verdict = host.verify(algorithm, key, &flipped, &signed.signing_input).await;
            assert_eq!(verdict, Ok(false), "{name}: byte {at}");
        }
        let mut flipped = signed.signing_input.clone();
        flipped[0] ^= 1;
        assert_eq!(host.verify(algorithm, key, &signed.signature, &flipped).await, Ok(false), "{name}");
    }
}
