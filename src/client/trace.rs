//! Telling the app of requests to the provider and of what came of them: hooks see them as they are, a logger without
//! their secrets. Where neither is there, nothing is made.

use super::Client;
use super::request::{AnswerOrFailure, endpoint_of, in_words};
use crate::ports::{Host, Limits};
use crate::protocol::http::HttpRequest;
use crate::protocol::json::{Json, Object};
use crate::protocol::redaction;

/// How many random characters tell one exchange from another in a log.
const ID_LENGTH: usize = 12;

/// A request under way that somebody wants to hear of.
pub(super) struct Watch {
    request: HttpRequest,
    id: String,
    began_at: i64,
}

impl<H: Host> Client<H> {
    /// Tells that a request is sent now.
    pub(super) fn watch(&self, request: &HttpRequest) -> Option<Watch> {
        let plug_ins = &self.inner.plug_ins;
        if plug_ins.logger.is_none() && plug_ins.hooks.is_none() {
            return None;
        }
        let mut id = self.random_text().unwrap_or_default();
        id.truncate(ID_LENGTH);
        let watch = Watch { request: request.clone(), id, began_at: self.host().milliseconds() };
        if let Some(logger) = &plug_ins.logger {
            logger.log(watch.sent());
        }
        Some(watch)
    }

    /// Tells what came of it.
    pub(super) fn watched(&self, watch: Watch, answer: &AnswerOrFailure, limits: Limits) {
        let plug_ins = &self.inner.plug_ins;
        if let Some(logger) = &plug_ins.logger {
            // A clock that was set back meanwhile must not make it negative.
            let duration = self.host().milliseconds().saturating_sub(watch.began_at).max(0);
            logger.log(watch.ended(answer, limits, duration));
        }
        if let (Some(hooks), Ok(response)) = (&plug_ins.hooks, answer) {
            hooks.on_response(&watch.request, response);
        }
    }
}

impl Watch {
    fn event(&self, kind: &str) -> Object {
        let mut event = Object::new();
        event.put_text("type", Some(kind));
        event.put_text("id", Some(&self.id));
        event.put_text("purpose", Some(self.request.purpose.as_str()));
        event.put_text("method", Some(self.request.method.as_str()));
        event.put_text("url", Some(&redaction::url(&self.request.url)));
        event
    }

    #[inline(never)]
    fn sent(&self) -> Object {
        let mut event = self.event("request");
        event.insert("headers", redaction::headers(&self.request.headers));
        if let Some(body) = &self.request.body {
            event.insert("body", redaction::form(body.expose().as_bytes()));
        }
        event
    }

    #[inline(never)]
    fn ended(&self, answer: &AnswerOrFailure, limits: Limits, duration: i64) -> Object {
        let mut event = self.event(if answer.is_ok() { "response" } else { "failure" });
        event.put_integer("durationMs", Some(duration));
        match answer {
            Ok(response) => {
                event.put_integer("status", Some(response.status.into()));
                event.insert("headers", redaction::headers(&response.headers));
                event.put_integer("bodyBytes", i64::try_from(response.body.len()).ok());
                if let Some(body) = redaction::body(response) {
                    event.insert("body", body);
                }
            }
            Err(failure) => {
                let timeout = i64::from(limits.timeout_milliseconds).div_euclid(1000);
                let error = in_words(failure.clone(), &endpoint_of(&self.request), timeout);
                let mut told = Object::new();
                told.put_text("code", Some(error.code().as_str()));
                told.put_text("message", Some(&error.failure().message));
                event.insert("error", Json::Object(told));
            }
        }
        event
    }
}
