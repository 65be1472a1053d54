//! JSON objects as a token may contain them: no member twice, no deep nesting.
//!
//! `serde_json` reads the text. What it tolerates and a token must not have (RFC 7515 section 4: "the Header Parameter names
//! within the JOSE Header MUST be unique") is refused here, at every depth: two readers of a duplicate may each see another
//! value, and one of them might be the origin.

use alloc::{string::String, vec::Vec};
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Malformed;

/// Deep enough for any real claim (`cnf.jwk`, `address`, OpenID's `verified_claims` at 6), and far from the stack's end.
const MAX_DEPTH: u8 = 16;

/// A JSON object as it was read. Its texts stay where they are in the JSON, so that a token's claims are not copied one by one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// The JSON, and behind it the texts that had escapes in them.
    texts: String,
    members: Vec<Member>,
}

/// An object somewhere in a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Object<'d> {
    texts: &'d str,
    /// Sorted by rank and then by name.
    members: &'d [Member],
}

/// An array somewhere in a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Array<'d> {
    texts: &'d str,
    items: &'d [Node],
}

/// A JSON value, as far as claims and header parameters need to be told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'d> {
    String(&'d str),
    Number(f64),
    Array(Array<'d>),
    Object(Object<'d>),
    Null,
    /// Nobody has asked which.
    Bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Member {
    rank: u64,
    name: Span,
    value: Node,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    String(Span),
    Number(f64),
    Array(Vec<Node>),
    Object(Vec<Member>),
    Null,
    Bool,
}

/// Where a text lies among the texts.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    start: usize,
    end: usize,
}

impl Document {
    pub(crate) fn parse(json: Vec<u8>) -> Result<Self, Malformed> {
        let mut texts = String::from_utf8(json).map_err(|_| Malformed::Json)?;
        let mut reading = Reading { json: &texts, unescaped: String::new(), fault: Malformed::Json };
        let mut deserializer = serde_json::Deserializer::from_str(&texts);
        let node = Strict { reading: &mut reading, depth: 0 }.deserialize(&mut deserializer);
        let Reading { unescaped, fault, .. } = reading;
        let node = node.map_err(|_| fault)?;
        deserializer.end().map_err(|_| Malformed::Json)?;
        let Node::Object(members) = node else { return Err(Malformed::NotAnObject) };
        texts.push_str(&unescaped);
        Ok(Self { texts, members })
    }

    pub(crate) fn object(&self) -> Object<'_> {
        Object { texts: &self.texts, members: &self.members }
    }
}

impl<'d> Object<'d> {
    #[inline]
    pub(crate) fn get(self, name: &str) -> Option<Value<'d>> {
        let rank = rank(name);
        let found = self.members.iter().find(|member| member.rank == rank && member.name.of(self.texts) == name);
        found.map(|member| member.value.of(self.texts))
    }

    /// The members, in no order of theirs.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'d str, Value<'d>)> {
        let Self { texts, members } = self;
        members.iter().map(|member| (member.name.of(texts), member.value.of(texts)))
    }
}

impl<'d> Array<'d> {
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'d>> {
        let Self { texts, items } = self;
        items.iter().map(|item| item.of(texts))
    }
}

impl<'d> Value<'d> {
    pub(crate) const fn as_str(self) -> Option<&'d str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array, each as a string or else `None`; `None` when this is no array.
    pub(crate) fn strings(self) -> Option<impl Iterator<Item = Option<&'d str>>> {
        let Self::Array(array) = self else { return None };
        Some(array.items().map(Self::as_str))
    }

    pub(crate) const fn as_object(self) -> Option<Object<'d>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// A name's first seven bytes and its length, in one number that tells most names apart at once: nearly all claims have three
/// letters, so that comparing lengths would not.
#[inline]
fn rank(name: &str) -> u64 {
    let start = name.bytes().take(7).fold(0, |rank, byte| rank << 8 | u64::from(byte));
    start << 8 | name.len().min(8) as u64
}

impl Span {
    fn of(self, texts: &str) -> &str {
        &texts[self.start..self.end]
    }
}

impl Node {
    fn of<'d>(&'d self, texts: &'d str) -> Value<'d> {
        match self {
            Self::String(span) => Value::String(span.of(texts)),
            Self::Number(number) => Value::Number(*number),
            Self::Array(items) => Value::Array(Array { texts, items }),
            Self::Object(members) => Value::Object(Object { texts, members }),
            Self::Null => Value::Null,
            Self::Bool => Value::Bool,
        }
    }
}

/// What is shared by all depths while a text is read.
struct Reading<'j> {
    json: &'j str,
    unescaped: String,
    /// Carries our reason out of `serde_json`, whose error keeps only text.
    fault: Malformed,
}

/// A value inside `depth` objects and arrays.
struct Strict<'r, 'j> {
    reading: &'r mut Reading<'j>,
    depth: u8,
}

/// A string or a member's name.
struct Text<'r, 'j>(&'r mut Reading<'j>);

impl Reading<'_> {
    fn of(&self, span: Span) -> &str {
        match span.start.checked_sub(self.json.len()) {
            None => span.of(self.json),
            Some(start) => &self.unescaped[start..span.end - self.json.len()],
        }
    }
}

