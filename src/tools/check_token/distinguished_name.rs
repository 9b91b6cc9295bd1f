//! Distinguished names as text (RFC 4514): the last part first, as `openssl x509 -nameopt RFC2253` writes them.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Encode, Reader, Result, Sequence, SliceReader, Tag, Tagged};

use super::public_key::hex;

/// Short names of attributes (RFC 4514 3), and what else stands in certificates.
const NAMES: [(ObjectIdentifier, &str); 13] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.4"), "SN"),
    (ObjectIdentifier::new_unwrap("2.5.4.5"), "serialNumber"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), "street"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("2.5.4.42"), "GN"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"), "UID"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1"), "emailAddress"),
];

/// `AttributeTypeAndValue` (RFC 5280 4.1.2.4).
#[derive(Sequence)]
struct Attribute<'a> {
    oid: ObjectIdentifier,
    value: AnyRef<'a>,
}

/// A name (`RDNSequence`, RFC 5280 4.1.2.4) as text; its encoding, where it is none.
pub(super) fn text(name: AnyRef<'_>) -> String {
    let parts = elements(name, Tag::Sequence, |part| {
        let attributes = elements(part, Tag::Set, |one| Ok(attribute(&one.decode_as()?)))?;
        Ok(attributes.join("+"))
    });
    match parts {
        Ok(mut parts) => {
            parts.reverse();
            parts.join(",")
        }
        Err(_) => format!("#{}", hex(&name.to_der().unwrap_or_default())),
    }
}

fn elements(of: AnyRef<'_>, tag: Tag, read: impl Fn(AnyRef<'_>) -> Result<String>) -> Result<Vec<String>> {
    of.tag().assert_eq(tag)?;
    let mut reader = SliceReader::new(of.value())?;
    let mut texts = Vec::new();
    while !reader.is_finished() {
        texts.push(read(AnyRef::decode(&mut reader)?)?);
    }
    Ok(texts)
}

fn attribute(attribute: &Attribute<'_>) -> String {
    let known = NAMES.iter().find(|(oid, _)| *oid == attribute.oid);
    let name = known.map_or_else(|| attribute.oid.to_string(), |(_, name)| (*name).to_owned());
    match known.and_then(|_| value(attribute)) {
        Some(value) => format!("{name}={}", escaped(&value)),
        // RFC 4514 2.4: what has no form of its own is its encoding.
        None => format!("{name}=#{}", hex(&attribute.value.to_der().unwrap_or_default())),
    }
}

/// The text of a `DirectoryString` (RFC 5280 4.1.2.4), or of the older string types.
fn value(attribute: &Attribute<'_>) -> Option<String> {
    let bytes = attribute.value.value();
    match attribute.value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => std::str::from_utf8(bytes).ok().map(str::to_owned),
        // In practice Latin-1.
        Tag::TeletexString => Some(bytes.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let (units, rest) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            rest.is_empty().then(|| String::from_utf16(&units).ok())?
        }
        _ => None,
    }
}

/// RFC 4514 2.4. Control characters are written as their bytes, so that no name breaks a line.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            '#' if at == 0 => text.push_str("\\#"),
            ' ' if at == 0 || at == last => text.push_str("\\ "),
            c if c.is_control() => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    text.push('\\');
                    text.push_str(&hex(&[byte]));
                }
            }
            c => text.push(c),
        }
    }
    text
}
