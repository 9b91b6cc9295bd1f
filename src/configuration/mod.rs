//! One JSON document for several providers: a default one, environments, applications with project ids, references to
//! secrets, where sessions are kept.
//!
//! A document is read as a whole, and each mistake is told with the path to it. Choosing a provider gives the options of a
//! client. Nothing is asked of anybody here: variables and secrets come from the caller, only for what was chosen, and no
//! message repeats a value.
//!
//! ```
//! use wasm_oidc::client::ClientOptions;
//! use wasm_oidc::protocol::json::parse_object;
//! use wasm_oidc::configuration::{Choice, Configuration};
//!
//! # fn main() -> wasm_oidc::error::Result<()> {
//! let document = parse_object(
//!     br#"{
//!         "defaultProvider": "corporate",
//!         "providers": {
//!             "corporate": { "issuer": "https://sso.company.example/realms/main", "clientId": "my-app" },
//!             "github": {
//!                 "type": "oauth2",
//!                 "authorize_url": "https://github.com/login/oauth/authorize",
//!                 "token_url": "https://github.com/login/oauth/access_token",
//!                 "client_id": "${GITHUB_ID}",
//!                 "client_secret": "vault://github/secret"
//!             }
//!         }
//!     }"#,
//! )?;
//! let configuration = Configuration::from_json(&document)?;
//! assert_eq!(configuration.default_provider()?, "corporate");
//!
//! let choice = Choice { provider: Some("github"), ..Choice::default() };
//! let variable = |name: &str| (name == "GITHUB_ID").then(|| "Iv1.1".to_owned());
//! let chosen = configuration.choose(&choice, &variable, &|_| None)?;
//! assert_eq!(chosen.waiting[0].reference, "vault://github/secret");
//!
//! let secret = |reference: &str| (reference == "vault://github/secret").then(|| "hush".to_owned());
//! let chosen = configuration.choose(&choice, &variable, &secret)?;
//! assert!(chosen.waiting.is_empty());
//! assert_eq!(ClientOptions::from_json(&chosen.options, false)?.client_id, "Iv1.1");
//! # Ok(())
//! # }
//! ```

mod choosing;
mod environment;
mod expanding;
mod faults;
mod keys;
mod kind;
mod layers;
mod reading;
mod references;
mod schema;
mod storages;

pub use choosing::{Choice, Chosen, Reference};
pub use schema::schema;

use crate::error::{Code, Error, Result};
use crate::protocol::json::{Json, Object};
use environment::{Provider, unknown};
use expanding::storage_section;
use faults::{Faults, below, listed};
use kind::Level;
use reading::{check, member, named};
use storages::Storage;

/// A configuration that was read.
#[derive(Debug, Clone)]
pub struct Configuration {
    root: Object,
    /// Where it is in the document.
    path: &'static str,
}

impl Configuration {
    /// Reads a document, or its member `auth` where the configuration is a section of it.
    ///
    /// # Errors
    /// `ConfigurationError` with the mistakes, each with its path, and the code of the first: `unknown_option` for a key
    /// or name that is none, with the nearest one; `missing_option`; `invalid_option`.
    pub fn from_json(document: &Object) -> Result<Self> {
        let mut faults = Faults::default();
        let configuration = match document.get("auth") {
            Some(Json::Object(root)) => {
                check(Level::Wrapper, document, "", &mut faults);
                Self { root: root.clone(), path: "auth" }
            }
            _ => {
                check(Level::Root, document, "", &mut faults);
                Self { root: document.clone(), path: "" }
            }
        };
        configuration.check_names(&mut faults);
        faults.finish()?;
        Ok(configuration)
    }

