//! JSON objects as a token may contain them: no member twice, no deep nesting.
//!
//! A reader of our own (RFC 8259), since what other readers tolerate a token must not have (RFC 7515 section 4: "the Header
//! Parameter names within the JOSE Header MUST be unique"): two readers of a duplicate may each see another value, and one of
//! them might be the origin. It is held against `serde_json`, and fuzzed.

mod number;
mod reader;

use alloc::{string::String, vec::Vec};
use core::iter;

use crate::Malformed;
use reader::Reader;

pub use number::Number;

/// A JSON object as it was read. Its texts stay where they are in the JSON, so that a token's claims are not copied one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The JSON, and behind it the texts that had escapes in them.
    texts: String,
    /// All values in the order in which they are written, so that what is inside a value stands right behind it.
    nodes: Vec<Node>,
}

/// An object somewhere in a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Object<'d> {
    texts: &'d str,
    inside: &'d [Node],
}

/// An array somewhere in a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Array<'d> {
    texts: &'d str,
    inside: &'d [Node],
}

/// A JSON value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'d> {
    /// A string, without its escapes.
    String(&'d str),
    /// A number.
    Number(Number<'d>),
    /// An array.
    Array(Array<'d>),
    /// An object.
    Object(Object<'d>),
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
}

/// A value, and its name where it is an object's member.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    name: Name,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    String(Span),
    Number(Span),
    /// How many nodes are inside, at whatever depth.
    Array(usize),
    Object(usize),
    Null,
    Bool(bool),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Name {
    rank: u64,
    text: Span,
}

/// Where a text lies among the texts.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    start: usize,
    end: usize,
}

impl Document {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// [`Malformed`] when it is no object, has a member twice anywhere, or is nested too deep.
    pub fn parse(json: Vec<u8>) -> Result<Self, Malformed> {
        let mut texts = String::from_utf8(json).map_err(|_| Malformed::Json)?;
        let (nodes, unescaped) = Reader::read(&texts)?;
        if !matches!(nodes.first(), Some(Node { kind: Kind::Object(_), .. })) {
            return Err(Malformed::NotAnObject);
        }
        texts.push_str(&unescaped);
        Ok(Self { texts, nodes })
    }

    /// The object.
    pub fn object(&self) -> Object<'_> {
        // The first node is the object itself.
        Object { texts: &self.texts, inside: self.nodes.get(1..).unwrap_or_default() }
    }

    /// How many bytes of memory it takes, besides itself. A short text can have a thousand values.
    pub(crate) fn bytes(&self) -> usize {
        self.texts.capacity() + self.nodes.capacity() * size_of::<Node>()
    }

    /// The value of a member of the object that was found there.
    pub(crate) fn at(&self, place: Place) -> Option<Value<'_>> {
        let (node, behind) = self.nodes.get(place.0 as usize..)?.split_first().filter(|_| place != Place::NOWHERE)?;
        Some(node.kind.of(&self.texts, behind.get(..node.kind.size())?))
    }
}

/// Where a member's value stands in its [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place(u32);

impl Place {
    /// Where the object itself stands, and so none of its members.
    pub(crate) const NOWHERE: Self = Self(0);
}

/// A member with a name that was looked for.
pub(crate) struct Found<'d> {
    /// Which of the names.
    pub(crate) which: usize,
    pub(crate) name: &'static str,
    pub(crate) value: Value<'d>,
    /// Where it stands in the document, if this is the document's object.
    pub(crate) place: Place,
}

