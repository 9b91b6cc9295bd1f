//! Answers of the userinfo endpoint: claims speak of the one subject, a challenge or an error stays plain text.

use super::{CLIENT_ID, ISSUER, NOW, SUBJECT, answer, check_error, check_written};
use wasm_oidc::authz::mapping::ClaimMapping;
use wasm_oidc::protocol::json::Object;
use wasm_oidc::protocol::user_info::{Answer, check_signed, check_subject, judge};

pub fn check(bytes: &[u8]) {
    let response = answer(bytes);
    match judge(&response) {
        Ok(Answer::Plain(claims)) => {
            assert!(response.status == 200 && response.is_json());
            are_right(&claims);
        }
        Ok(Answer::Signed(jwt)) => {
            assert_eq!(response.status, 200);
            for now in [NOW, i64::MIN, i64::MAX] {
                match check_signed(&jwt, ISSUER, CLIENT_ID, now, 60) {
                    Ok(()) => assert!(matches!(jwt.claims.string("iss"), Ok(None | Some(ISSUER)))),
                    Err(error) => check_error(&error),
                }
            }
            are_right(&jwt.claims);
        }
        Err(error) => check_error(&error),
    }
}

fn are_right(claims: &Object) {
    match check_subject(claims, SUBJECT) {
        Ok(()) => assert_eq!(claims.string("sub"), Ok(Some(SUBJECT))),
        Err(error) => check_error(&error),
    }
    check_written(claims);
    let (access, warnings) = ClaimMapping::default().grants(claims, None).unwrap();
    assert!(warnings.len() <= 2 && access.organizations().all(|organization| !organization.id.is_empty()));
}
