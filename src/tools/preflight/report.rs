//! The report of a preflight: steps in order, each with its outcome.

use super::finding::Finding;
use super::status::Status;
use crate::error::harmless;
use crate::protocol::json::{Json, Object};
use crate::protocol::words;

/// How long a list in the details may be.
const MAX_LISTED: usize = 100;

/// What one step looked at and found.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What was looked at.
    pub name: &'static str,
    /// The worst of the findings.
    pub status: Status,
    /// What is so, for a developer to read.
    pub message: String,
    /// What was found to be wrong.
    pub findings: Vec<Finding>,
    /// What was seen, for programs to read; never a secret.
    pub details: Object,
    /// Milliseconds that the request of the step took; none: zero.
    pub duration_milliseconds: i64,
}

/// What a preflight found.
#[derive(Debug, Clone, PartialEq)]
pub struct Preflight {
    /// The client's `name`, else the issuer.
    pub provider: String,
    /// What was looked at, in order.
    pub steps: Vec<Step>,
}

impl Preflight {
    /// Whether nothing failed; warnings may be left.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.status != Status::Failure)
    }

    /// The step of this name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The report as JavaScript sees it.
    #[must_use]
    pub fn to_json(&self) -> Object {
        let mut report = Object::new();
        report.insert("ok", Json::Bool(self.is_ok()));
        report.put_text("provider", Some(&self.provider));
        let steps = self.steps.iter().map(|step| Json::Object(step.to_json())).collect();
        report.insert("steps", Json::Array(steps));
        report
    }
}

impl Step {
    pub(super) fn new(name: &'static str) -> Self {
        Self::with_status(name, Status::Success, "")
    }

    // Steps and findings are made in a hundred places: what is inlined there weighs more than everything else.
    #[inline(never)]
    fn with_status(name: &'static str, status: Status, message: &str) -> Self {
        Self {
            name,
            status,
            message: message.to_owned(),
            findings: Vec::new(),
            details: Object::new(),
            duration_milliseconds: 0,
        }
    }

    /// A step that was not taken, with the reason.
    pub(super) fn skipped(name: &'static str, reason: impl AsRef<str>) -> Self {
        Self::with_status(name, Status::Skipped, reason.as_ref())
    }

    /// What there is to say where nothing is wrong.
    pub(super) fn saying(mut self, message: impl AsRef<str>) -> Self {
        self.say(message.as_ref());
        self
    }

    #[inline(never)]
    fn say(&mut self, message: &str) {
        if self.findings.is_empty() {
            message.clone_into(&mut self.message);
        }
    }

    #[inline(never)]
    pub(super) fn find(&mut self, finding: Finding) {
        self.status = self.status.max(finding.status);
        if !self.message.is_empty() {
            self.message.push_str("; ");
        }
        self.message.push_str(&finding.message);
        self.findings.push(finding);
    }

    pub(super) fn finding(mut self, finding: Finding) -> Self {
        self.find(finding);
        self
    }

    /// A list of texts that may be a provider's.
    #[inline(never)]
    pub(super) fn put_texts(&mut self, name: &str, texts: &[&str]) {
        let texts = texts.iter().take(MAX_LISTED).map(|text| Json::String(harmless(text))).collect();
        self.details.insert(name, Json::Array(texts));
    }

    fn to_json(&self) -> Object {
        let mut step = Object::new();
        step.put_text("name", Some(self.name));
        step.put_text("status", Some(self.status.as_str()));
        step.put_text("message", Some(&self.message));
        if !self.findings.is_empty() {
            let mut remedies =
                self.findings.iter().map(|finding| finding.remedy.clone().into_owned()).collect::<Vec<_>>();
            remedies.dedup();
            step.put_text("remedy", Some(&words::join(&remedies)));
        }
        let mut details = self.details.clone();
        let findings = self.findings.iter().map(|finding| Json::Object(finding.to_json())).collect();
        details.insert("findings", Json::Array(findings));
        step.insert("details", Json::Object(details));
        step.put_integer("durationMs", Some(self.duration_milliseconds));
        step
    }
}

impl Finding {
    fn to_json(&self) -> Object {
        let mut finding = Object::new();
        finding.put_text("code", Some(self.code.as_str()));
        finding.put_text("status", Some(self.status.as_str()));
        finding.put_text("message", Some(&self.message));
        finding.put_text("remedy", Some(&self.remedy));
        finding
    }
}