    /// The names of the providers, in the order of the document.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.entries().map(|(name, _)| name)
    }

    /// The provider that is used where none is named: the one that the document says, or the only one.
    ///
    /// # Errors
    /// `missing_option` where the document says none and has several, or none at all.
    pub fn default_provider(&self) -> Result<&str> {
        if let Some(name) = member(Level::Root, &self.root, "defaultProvider").and_then(Json::as_str) {
            return Ok(name);
        }
        let names: Vec<&str> = self.providers().collect();
        match names.as_slice() {
            [only] => Ok(only),
            names => Err(Error::new(
                Code::MissingOption,
                format!("no provider is named, and the configuration has no \"defaultProvider\" ({})", listed(names)),
            )),
        }
    }

    /// A provider as it is written, its references not resolved.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Object> {
        self.entries().find(|(known, _)| *known == name).map(|(_, provider)| provider)
    }

    /// The options of a client of a provider. Of what the document says only that is looked at which is used: `variable`
    /// gives the value of a variable, `secret` the text of a reference of the app's own scheme. Where it gives none, the
    /// reference is among those that [`Chosen::waiting`] lists; choose again when they are resolved.
    ///
    /// # Errors
    /// `ConfigurationError`: `unknown_option` for a provider, an environment, an application or an override that is none,
    /// with the nearest one and those there are; `missing_option` for a variable that there is not, or an option without
    /// which there is no client; `invalid_option` for a reference to what may not stand there; `secret_in_browser`.
    pub fn choose(
        &self,
        choice: &Choice<'_>,
        variable: &dyn Fn(&str) -> Option<String>,
        secret: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Chosen> {
        let name = match choice.provider {
            Some(name) => name,
            None => self.default_provider()?,
        };
        let Some(object) = self.provider(name) else {
            return Err(unknown("", "provider", name, &self.providers().collect::<Vec<_>>()));
        };
        let path = self.path_to(name);
        let provider = Provider { object, path: &path, root: &self.root };
        choosing::choose(name, &provider, self.path, choice, (variable, secret))
    }

    fn entries(&self) -> impl Iterator<Item = (&str, &Object)> {
        named(member(Level::Root, &self.root, "providers")).filter_map(|(name, value)| match value {
            Json::Object(object) => Some((name, object)),
            _ => None,
        })
    }

    fn path_to(&self, provider: &str) -> String {
        below(&below(self.path, "providers"), provider)
    }

    /// What no key can say alone: that names are those of something.
    fn check_names(&self, faults: &mut Faults) {
        if member(Level::Root, &self.root, "providers").is_none() {
            faults.add(
                Code::MissingOption,
                &below(self.path, "providers"),
                "is missing: the providers, by their names",
            );
        }
        let known: Vec<&str> = self.providers().collect();
        if let Some(name) = member(Level::Root, &self.root, "defaultProvider").and_then(Json::as_str)
            && !known.contains(&name)
        {
            let path = below(self.path, "defaultProvider");
            faults.unknown(&path, &format!("provider ({})", listed(&known)), name, &known);
        }
        self.check_storage(Level::Root, &self.root, self.path, faults);
        for (name, object) in self.entries() {
            if faults.is_full() {
                return;
            }
            let path = self.path_to(name);
            Provider { object, path: &path, root: &self.root }.check(faults);
            self.check_storage(Level::Provider, object, &path, faults);
            for (name, environment) in named(member(Level::Provider, object, "environments")) {
                if let Json::Object(environment) = environment {
                    let path = below(&below(&path, "environments"), name);
                    self.check_storage(Level::Environment, environment, &path, faults);
                }
            }
        }
    }

    /// A storage that is only named needs a section with what belongs to it, where something has to.
    fn check_storage(&self, level: Level, object: &Object, path: &str, faults: &mut Faults) {
        let Some(storage) = member(level, object, "storage").and_then(Json::as_str).and_then(Storage::of) else {
            return;
        };
        let section = storage_section(&self.root, storage.name);
        for required in storage.required {
            if section.and_then(|section| section.get(required)).is_none_or(|value| *value == Json::Null) {
                let what = format!("the storage \"{}\" needs an object with \"kind\" and \"{required}\"", storage.name);
                faults.add(Code::MissingOption, &below(path, "storage"), &what);
            }
        }
    }
}
