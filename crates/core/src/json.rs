//! JSON objects as a token may contain them: no member twice, no deep nesting.
//!
//! `serde_json` reads the text. What it tolerates and a token must not have (RFC 7515 section 4: "the Header Parameter names
//! within the JOSE Header MUST be unique") is refused here, at every depth: two readers of a duplicate may each see another
//! value, and one of them might be the origin.

use alloc::{string::String, vec::Vec};
use core::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::Malformed;

/// Deep enough for any real claim (`cnf.jwk`, `address`, OpenID's `verified_claims` at 6), and far from the stack's end.
const MAX_DEPTH: u8 = 16;

/// A JSON object's members in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object(Vec<(String, Value)>);

/// A JSON value, as far as claims and header parameters need to be told apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    String(String),
    Number(f64),
    Array(Vec<Value>),
    Object(Object),
    /// `null` or a boolean: nothing that we read.
    Other,
}

impl Object {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Malformed> {
        let fault = Cell::new(Malformed::Json);
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let value = (&Strict { fault: &fault, depth: 0 }).deserialize(&mut deserializer).map_err(|_| fault.get())?;
        deserializer.end().map_err(|_| Malformed::Json)?;
        match value {
            Value::Object(object) => Ok(object),
            _ => Err(Malformed::NotAnObject),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The items of the array of this name, each as a string or else `None`; `None` when it is no array.
    pub(crate) fn strings(&self, name: &str) -> Option<impl Iterator<Item = Option<&str>>> {
        let Some(Value::Array(items)) = self.get(name) else { return None };
        Some(items.iter().map(|item| match item {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        }))
    }
}

/// A value inside `depth` objects and arrays. `fault` carries our reason out of `serde_json`, whose error keeps only text.
struct Strict<'f> {
    fault: &'f Cell<Malformed>,
    depth: u8,
}

impl Strict<'_> {
    fn refuse<E: Error>(&self, fault: Malformed) -> E {
        self.fault.set(fault);
        E::custom("")
    }

    fn inner<E: Error>(&self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(Malformed::Nesting));
        }
        Ok(Self { fault: self.fault, depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for &Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    // Integers above 2⁵³ lose precision as `f64`. No claim that we read as a number may be that large.
    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(&inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.iter().any(|(seen, _)| *seen == name) {
                return Err(self.refuse(Malformed::DuplicateMember));
            }
            members.push((name, map.next_value_seed(&inner)?));
        }
        Ok(Value::Object(Object(members)))
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn reads_what_claims_are_made_of() {
        let object = Object::parse(br#"{"s":"x","n":1.5,"a":["y",2],"o":{"z":null}}"#).unwrap();
        assert_eq!(object.get("s"), Some(&Value::String("x".into())));
        assert_eq!(object.get("n"), Some(&Value::Number(1.5)));
        assert_eq!(object.get("a"), Some(&Value::Array([Value::String("y".into()), Value::Number(2.0)].into())));
        assert_eq!(object.get("o"), Some(&Value::Object(Object([("z".into(), Value::Other)].into()))));
        assert_eq!(object.get("missing"), None);
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
            assert_eq!(Object::parse(json.as_bytes()), Err(fault), "{json}");
        }
        assert_eq!(Object::parse(b"{\"a\":\"\xff\"}"), Err(Malformed::Json));
        assert_eq!(Object::parse(b"\xef\xbb\xbf{}"), Err(Malformed::Json));
    }

    #[test]
    fn nesting_ends_at_the_cap() {
        let nested = |depth: usize| {
            let mut json = String::from(r#"{"a":"#);
            json.extend(std::iter::repeat_n('[', depth - 1));
            json.extend(std::iter::repeat_n(']', depth - 1));
            json.push('}');
            Object::parse(json.as_bytes())
        };
        assert!(nested(usize::from(MAX_DEPTH)).is_ok());
        assert_eq!(nested(usize::from(MAX_DEPTH) + 1), Err(Malformed::Nesting));
    }
}
