//! URLs and issuers, right and wrong.

use super::*;

fn code(text: &str) -> Option<Code> {
    HttpsUrl::parse(text).err().map(|error| error.code())
}

#[test]
fn https_and_http_on_loopback_are_accepted_and_keep_their_bytes() {
    for text in [
        "https://idp.example.com",
        "https://IDP.example.com/",
        "https://xn--bcher-kva.example/a/%C3%A9;v=1/@x?y=z&w",
        "https://idp.example.com:8443/realms/main",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:444/token",
        "https://my_idp/",
        "http://localhost",
        "http://localhost:3000/oidc",
        "http://127.0.0.1:65535/",
        "http://[::1]:1/",
    ] {
        assert_eq!(HttpsUrl::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn other_schemes_and_http_elsewhere_are_insecure_b14_x15() {
    for text in [
        "http://idp.example.com/",
        "http://localhost.example.com/",
        "http://a.localhost/",
        "http://127.0.0.2/",
        "http://localhosT/",
        "javascript:alert(1)",
        "javascript://%0aalert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "blob:https://idp/x",
        "ftp://idp/",
        "ws://localhost/",
        " https://idp/",
        "java\tscript:x",
    ] {
        assert_eq!(code(text), Some(Code::InsecureEndpoint), "{text:?}");
    }
}

#[test]
fn what_parsers_could_read_differently_is_refused_m3_x17() {
    for text in [
        "",
        "//e",
        "/\\e",
        "idp.example.com",
        "https:///e",
        "https:\\\\e",
        "https:/e",
        "HTTPS://idp/",
        "https://",
        "https://?x",
        "https://app@e/",
        "https://user:pass@e/",
        "https://app%2ee/",
        "https://e\\f/",
        "https://e/\\f",
        "https://e/a b",
        "https://e/\t",
        "https://e/\n",
        "https://e/#f",
        "https://e/?a#",
        "https://e/%",
        "https://e/%2",
        "https://e/%zz",
        "https://é.example/",
        "https://e/é",
        "https://e\u{3002}f/",
        "https://e:/",
        "https://e:0/",
        "https://e:080/",
        "https://e:65536/",
        "https://e:+1/",
        "https://e:1:2/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://1.2.3.256/",
        "https://01.2.3.4/",
        "https://xn--app-.example/",
        "https://-a.example/",
        "https://a..b/",
        "https://a./",
        "https://[::1/",
        "https://[]/",
        "https://::1/",
        "https://[::1]x/",
        "https://e/[x]",
        "https://e/{tenantid}",
        "https://e/a/../b",
        "https://e/./b",
        "https://e/a/%2e%2E",
        "https://e/<script>",
        "https://e/\u{0}",
    ] {
        assert_eq!(code(text), Some(Code::InvalidMetadata), "{text:?}");
    }
}

#[test]
fn a_url_beyond_the_size_limit_is_refused() {
    let url = |length: usize| format!("https://e/{}", "a".repeat(length - 10));
    assert_eq!(code(&url(MAX_URL_BYTES)), None);
    assert_eq!(code(&url(MAX_URL_BYTES + 1)), Some(Code::InvalidMetadata));
}

#[test]
fn origin_path_and_query_are_cut_as_written() {
    let parts = |text: &str| {
        let url = HttpsUrl::parse(text).unwrap();
        (url.origin().to_owned(), url.path().to_owned(), url.query().map(ToOwned::to_owned))
    };
    let text = |text: &str| text.to_owned();
    assert_eq!(parts("https://e"), (text("https://e"), text(""), None));
    assert_eq!(parts("https://e:443/a//b?c=/d?e"), (text("https://e:443"), text("/a//b"), Some(text("c=/d?e"))));
    assert_eq!(parts("http://[::1]:80?"), (text("http://[::1]:80"), text(""), Some(text(""))));
}

#[test]
fn an_existing_query_is_kept_rfc_6749_3_1() {
    let with = |text: &str| HttpsUrl::parse(text).unwrap().with_query(&[("a b", "&="), ("c", "")]);
    assert_eq!(with("https://e/auth"), "https://e/auth?a+b=%26%3D&c=");
    assert_eq!(with("https://e/auth?"), "https://e/auth?a+b=%26%3D&c=");
    assert_eq!(with("https://e/auth?p=x%20y"), "https://e/auth?p=x%20y&a+b=%26%3D&c=");
    assert_eq!(with("https://e/auth?p&"), "https://e/auth?p&a+b=%26%3D&c=");
    assert_eq!(HttpsUrl::parse("https://e/").unwrap().with_query(&[]), "https://e/");
}

#[test]
fn an_issuer_has_no_query_and_differs_by_a_single_byte_m1() {
    assert_eq!(Issuer::parse("https://e/?").unwrap_err().code(), Code::InvalidMetadata);
    assert_eq!(Issuer::parse("http://e").unwrap_err().code(), Code::InsecureEndpoint);
    assert_ne!(Issuer::parse("https://e").unwrap(), Issuer::parse("https://e/").unwrap());
    assert_ne!(Issuer::parse("https://e").unwrap(), Issuer::parse("https://E").unwrap());
    assert_ne!(Issuer::parse("https://e").unwrap(), Issuer::parse("https://e:443").unwrap());
}
