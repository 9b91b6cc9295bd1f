//! Which environment and which application: the option, then the variable that the configuration names, then its default,
//! then `prod`; and the audience scope of an application's project (Zitadel).

use super::Choice;
use super::faults::{Faults, below, hint, listed};
use super::kind::Level;
use super::reading::{member, named};
use crate::error::{Code, Error, Result, harmless};
use crate::protocol::json::{Json, Object};

/// The environment where nobody says another.
const USUAL: &str = "prod";

/// A provider of the configuration, in the ways that environment and application are found.
pub(super) struct Provider<'a> {
    pub(super) object: &'a Object,
    pub(super) path: &'a str,
    pub(super) root: &'a Object,
}

impl<'a> Provider<'a> {
    fn own(&self, name: &str) -> Option<&'a Json> {
        member(Level::Provider, self.object, name)
    }

    /// The provider's, else that of the document.
    fn own_or_common(&self, name: &str) -> Option<&'a str> {
        self.own(name).or_else(|| member(Level::Root, self.root, name)).and_then(Json::as_str)
    }

    /// The environments that there are: those that are written down, else those that project ids name.
    fn environments(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = named(self.own("environments")).map(|(name, _)| name).collect();
        if names.is_empty() {
            for (_, id) in self.common_project_ids() {
                names.extend(
                    named(Some(id)).map(|(name, _)| name).filter(|name| !names.contains(name)).collect::<Vec<_>>(),
                );
            }
        }
        names
    }

    /// The object of an environment.
    pub(super) fn environment(&self, name: &str) -> Option<&'a Object> {
        named(self.own("environments")).find(|(known, _)| *known == name).and_then(|(_, value)| as_object(value))
    }

    /// The project ids that are not written below an environment, each an id or ids by environment.
    fn common_project_ids(&self) -> Vec<(&'a str, &'a Json)> {
        let of_applications = named(self.own("applications"))
            .filter_map(|(name, value)| Some((name, member(Level::Application, as_object(value)?, "projectId")?)));
        of_applications.chain(named(self.own("projectIds"))).collect()
    }

    fn applications(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = named(self.own("applications")).map(|(name, _)| name).collect();
        let of_environments = named(self.own("environments"))
            .filter_map(|(_, value)| member(Level::Environment, as_object(value)?, "projectIds"));
        for ids in self.own("projectIds").into_iter().chain(of_environments) {
            for (name, _) in named(Some(ids)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The environment that is meant; `None` where the provider has none.
    pub(super) fn chosen_environment(
        &self,
        choice: &Choice<'_>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<String>> {
        let known = self.environments();
        if let Some(name) = choice.environment {
            if known.contains(&name) {
                return Ok(Some(name.to_owned()));
            }
            return Err(unknown(self.path, "environment", name, &known));
        }
        if known.is_empty() {
            return Ok(None);
        }
        if let Some(variable_name) = self.own_or_common("environmentVariable")
            && let Some(value) = variable(variable_name).filter(|value| !value.is_empty())
        {
            if known.contains(&value.as_str()) {
                return Ok(Some(value));
            }
            // Which variable it is was written down by somebody; if that is the wrong one, its value may be a secret.
            let (path, name) = (self.path, harmless(variable_name));
            let (hint, known) = (hint(&value, &known), listed(&known));
            let message = format!("{path}: the variable \"{name}\" names no environment{hint} {known}");
            return Err(Error::new(Code::UnknownOption, message));
        }
        let name = self.own_or_common("defaultEnvironment").unwrap_or(USUAL);
        if known.contains(&name) {
            return Ok(Some(name.to_owned()));
        }
        Err(unknown(self.path, "environment", name, &known))
    }

    /// The project id of an application, where it has one here, and where that is written.
    pub(super) fn project_id(
        &self,
        application: &str,
        environment: Option<&str>,
    ) -> Result<Option<(&'a Json, String)>> {
        let known = self.applications();
        if !known.contains(&application) {
            return Err(unknown(self.path, "application", application, &known));
        }
        if let Some(name) = environment
            && let Some(object) = self.environment(name)
            && let Some((_, id)) =
                named(member(Level::Environment, object, "projectIds")).find(|(app, _)| *app == application)
            && let Some(id) = of_environment(id, environment)
        {
            let path = below(&below(self.path, "environments"), name);
            return Ok(Some((id, below(&below(&path, "projectIds"), application))));
        }
        let common = self.common_project_ids().into_iter().filter(|(app, _)| *app == application);
        let path = below(&below(self.path, "applications"), application);
        Ok(common.filter_map(|(_, id)| of_environment(id, environment)).map(|id| (id, path.clone())).next())
    }

    /// Notes names of environments that there are not.
    pub(super) fn check(&self, faults: &mut Faults) {
        let known = self.environments();
        let mut check = |name: &str, path: &str| {
            if !known.contains(&name) {
                faults.unknown(path, &format!("environment ({})", listed(&known)), name, &known);
            }
        };
        if let Some(name) = self.own("defaultEnvironment").and_then(Json::as_str) {
            check(name, &below(self.path, "defaultEnvironment"));
        }
        for (application, id) in self.common_project_ids() {
            for (name, _) in named(Some(id)) {
                let path = below(&below(&below(self.path, "applications"), application), "projectId");
                check(name, &below(&path, name));
            }
        }
    }
}

/// A name that nothing has, with the nearest one and all there are.
pub(super) fn unknown(path: &str, what: &str, name: &str, known: &[&str]) -> Error {
    let at = if path.is_empty() { String::new() } else { format!("{path}: ") };
    let shown: String = harmless(name).chars().take(64).collect();
    let (hint, known) = (hint(name, known), listed(known));
    Error::new(Code::UnknownOption, format!("{at}unknown {what} \"{shown}\"{hint} ({known})"))
}

/// Adds the scope that puts a project into the audience of the tokens, once.
pub(super) fn with_audience(scopes: &mut Vec<String>, project_id: &str) {
    let scope = format!("urn:zitadel:iam:org:project:id:{project_id}:aud");
    if !scopes.contains(&scope) {
        scopes.push(scope);
    }
}

/// Whether a text can stand within a scope (RFC 6749 3.3) and between its colons.
pub(super) fn is_project_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn of_environment<'a>(id: &'a Json, environment: Option<&str>) -> Option<&'a Json> {
    match id {
        Json::Object(ids) => ids.get(environment?).filter(|id| **id != Json::Null),
        id => Some(id),
    }
}

fn as_object(value: &Json) -> Option<&Object> {
    match value {
        Json::Object(object) => Some(object),
        _ => None,
    }
}
