//! Header fields that an app adds to requests: what a name and a value may be (RFC 9110 5.1, 5.5), and which names are not
//! the app's.

use crate::error::{Code, Error, Result, harmless};

/// What this library sets itself, so that what it says and proves stays what it checked.
const RESERVED: [&str; 4] = ["authorization", "content-type", "accept", "dpop"];

/// What belongs to the connection and the framing of a message (RFC 9110 7.6.1, RFC 9112 6): every host sets it, and some
/// refuse the request that says it.
const OF_THE_CONNECTION: [&str; 9] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// What a browser drops without a word beside these (Fetch 2.2.2, "forbidden request-header"), with the names whose
/// values can forbid them.
const OF_THE_BROWSER: [&str; 15] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "origin",
    "referer",
    "set-cookie",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// Whether it is a `token` of RFC 9110 5.6.2.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether it is a field value of visible ASCII (RFC 9110 5.5): no line can end in it, and every host reads it alike.
#[must_use]
pub fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// Checks a header that an app adds; the name in lower case. `is_page`: a browser sends the request.
///
/// # Errors
/// `InvalidOption`, `ReservedParameter`, naming the header and never its value.
#[inline(never)]
pub fn check_added(name: &str, value: &str, is_page: bool) -> Result<()> {
    let (code, why) = if !is_name(name) {
        (Code::InvalidOption, "its name is no token of RFC 9110 5.6.2")
    } else if !is_value(value) {
        (Code::InvalidOption, "its value has to be printable ASCII on one line (RFC 9110 5.5)")
    } else if RESERVED.contains(&name) {
        (Code::ReservedParameter, "the library sets it itself")
    } else if OF_THE_CONNECTION.contains(&name) {
        (Code::InvalidOption, "it belongs to the connection, which the host looks after")
    } else if is_page && is_of_the_browser(name) {
        (Code::InvalidOption, "browsers let no page set it (Fetch 2.2.2)")
    } else {
        return Ok(());
    };
    Err(Error::new(code, format!("the header \"{}\" cannot be sent: {why}", harmless(name))))
}

fn is_of_the_browser(name: &str) -> bool {
    OF_THE_BROWSER.contains(&name) || name.starts_with("sec-") || name.starts_with("proxy-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, value: &str, is_page: bool) -> std::result::Result<(), Code> {
        check_added(name, value, is_page).map_err(|error| error.code())
    }

    #[test]
    fn an_app_adds_what_is_a_header_and_nobody_elses() {
        for name in ["x-key", "user-agent", "x_y", "traceparent", "!#$%&'*+-.^_`|~"] {
            assert_eq!(checked(name, "a b\t~", true), Ok(()), "{name}");
        }
        assert_eq!(checked("x-key", "", true), Ok(()));
    }

    #[test]
    fn a_name_or_value_that_could_end_the_line_or_be_read_in_two_ways_is_refused() {
        for name in ["", "x key", "x:key", "x\r\ny", "x\0", "schlüssel", "(x)"] {
            assert_eq!(checked(name, "a", false), Err(Code::InvalidOption), "{name:?}");
        }
        for value in ["a\r\nx: y", "a\n", "a\0b", "ü", "\u{7f}"] {
            assert_eq!(checked("x-key", value, false), Err(Code::InvalidOption), "{value:?}");
        }
    }

    #[test]
    fn what_the_library_sets_is_reserved_and_what_the_connection_needs_is_the_hosts() {
        for name in RESERVED {
            assert_eq!(checked(name, "a", false), Err(Code::ReservedParameter), "{name}");
        }
        for name in OF_THE_CONNECTION {
            assert_eq!(checked(name, "a", false), Err(Code::InvalidOption), "{name}");
        }
    }

    #[test]
    fn what_browsers_forbid_is_refused_in_a_page_alone() {
        for name in OF_THE_BROWSER.into_iter().chain(["sec-fetch-mode", "proxy-authorization"]) {
            assert_eq!(checked(name, "a", true), Err(Code::InvalidOption), "{name}");
            assert_eq!(checked(name, "a", false), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_refusal_names_the_header_and_not_its_value_x26() {
        let message = |name, value| check_added(name, value, true).unwrap_err().failure().message.clone().into_owned();
        assert!(message("cookie", "canary").contains("\"cookie\""));
        assert!(!message("cookie", "canary").contains("canary"));
        assert!(!message("x-key", "canary\n").contains("canary"));
    }
}
