//! What claims were found to say about access, and what is wrong with them.
//!
//! Whatever is wrong is noted and grants nothing; whether it is an error or a warning is decided when all is read.

use crate::authz::access::Access;
use crate::authz::organizations::{
    ORGANIZATION_REPEATED, ORGANIZATIONS_MALFORMED, Organization, Warning, keep_each_once, united,
};
use crate::error::{Class, Code, Error, Result, harmless};
use crate::protocol::json::{Json, Object};

/// A role or a scope is listed more than once; it counts once.
pub const REPEATED: &str = "claim_repeated";

/// What claims say, while they are read.
#[derive(Default)]
pub(in crate::authz) struct Found {
    /// `None` where the claims do not speak of organizations at all.
    pub organizations: Option<Vec<Organization>>,
    /// The roles at token level.
    pub roles: Vec<String>,
    /// The scopes at token level; `None`: those of the token response.
    pub scopes: Option<Vec<String>>,
    warnings: Vec<Warning>,
    /// The first thing that is malformed.
    complaint: Option<String>,
    malformed: usize,
}

impl Found {
    /// The claim at the end of a path of member names, `null` included.
    #[inline(never)]
    pub fn claim<'a>(&mut self, claims: &'a Object, path: &[&str]) -> Option<&'a Json> {
        let (last, outer) = path.split_last()?;
        let mut within = claims;
        for name in outer {
            match within.get(name)? {
                Json::Object(inner) => within = inner,
                other => {
                    self.complain(name, "an object", other);
                    return None;
                }
            }
        }
        within.get(last)
    }

    /// The claim at the end of a path, where it is the list of texts that it has to be; `None` where there is none.
    #[inline(never)]
    pub fn texts(&mut self, claims: &Object, path: &[&str]) -> Option<Vec<String>> {
        let value = self.claim(claims, path)?;
        Some(self.list(value, &path.join(".")))
    }

    /// Texts, each of them once.
    #[inline(never)]
    pub fn list(&mut self, value: &Json, name: &str) -> Vec<String> {
        let mut texts = self.each(value, name);
        if keep_each_once(&mut texts) {
            self.warn(REPEATED, format!("the claim \"{}\" lists something more than once", harmless(name)));
        }
        texts
    }

    /// Texts as they stand there.
    #[inline(never)]
    pub fn each(&mut self, value: &Json, name: &str) -> Vec<String> {
        const EXPECTED: &str = "a list of texts";
        let mut texts = Vec::new();
        match value {
            Json::Array(items) => {
                for item in items {
                    match item {
                        Json::String(text) => texts.push(text.clone()),
                        other => self.complain(name, EXPECTED, other),
                    }
                }
            }
            other => self.complain(name, EXPECTED, other),
        }
        texts
    }

    /// Adds roles of the token: those at the end of a path, after a prefix.
    #[inline(never)]
    pub fn roles_at(&mut self, claims: &Object, path: &[&str], prefix: &str) {
        for role in self.texts(claims, path).unwrap_or_default() {
            self.roles.push([prefix, &role].concat());
        }
    }

    /// Adds an organization that the claim of this name lists; `None` where it has no name.
    #[inline(never)]
    pub fn add(&mut self, name: &str, id: &str, title: Option<&str>) -> Option<&mut Organization> {
        if id.is_empty() {
            self.complain(name, "a list of organizations with ids", &Json::Null);
            return None;
        }
        let organizations = self.organizations.get_or_insert_default();
        let title = title.map(str::to_owned);
        organizations.push(Organization { id: id.to_owned(), title, ..Organization::default() });
        organizations.last_mut()
    }

    /// Makes each organization and each role one; `tells` the app where an organization was listed twice.
    #[inline(never)]
    pub fn unite(&mut self, tells: bool) {
        if let Some(organizations) = self.organizations.take() {
            let (organizations, repeated) = united(organizations);
            self.organizations = Some(organizations);
            if tells && repeated > 0 {
                let message = format!("{repeated} organizations are listed more than once; scopes united");
                self.warn(ORGANIZATION_REPEATED, message);
            }
        }
        keep_each_once(&mut self.roles);
    }

    /// Notes that a claim, or a part of it, is not what it must be.
    #[inline(never)]
    pub fn complain(&mut self, name: &str, expected: &str, actual: &Json) {
        self.malformed = self.malformed.saturating_add(1);
        if self.complaint.is_none() {
            let (name, actual) = (harmless(name), actual.type_name());
            self.complaint = Some(format!("the claim \"{name}\" must be {expected}, not {actual}"));
        }
    }

    /// Notes what the app should know, and what is no reason to refuse anything.
    #[inline(never)]
    pub fn warn(&mut self, code: &'static str, message: String) {
        self.warnings.push(Warning { code, message });
    }

    /// What the claims grant. Strictly, anything malformed is an error; else it is a warning.
    #[inline(never)]
    pub fn access(mut self, is_strict: bool, scope: &str) -> Result<(Access, Vec<Warning>)> {
        if is_strict && let Some(complaint) = self.complaint {
            return Err(Error::new(Code::InvalidClaim, complaint).during(Class::TokenParse));
        }
        if let Some(complaint) = self.complaint.take() {
            let message = format!("{complaint}; {} malformed parts grant nothing", self.malformed);
            self.warnings.insert(0, Warning { code: ORGANIZATIONS_MALFORMED, message });
        }
        let scopes = self.scopes.unwrap_or_else(|| words(scope));
        Ok((Access::new(self.organizations, self.roles, scopes), self.warnings))
    }
}

/// What stands between spaces.
#[inline(never)]
pub(in crate::authz) fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}