impl<'j> Strict<'_, 'j> {
    fn refuse<E: Error>(self, fault: Malformed) -> E {
        self.reading.fault = fault;
        E::custom("")
    }

    /// For a value inside this one.
    fn inner(&mut self) -> Strict<'_, 'j> {
        Strict { reading: self.reading, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_, '_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Bool)
    }

    // Integers above 2⁵³ lose precision as `f64`. No claim that we read as a number may be that large.
    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number as f64))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Number(number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node, E> {
        Text(self.reading).visit_borrowed_str(text).map(Node::String)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Text(self.reading).visit_str(text).map(Node::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Node, A::Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(Malformed::Nesting));
        }
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.inner())? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Node, A::Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(Malformed::Nesting));
        }
        // As many as an ordinary token has.
        let mut members = Vec::with_capacity(if self.depth == 0 { 12 } else { 0 });
        while let Some(name) = map.next_key_seed(Text(self.reading))? {
            let rank = rank(self.reading.of(name));
            members.push(Member { rank, name, value: map.next_value_seed(self.inner())? });
        }
        // Sorted, so that a hostile token with a thousand members costs no million comparisons.
        let name = |member: &Member| self.reading.of(member.name);
        members.sort_unstable_by(|a, b| a.rank.cmp(&b.rank).then_with(|| name(a).cmp(name(b))));
        if members.windows(2).any(|pair| pair[0].rank == pair[1].rank && name(&pair[0]) == name(&pair[1])) {
            return Err(self.refuse(Malformed::DuplicateMember));
        }
        Ok(Node::Object(members))
    }
}

impl<'de> DeserializeSeed<'de> for Text<'_, '_> {
    type Value = Span;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Span, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text<'_, '_> {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    /// What is borrowed lies in the JSON itself, so where it lies says all.
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Span, E> {
        let start = text.as_ptr().addr() - self.0.json.as_ptr().addr();
        Ok(Span { start, end: start + text.len() })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        let Reading { json, unescaped, .. } = self.0;
        let start = json.len() + unescaped.len();
        unescaped.push_str(text);
        Ok(Span { start, end: start + text.len() })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn read(json: &[u8]) -> Result<Document, Malformed> {
        Document::parse(json.into())
    }

    #[test]
    fn reads_what_claims_are_made_of() {
        let document =
            read(br#"{"s":"x","no":1.5,"a":["y",-2],"o":{"z":null,"\u0062":true},"\ud83d\ude42":"\u00e9"}"#).unwrap();
        let object = document.object();
        assert_eq!(object.members().count(), 5);
        assert_eq!(object.get("🙂"), Some(Value::String("é")));
        assert_eq!(object.get("s"), Some(Value::String("x")));
        assert_eq!(object.get("no"), Some(Value::Number(1.5)));
        let Some(Value::Array(array)) = object.get("a") else { panic!("no array") };
        assert!(array.items().eq([Value::String("y"), Value::Number(-2.0)]));
        assert!(object.get("a").and_then(Value::strings).unwrap().eq([Some("y"), None]));
        let inner = object.get("o").and_then(Value::as_object).unwrap();
        assert!(inner.members().eq([("b", Value::Bool), ("z", Value::Null)]));
        assert_eq!(object.get("missing"), None);
        assert!(object.get("s").and_then(Value::strings).is_none());
    }

    /// Their first bytes and their lengths are the same, and so what is compared first.
    #[test]
    fn long_names_are_told_apart_too() {
        let document = read(br#"{"client_id":1,"client_ie":2,"client_if":3}"#).unwrap();
        assert_eq!(document.object().get("client_ie"), Some(Value::Number(2.0)));
        assert_eq!(document.object().get("client_ig"), None);
        let fault = read(br#"{"client_id":1,"client_ie":2,"client_id":3}"#);
        assert_eq!(fault, Err(Malformed::DuplicateMember));
    }

    #[test]
    fn refuses_each_fault_by_its_name() {
        for (json, fault) in [
            (r#"{"a":1,"a":2}"#, Malformed::DuplicateMember),
            (r#"{"a":1,"\u0061":2}"#, Malformed::DuplicateMember),
            (r#"{"o":{"a":1,"a":1}}"#, Malformed::DuplicateMember),
            (r#"[{"o":1}]"#, Malformed::NotAnObject),
            (r#""text""#, Malformed::NotAnObject),
            ("null", Malformed::NotAnObject),
            ("17", Malformed::NotAnObject),
            ("", Malformed::Json),
            ("{", Malformed::Json),
            (r#"{"a":1} x"#, Malformed::Json),
            (r#"{"a":1}{}"#, Malformed::Json),
            (r#"{"a":1,}"#, Malformed::Json),
            (r#"{"a":NaN}"#, Malformed::Json),
            (r#"{"a":1e999}"#, Malformed::Json),
            ("{\"a\":\"\u{1}\"}", Malformed::Json),
            (r#"{"a":"\ud800"}"#, Malformed::Json),
        ] {
            assert_eq!(read(json.as_bytes()), Err(fault), "{json}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}"), Err(Malformed::Json));
        assert_eq!(read(b"\xef\xbb\xbf{}"), Err(Malformed::Json));
    }

    #[test]
    fn nesting_ends_at_the_cap() {
        let nested = |open: &str, close: &str, depth: usize| {
            let (open, close) = (open.repeat(depth - 1), close.repeat(depth - 1));
            read(std::format!(r#"{{"a":{open}1{close}}}"#).as_bytes())
        };
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            assert!(nested(open, close, 16).is_ok());
            assert_eq!(nested(open, close, 17), Err(Malformed::Nesting));
        }
    }
}