impl<'d> Object<'d> {
    /// The value of the member with this name.
    #[inline]
    pub fn get(self, name: &str) -> Option<Value<'d>> {
        self.find(rank(name), name)
    }

    /// Never inlined: only a rank of a name that is written in the code is worth a copy.
    #[inline(never)]
    fn find(self, rank: u64, name: &str) -> Option<Value<'d>> {
        let is_named = |(node, _): &(&Node, _)| node.name.rank == rank && self.is_named(node, name);
        siblings(self.inside).find(is_named).map(|(node, inside)| node.kind.of(self.texts, inside))
    }

    /// The members whose names are among a few.
    #[inline]
    pub(crate) fn named<const N: usize>(self, names: &'static [Known; N]) -> impl Iterator<Item = Found<'d>> {
        let mut at = 1;
        siblings(self.inside).filter_map(move |(node, inside)| {
            let place = Place(at);
            at += 1 + inside.len() as u32;
            let which = names.iter().position(|known| known.rank == node.name.rank)?;
            let name = names[which].name;
            self.is_named(node, name).then(|| Found { which, name, value: node.kind.of(self.texts, inside), place })
        })
    }

    /// Whether a member with the rank of `name` has that name: of a short one the rank says all.
    #[inline]
    fn is_named(self, node: &Node, name: &str) -> bool {
        name.len() <= RANKED || node.name.text.of(self.texts) == name
    }

    /// The members, in their order.
    pub fn members(self) -> impl Iterator<Item = (&'d str, Value<'d>)> {
        siblings(self.inside)
            .map(move |(node, inside)| (node.name.text.of(self.texts), node.kind.of(self.texts, inside)))
    }
}

impl<'d> Array<'d> {
    /// The items.
    pub fn items(self) -> impl Iterator<Item = Value<'d>> {
        siblings(self.inside).map(move |(node, inside)| node.kind.of(self.texts, inside))
    }
}

impl<'d> Value<'d> {
    /// Its text, if it is a string.
    pub const fn as_str(self) -> Option<&'d str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array, each as a string or else `None`; `None` when this is no array.
    pub fn strings(self) -> Option<impl Iterator<Item = Option<&'d str>>> {
        let Self::Array(array) = self else { return None };
        Some(array.items().map(Self::as_str))
    }

    /// It, if it is an object.
    pub const fn as_object(self) -> Option<Object<'d>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// How many of a name's bytes are in its rank.
const RANKED: usize = 7;

/// A name's first seven bytes and its length, in one number that tells most names apart at once: nearly all claims have three
/// letters, so that comparing lengths would not.
#[inline]
const fn rank(name: &str) -> u64 {
    let (bytes, mut start, mut at) = (name.as_bytes(), 0, 0);
    while at < bytes.len() && at < RANKED {
        start = start << 8 | bytes[at] as u64;
        at += 1;
    }
    start << 8 | if name.len() > RANKED { RANKED as u64 + 1 } else { name.len() as u64 }
}

/// A name that members are looked for by.
pub(crate) struct Known {
    rank: u64,
    name: &'static str,
}

impl Known {
    /// Where a name stands among others. It does not compile when it does not.
    pub(crate) const fn place(name: &str, names: &[Self]) -> usize {
        let mut at = 0;
        while names[at].rank != rank(name) {
            at += 1;
        }
        at
    }

    /// Names of different ranks.
    pub(crate) const fn all<const N: usize>(names: [&'static str; N]) -> [Self; N] {
        let mut all = [const { Self { rank: 0, name: "" } }; N];
        let mut at = 0;
        while at < N {
            all[at] = Self { rank: rank(names[at]), name: names[at] };
            let mut before = 0;
            while before < at {
                assert!(all[before].rank != all[at].rank, "one of the two would never be found");
                before += 1;
            }
            at += 1;
        }
        all
    }
}

/// The nodes of a list, each with what is inside it: one behind the other, over what is inside.
fn siblings(mut nodes: &[Node]) -> impl Iterator<Item = (&Node, &[Node])> {
    iter::from_fn(move || {
        let (node, behind) = nodes.split_first()?;
        let (inside, rest) = behind.split_at_checked(node.kind.size())?;
        nodes = rest;
        Some((node, inside))
    })
}

impl Span {
    /// The text. A span is made of where a text was found, so that it is there.
    fn of(self, texts: &str) -> &str {
        texts.get(self.start..self.end).unwrap_or_default()
    }
}

impl Kind {
    fn of<'d>(self, texts: &'d str, inside: &'d [Node]) -> Value<'d> {
        match self {
            Self::String(span) => Value::String(span.of(texts)),
            Self::Number(span) => Value::Number(Number(span.of(texts))),
            Self::Array(_) => Value::Array(Array { texts, inside }),
            Self::Object(_) => Value::Object(Object { texts, inside }),
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
        }
    }

