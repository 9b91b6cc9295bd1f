//! Reading JSON text (RFC 8259), byte by byte.
//!
//! Written out here, since a general parser brings what nobody needs here and a page would load: tables that turn
//! decimal fractions into doubles, errors in words, a visitor for every type.

use super::{Json, MAX_DEPTH, MAX_MEMBERS, Number, Object};
use crate::error::{Code, Error, Result, harmless};

/// A place in a text.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    code: Code,
}

impl<'t> Reader<'t> {
    pub(super) const fn new(text: &'t str, code: Code) -> Self {
        Self { text, at: 0, code }
    }

    /// The one value of the text.
    pub(super) fn whole(mut self) -> Result<Json> {
        let value = self.value(0)?;
        self.skip_whitespace();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.syntax()),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json> {
        self.skip_whitespace();
        match self.peek() {
            Some(b'{') => self.object(deeper(depth, self.code)?),
            Some(b'[') => self.array(deeper(depth, self.code)?),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json> {
        self.advance();
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut is_complete = self.takes(b'}');
        while !is_complete {
            self.skip_whitespace();
            let name = self.string()?;
            if members.len() >= MAX_MEMBERS {
                return Err(Error::new(self.code, "the JSON text has an object with too many members"));
            }
            if members.iter().any(|(earlier, _)| *earlier == name) {
                let message = format!("the JSON text has the member \"{}\" twice", harmless(&name));
                return Err(Error::new(self.code, message));
            }
            self.expect(b':')?;
            members.push((name, self.value(depth)?));
            is_complete = self.ends_with(b'}')?;
        }
        Ok(Json::Object(Object::from_members(members, self.code)))
    }

    fn array(&mut self, depth: usize) -> Result<Json> {
        self.advance();
        let mut elements = Vec::new();
        let mut is_complete = self.takes(b']');
        while !is_complete {
            elements.push(self.value(depth)?);
            is_complete = self.ends_with(b']')?;
        }
        Ok(Json::Array(elements))
    }

    fn string(&mut self) -> Result<String> {
        self.expect(b'"')?;
        let mut string = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.advance();
            }
            string.push_str(self.since(start));
            match self.peek() {
                Some(b'"') => {
                    self.advance();
                    return Ok(string);
                }
                Some(b'\\') => {
                    self.advance();
                    match self.escaped() {
                        Some(character) => string.push(character),
                        None => return Err(self.syntax()),
                    }
                }
                _ => return Err(self.syntax()),
            }
        }
    }

    /// What follows a backslash; no lone surrogate, since no text can hold one.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            same @ (b'"' | b'\\' | b'/') => char::from(same),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                if unit & 0xfc00 != 0xd800 {
                    return char::from_u32(unit);
                }
                let is_pair = self.next()? == b'\\' && self.next()? == b'u';
                let low = self.unit().filter(|low| is_pair && low & 0xfc00 == 0xdc00)?;
                return char::from_u32(0x1_0000_u32.checked_add((unit & 0x3ff) << 10 | low & 0x3ff)?);
            }
            _ => return None,
        })
    }

    /// The four hexadecimal digits of a UTF-16 unit.
    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.next()?).to_digit(16)?;
        }
        Some(unit)
    }

    fn number(&mut self) -> Result<Number> {
        let start = self.at;
        self.is(b'-');
        // A zero in front of other digits ends the number, and then the text is none.
        if !self.is(b'0') {
            self.digits()?;
        }
        if self.is(b'.') {
            self.digits()?;
        }
        if self.is(b'e') || self.is(b'E') {
            let _sign = self.is(b'+') || self.is(b'-');
            self.digits()?;
        }
        Number::written(self.since(start)).ok_or_else(|| self.syntax())
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.advance();
        }
        if self.at == start { Err(self.syntax()) } else { Ok(()) }
    }

    fn word(&mut self) -> Result<Json> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if rest.starts_with(word) {
                self.at = self.at.saturating_add(word.len());
                return Ok(value);
            }
        }
        Err(self.syntax())
    }

    /// Whether the object or array ends here; if not, another member has to follow.
    fn ends_with(&mut self, end: u8) -> Result<bool> {
        let ends = self.takes(end);
        if !ends {
            self.expect(b',')?;
        }
        Ok(ends)
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.takes(byte) { Ok(()) } else { Err(self.syntax()) }
    }

    /// Whether this byte comes next, after white space; then it is taken.
    fn takes(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        self.is(byte)
    }

    /// Whether this byte comes next; then it is taken.
    fn is(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        if is {
            self.advance();
        }
        is
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.advance();
        byte
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Says where the text stops being JSON, and repeats nothing of it.
    #[inline(never)]
    fn syntax(&self) -> Error {
        let (mut line, mut column) = (1_usize, 1_usize);
        for byte in self.text.bytes().take(self.at) {
            (line, column) = if byte == b'\n' { (line.saturating_add(1), 1) } else { (line, column.saturating_add(1)) };
        }
        Error::new(self.code, format!("the text is not JSON at line {line}, column {column}"))
    }
}

fn deeper(depth: usize, code: Code) -> Result<usize> {
    if depth >= MAX_DEPTH {
        return Err(Error::new(code, "the JSON text is nested too deep"));
    }
    Ok(depth.saturating_add(1))
}
