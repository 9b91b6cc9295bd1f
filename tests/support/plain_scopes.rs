//! The rules of scopes written down as they are told, with no thought of cost.

fn segment_is_right(text: &str) -> bool {
    let length = text.chars().count();
    (1..=64).contains(&length)
        && text.chars().all(|c| {
            let scope_token = c == '\u{21}' || ('\u{23}'..='\u{5b}').contains(&c) || ('\u{5d}'..='\u{7e}').contains(&c);
            scope_token && c != ':' && c != '.' && c != '*'
        })
}

pub fn resource_is_right(text: &str) -> bool {
    let segments: Vec<&str> = text.split('.').collect();
    segments.iter().all(|segment| segment_is_right(segment))
}

pub fn scope_is_right(scope: &str) -> bool {
    let parts: Vec<&str> = scope.split(':').collect();
    parts.len() == 2
        && (parts[0] == "*" || resource_is_right(parts[0]))
        && (parts[1] == "*" || parts[1] == "**" || segment_is_right(parts[1]))
}

fn scope_grants(scope: &str, action: &str, resource: &str) -> bool {
    let parts: Vec<&str> = scope.split(':').collect();
    let (on, may) = (parts[0], parts[1]);
    let one_segment = !resource.contains('.');
    match (on, may) {
        ("*", "**") => true,
        ("*", "*") => one_segment,
        ("*", _) => one_segment && may == action,
        (_, "**") => resource == on || resource.starts_with(&format!("{on}.")),
        (_, "*") => resource == on,
        _ => resource == on && may == action,
    }
}

pub fn has_access(scopes: &[String], action: &str, resource: &str) -> bool {
    segment_is_right(action)
        && resource_is_right(resource)
        && scopes.iter().any(|scope| scope_is_right(scope) && scope_grants(scope, action, resource))
}
