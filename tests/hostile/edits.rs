//! The words of `tests/op/edits.mjs`, read natively: what a row says about the members of a value.

use serde_json::{Map, Value, json};

use crate::support::NOW;

/// What the words in braces stand for.
pub type Words = [(&'static str, Value)];

/// A changed copy of an object.
pub fn edited(value: &Value, edits: Option<&Value>, words: &Words) -> Value {
    let mut changed = value.as_object().cloned().unwrap_or_default();
    for (name, edit) in members(edits) {
        if edit.get("remove").is_some() {
            changed.remove(&name);
        } else {
            let after = after(changed.get(&name), &edit, words);
            changed.insert(name, after);
        }
    }
    Value::Object(changed)
}

/// A changed copy of the parameters of an authorization response.
pub fn edited_params(params: &[(&str, String)], edits: Option<&Value>, words: &Words) -> Vec<(String, String)> {
    let mut changed: Vec<_> = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    for (name, edit) in members(edits) {
        let before = changed.iter().find(|(known, _)| *known == name).map(|(_, value)| json!(value));
        let changes = edit.get("remove").is_none() && ["set", "append"].iter().any(|word| edit.get(word).is_some());
        if changes {
            let Value::String(value) = after(before.as_ref(), &edit, words) else {
                panic!("a parameter is text: {edit}")
            };
            match changed.iter_mut().find(|(known, _)| *known == name) {
                Some(parameter) => parameter.1 = value,
                None => changed.push((name.clone(), value)),
            }
        }
        if edit.get("remove").is_some() {
            changed.retain(|(known, _)| *known != name);
        }
        if let Some(also) = edit.get("also") {
            changed.push((name, also.as_str().unwrap().to_owned()));
        }
    }
    changed
}

fn members(edits: Option<&Value>) -> Map<String, Value> {
    edits.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn after(before: Option<&Value>, edit: &Value, words: &Words) -> Value {
    if let Some(text) = edit.get("append") {
        return json!(format!("{}{}", before.and_then(Value::as_str).unwrap(), text.as_str().unwrap()));
    }
    if let Some(seconds) = edit.get("now") {
        return match seconds.as_i64() {
            Some(seconds) => json!(NOW + seconds),
            None => json!(NOW as f64 + seconds.as_f64().unwrap()),
        };
    }
    if let Some(more) = edit.get("list") {
        let more = spoken(more, words);
        return before.cloned().into_iter().chain(more.as_array().unwrap().clone()).collect();
    }
    spoken(edit.get("set").unwrap_or_else(|| panic!("an edit that nobody knows: {edit}")), words)
}

/// A value with its words in braces replaced.
pub fn spoken(value: &Value, words: &Words) -> Value {
    match value {
        Value::Array(values) => values.iter().map(|value| spoken(value, words)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), spoken(value, words))).collect::<Map<_, _>>().into()
        }
        Value::String(text) => words
            .iter()
            .find(|(word, _)| *text == format!("{{{word}}}"))
            .map_or_else(|| value.clone(), |(_, value)| value.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
