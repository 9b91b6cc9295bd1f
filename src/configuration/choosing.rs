//! From a provider of the configuration to the options of a client.

use super::environment::{Provider, is_project_id, with_audience};
use super::expanding::{Expanding, storage_section};
use super::faults::{Faults, below};
use super::kind::{Kind, Level};
use super::layers::{Layers, Target};
use super::reading::{check, member};
use super::storages::Storage;
use crate::client::ClientOptions;
use crate::client::options::usual_scopes;
use crate::error::{Code, Error, Result};
use crate::protocol::json::{Json, Number, Object};

/// What is wanted of a configuration.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice<'a> {
    /// The provider; `None`: the default one.
    pub provider: Option<&'a str>,
    /// The environment; `None`: that of the variable, else the default one, else `prod`.
    pub environment: Option<&'a str>,
    /// The application whose project is to be in the audience of the tokens.
    pub application: Option<&'a str>,
    /// Options, by any of their names, that win over what the document says; nothing in them is a reference.
    pub overrides: Option<&'a Object>,
    /// Options that the caller has elsewhere: what the document says of them is not looked at.
    pub without: &'a [String],
    /// Everybody can read what a client has here.
    pub in_page: bool,
}

/// What was chosen.
#[derive(Clone)]
pub struct Chosen {
    /// The provider's name, which is the client's too: several providers live side by side in one store.
    pub provider: String,
    /// The environment, where the provider has any.
    pub environment: Option<String>,
    /// The application, where one was asked for.
    pub application: Option<String>,
    /// The options of a client. A reference that waits stands in it as it is written; a storage that is made from more
    /// than its name is `custom`.
    pub options: Object,
    /// Where sessions are kept: a word, or an object with `kind` and what belongs to it.
    pub storage: Json,
    /// The file with the certificates that are trusted beside those of the platform, where there is one.
    pub ca_bundle: Option<String>,
    /// The references that are not resolved yet, in the order of the document.
    pub waiting: Vec<Reference>,
}

/// A reference of an app's own scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// As the app resolves it, its variables replaced; such a text may hold a secret itself.
    pub reference: String,
    /// What stands before `://`.
    pub scheme: String,
    /// Where it is written.
    pub path: String,
}

/// Looks up the value of a variable or the text of a reference.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn choose(
    name: &str,
    provider: &Provider<'_>,
    root_path: &str,
    choice: &Choice<'_>,
    (variable, secret): (Lookup<'_>, Lookup<'_>),
) -> Result<Chosen> {
    let environment = provider.chosen_environment(choice, variable)?;
    let overrides = checked(choice.overrides)?;

    let mut common = Object::new();
    if let Some(storage) = member(Level::Root, provider.root, "storage") {
        common.insert("storage", storage.clone());
    }
    let environments = below(provider.path, "environments");
    let mut layers = Layers::default();
    layers.add(Level::Environment, &common, root_path);
    layers.add(Level::Provider, provider.object, provider.path);
    if let Some(name) = &environment
        && let Some(object) = provider.environment(name)
    {
        layers.add(Level::Environment, object, &below(&environments, name));
    }
    layers.add(Level::Overrides, &overrides, "");
    for name in choice.without {
        layers.forget(Target::Option(name));
    }

    let mut expanding = Expanding { variable, secret, waiting: Vec::new() };
    let (mut options, storage, ca_bundle) = options(&layers, provider.root, &mut expanding)?;
    if let Some(application) = choice.application
        && let Some((id, path)) = provider.project_id(application, environment.as_deref())?
    {
        let waiting = expanding.waiting.len();
        let id = expanding.text(Kind::Text, id.as_str().unwrap_or_default(), &path)?;
        if expanding.waiting.len() == waiting {
            add_audience(&mut options, &id, &path)?;
        }
    }
    options.put_text("name", Some(name));
    ClientOptions::from_json(&options, choice.in_page).map_err(|error| located(provider.path, &error))?;
    Ok(Chosen {
        provider: name.to_owned(),
        environment,
        application: choice.application.map(str::to_owned),
        options,
        storage,
        ca_bundle,
        waiting: expanding.waiting,
    })
}

/// Overrides with options that there are.
fn checked(overrides: Option<&Object>) -> Result<Object> {
    let overrides = overrides.cloned().unwrap_or_default();
    let mut faults = Faults::default();
    check(Level::Overrides, &overrides, "", &mut faults);
    faults.finish()?;
    Ok(overrides)
}

/// The options of a client, where its sessions are kept, and whom it trusts.
fn options(
    layers: &Layers<'_>,
    root: &Object,
    expanding: &mut Expanding<'_>,
) -> Result<(Object, Json, Option<String>)> {
    let (mut options, mut metadata) = (Object::new(), Object::new());
    let mut storage = Json::String("memory".to_owned());
    let mut ca_bundle = None;
    for placed in layers.iter() {
        let value = match (placed.kind, placed.value.as_str().and_then(Storage::of)) {
            (Kind::Storage, Some(word)) if !word.required.is_empty() => {
                let section = with_kind(word.name, storage_section(root, word.name));
                let mut placed = placed.clone();
                placed.is_literal = false;
                placed.path = word.name.to_owned();
                placed.value = &section;
                expanding.value(&placed)?
            }
            _ => expanding.value(placed)?,
        };
        match placed.target {
            Target::Metadata(member) => metadata.insert(member, value),
            Target::Option("redirectPort") => {
                if let Json::Number(Number::Integer(port)) = value {
                    options.put_text("redirectUri", Some(&format!("http://127.0.0.1:{port}/callback")));
                }
            }
            Target::Option("storage") => storage = value,
            Target::Option("caBundle") => ca_bundle = value.as_str().map(str::to_owned),
            Target::Option(name) => options.insert(name, value),
        }
    }
    if !metadata.is_empty() {
        options.insert("metadata", Json::Object(metadata));
    }
    let word = storage.as_str().filter(|word| matches!(*word, "memory" | "session" | "local")).unwrap_or("custom");
    options.put_text("storage", Some(word));
    Ok((options, storage, ca_bundle))
}

fn with_kind(kind: &str, section: Option<&Object>) -> Json {
    let mut object = section.cloned().unwrap_or_default();
    object.put_text("kind", Some(kind));
    Json::Object(object)
}

fn add_audience(options: &mut Object, project_id: &str, path: &str) -> Result<()> {
    if !is_project_id(project_id) {
        let message = format!("{path}: a project id has letters, digits, and \"-\", \"_\" or \".\"");
        return Err(Error::new(Code::InvalidOption, message));
    }
    let is_oauth2 = options.get("type").and_then(Json::as_str) == Some("oauth2");
    let mut scopes = match options.get("scopes") {
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        Some(Json::String(text)) => text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        _ => usual_scopes(is_oauth2),
    };
    with_audience(&mut scopes, project_id);
    options.insert("scopes", Json::Array(scopes.into_iter().map(Json::String).collect()));
    Ok(())
}

/// An error of the client's options, saying whose they are.
fn located(path: &str, error: &Error) -> Error {
    Error::new(error.code(), format!("{path}: {}", error.failure().message))
}
