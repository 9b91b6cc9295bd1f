//! What claims were found to say about access, and what is wrong with them.
//!
//! Whatever is wrong is noted and grants nothing; whether it is an error or a warning is decided when all is read.

use crate::authz::access::Access;
use crate::authz::organizations::{ORGANIZATIONS_MALFORMED, Organization, Warning, keep_each_once, united};
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
        const EXPECTED: &str = "a list of texts that are not empty";
        let mut texts = Vec::new();
        match value {
            Json::Array(items) => {
                for item in items {
                    match item {
                        Json::String(text) if !text.is_empty() => texts.push(text.clone()),
                        other => self.complain(name, EXPECTED, other),
                    }
                }
            }
            other => self.complain(name, EXPECTED, other),
        }
        if keep_each_once(&mut texts) {
            let message = format!("the claim \"{}\" lists something more than once", harmless(name));
            self.warn(REPEATED, message);
        }
        texts
    }

    /// Adds roles of the token: those at the end of a path.
    pub fn roles_at(&mut self, claims: &Object, path: &[&str]) {
        let roles = self.texts(claims, path);
        self.roles.extend(roles.unwrap_or_default());
    }

    /// The texts of a member of an entry, as they stand there.
    pub fn entry_texts(&mut self, entry: &Object, member: &str, name: &str) -> Vec<String> {
        let listed = match entry.array(member) {
            Ok(listed) => listed.unwrap_or_default(),
            Err(error) => {
                self.complain_of(name, &error);
                &[]
            }
        };
        let mut texts = Vec::with_capacity(listed.len());
        for value in listed {
            match value {
                Json::String(text) => texts.push(text.clone()),
                other => self.complain(name, &format!("a list whose `{member}` are texts"), other),
            }
        }
        texts
    }

    /// Notes that a claim, or a part of it, is not what it must be.
    #[inline(never)]
    pub fn complain(&mut self, name: &str, expected: &str, actual: &Json) {
        self.note(format!("the claim \"{}\" must be {expected}, not {}", harmless(name), actual.type_name()));
    }

    /// Notes what is wrong with a member of a claim.
    pub fn complain_of(&mut self, name: &str, error: &Error) {
        self.note(format!("in the claim \"{}\" {}", harmless(name), error.failure().message));
    }

    #[inline(never)]
    fn note(&mut self, complaint: String) {
        self.malformed = self.malformed.saturating_add(1);
        self.complaint.get_or_insert(complaint);
    }

    /// Notes what the app should know, and what is no reason to refuse anything.
    pub fn warn(&mut self, code: &'static str, message: String) {
        self.warnings.push(Warning { code, message });
    }

    /// Adds an organization that the claim of this name lists.
    pub fn add(&mut self, name: &str, organization: Organization) {
        if organization.id.is_empty() {
            return self.note(format!("the claim \"{}\" names an organization without an id", harmless(name)));
        }
        self.organizations.get_or_insert_default().push(organization);
    }

    /// Makes each organization and each role one, without a word: they were found in several places.
    pub fn unite(&mut self) {
        if let Some(organizations) = self.organizations.take() {
            self.organizations = Some(united(organizations).0);
        }
        keep_each_once(&mut self.roles);
    }

    /// The organizations with all warnings, where what is malformed is one of them.
    pub fn told(mut self) -> (Option<Vec<Organization>>, Vec<Warning>) {
        self.warn_of_malformed();
        (self.organizations, self.warnings)
    }

    /// What the claims grant. Strictly, anything malformed is an error; else it is a warning.
    pub fn access(mut self, is_strict: bool, scope: &str) -> Result<(Access, Vec<Warning>)> {
        if is_strict && let Some(complaint) = self.complaint.take() {
            return Err(Error::new(Code::InvalidClaim, complaint).during(Class::TokenParse));
        }
        self.warn_of_malformed();
        let scopes = self.scopes.unwrap_or_else(|| words(scope));
        Ok((Access::new(self.organizations, self.roles, scopes), self.warnings))
    }

    fn warn_of_malformed(&mut self) {
        let Some(mut message) = self.complaint.take() else { return };
        let others = self.malformed.saturating_sub(1);
        if others > 0 {
            message.push_str(&format!(", and {others} more parts are malformed"));
        }
        message.push_str("; what is malformed grants nothing");
        self.warnings.insert(0, Warning { code: ORGANIZATIONS_MALFORMED, message });
    }
}

/// What stands between spaces.
pub(in crate::authz) fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}
