//! The grammar of scopes: `resource:action`, with `*` and `**` in the places that allow them.
//!
//! ```text
//! scope    = resource ":" action
//! resource = segment *( "." segment ) / "*"
//! action   = segment / "*" / "**"
//! segment  = 1 to 64 characters of scope-token (RFC 6749 3.3) without ":" "." "*"
//! ```

/// The most characters of a segment or an action.
pub const MAX_SEGMENT_LENGTH: usize = 64;

/// A resource of this name stands for any resource of one segment; an action of this name for any action.
pub const ANY: &str = "*";

/// The action that stands for any action on the resource and on everything below it.
pub const ANY_BELOW: &str = "**";

/// A scope, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedScope<'a> {
    /// What it is about: `users`, `projects.tasks`, or `*`.
    pub resource: &'a str,
    /// What may be done with it: `read`, `*`, or `**`.
    pub action: &'a str,
}

/// Takes a scope apart; `None` for what is none by the grammar above (a bare word such as `openid` or `owner`, too).
///
/// ```
/// use wasm_oidc::authz::scope::parse_scope;
/// let scope = parse_scope("users.verifiers:write").unwrap();
/// assert_eq!((scope.resource, scope.action), ("users.verifiers", "write"));
/// assert!(parse_scope("openid").is_none());
/// ```
#[must_use]
pub fn parse_scope(text: &str) -> Option<ParsedScope<'_>> {
    // A second colon ends up in the action, where no colon is allowed.
    let (resource, action) = text.split_once(':')?;
    let resource_right = resource == ANY || is_resource(resource);
    let action_right = action == ANY || action == ANY_BELOW || is_segment(action);
    (resource_right && action_right).then_some(ParsedScope { resource, action })
}

/// Whether this is a scope, or a word that grants no resource: a role, or somebody's scope that names no action, dotted
/// ones (`Mail.Read`) too.
#[must_use]
pub fn is_scope_or_word(text: &str) -> bool {
    parse_scope(text).is_some() || is_resource(text)
}

/// Whether this names one resource, without wildcards.
#[must_use]
pub fn is_resource(text: &str) -> bool {
    text.split('.').all(is_segment)
}

/// Whether this is one segment, or one action without wildcards.
#[must_use]
pub fn is_segment(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SEGMENT_LENGTH && text.bytes().all(is_segment_byte)
}

/// `scope-token` of RFC 6749 3.3 (`%x21 / %x23-5B / %x5D-7E`) without what separates and what is a wildcard.
fn is_segment_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e) && !matches!(byte, b':' | b'.' | b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_resource_and_an_action() {
        for (text, resource, action) in [
            ("users:read", "users", "read"),
            ("projects.tasks:delete", "projects.tasks", "delete"),
            ("users:*", "users", "*"),
            ("projects:**", "projects", "**"),
            ("*:read", "*", "read"),
            ("*:*", "*", "*"),
            ("*:**", "*", "**"),
            ("a-b_c/d!:~", "a-b_c/d!", "~"),
        ] {
            assert_eq!(parse_scope(text), Some(ParsedScope { resource, action }), "{text}");
        }
    }

    #[test]
    fn what_is_no_scope_gives_none() {
        for text in [
            "",
            ":",
            "users",
            "owner",
            "users:",
            ":read",
            "a:b:c",
            "a::b",
            "a..b:read",
            ".a:read",
            "a.:read",
            "a*:read",
            "*.a:read",
            "a.*:read",
            "**:read",
            "a:r*",
            "a:***",
            "a:b.c",
            "a b:read",
            "a:re ad",
            " a:read",
            "a:read ",
            "a\t:read",
            "\u{e9}:read",
            "a:\u{e9}",
            "a\":read",
            "a\\:read",
            "a\u{0}:read",
            "a\u{7f}:read",
        ] {
            assert_eq!(parse_scope(text), None, "{text:?}");
        }
    }

    #[test]
    fn segments_and_actions_have_at_most_64_characters_and_resources_any_number_of_segments() {
        let longest = "x".repeat(MAX_SEGMENT_LENGTH);
        assert!(parse_scope(&format!("{longest}.{longest}:{longest}")).is_some());
        assert!(parse_scope(&format!("{longest}x:read")).is_none());
        assert!(parse_scope(&format!("a:{longest}x")).is_none());
    }
}