    /// How many nodes are inside.
    const fn size(self) -> usize {
        match self {
            Self::Array(size) | Self::Object(size) => size,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

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
        assert_eq!(object.get("no"), Some(Value::Number(Number("1.5"))));
        let Some(Value::Array(array)) = object.get("a") else { panic!("no array") };
        assert!(array.items().eq([Value::String("y"), Value::Number(Number("-2"))]));
        assert!(object.get("a").and_then(Value::strings).unwrap().eq([Some("y"), None]));
        let inner = object.get("o").and_then(Value::as_object).unwrap();
        assert!(inner.members().eq([("z", Value::Null), ("b", Value::Bool(true))]));
        assert_eq!(object.get("missing"), None);
        assert!(object.get("s").and_then(Value::strings).is_none());
    }

    /// Their first bytes and their lengths are the same, and so what is compared first.
    #[test]
    fn long_names_are_told_apart_too() {
        let document = read(br#"{"client_id":1,"client_ie":2,"client_if":3}"#).unwrap();
        assert_eq!(document.object().get("client_ie"), Some(Value::Number(Number("2"))));
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

    #[test]
    fn there_are_no_more_values_than_a_token_has_room_for() {
        let values = |count: usize| read(std::format!(r#"{{"a":[{}0]}}"#, "0,".repeat(count - 3)).as_bytes()).map(drop);
        assert_eq!(values(32 * 1024), Ok(()));
        assert_eq!(values(32 * 1024 + 1), Err(Malformed::TooLarge));
    }

    /// Names, what may stand behind them, and values; and what only looks like it.
    const NAMES: [&str; 8] =
        [r#""a""#, r#" "b" "#, r#""client_id""#, r#""\u0061""#, r#""\ud83d\ude42""#, r#""\ud83d""#, r#""é""#, "c"];
    const COLONS: [&str; 6] = [":", ": ", ":", "\t:", ":\n", "::"];
    const VALUES: [&str; 22] = [
        r#""x""#,
        r#""\n\/\\\"é""#,
        r#""\x""#,
        r#""x"#,
        "\"\u{1}\"",
        "0",
        "-1",
        "01",
        "1.5",
        "1.",
        "-",
        "2e3",
        "1e999",
        "true",
        "null",
        "nul",
        "[]",
        "[1, \"y\",{}]",
        "[1,]",
        "{}",
        r#"{"z":1}"#,
        r#"{"z":1,"z":2}"#,
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn reads_what_serde_json_reads(members in prop::collection::vec(
            (prop::sample::select(&NAMES), prop::sample::select(&COLONS), prop::sample::select(&VALUES)),
            0..4,
        )) {
            let members: Vec<_> = members.iter().map(|(name, colon, value)| [*name, *colon, *value].concat()).collect();
            let json = std::format!("{{{}}}", members.join(","));
            let theirs = serde_json::from_str::<serde_json::Map<_, _>>(&json);
            match read(json.as_bytes()) {
                Ok(document) => {
                    let theirs = theirs.map_err(|error| TestCaseError::fail(std::format!("{json}: {error}")))?;
                    prop_assert_eq!(document.object().members().count(), theirs.len());
                    for (name, value) in &theirs {
                        let ours = document.object().get(name).unwrap();
                        prop_assert_eq!(ours.as_str(), value.as_str());
                        let number = if let Value::Number(number) = ours { number.0.parse().ok() } else { None };
                        prop_assert_eq!(number, value.as_f64());
                    }
                }
                Err(Malformed::DuplicateMember | Malformed::Nesting) => {}
                Err(_) => prop_assert!(theirs.is_err(), "{} is read by serde_json", json),
            }
        }
    }
}
