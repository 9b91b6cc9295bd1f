//! Lists of words separated by spaces (RFC 6749 3.3): scopes, `acr_values`, `prompt`, `ui_locales`.

/// The list as one parameter.
#[must_use]
#[inline(never)]
pub fn join(words: &[String]) -> String {
    let mut list = String::new();
    for word in words {
        if !list.is_empty() {
            list.push(' ');
        }
        list.push_str(word);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_by_single_spaces() {
        assert_eq!(join(&["openid".to_owned(), "email".to_owned(), "profile".to_owned()]), "openid email profile");
        assert_eq!(join(&[]), "");
    }
}
