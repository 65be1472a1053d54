//! JSON objects as a token may contain them: no member twice, no deep nesting.
//!
//! A reader of our own (RFC 8259), since what other readers tolerate a token must not have (RFC 7515 section 4: "the Header
//! Parameter names within the JOSE Header MUST be unique"): two readers of a duplicate may each see another value, and one of
//! them might be the origin. It is held against `serde_json` and fuzzed, and takes half the time, which is most of what a token
//! costs besides its signature.

use alloc::{string::String, vec::Vec};

use crate::Malformed;

/// Deep enough for any real claim (`cnf.jwk`, `address`, OpenID's `verified_claims` at 6), and far from the stack's end.
const MAX_DEPTH: u8 = 16;

/// A JSON object as it was read. Its texts stay where they are in the JSON, so that a token's claims are not copied one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The JSON, and behind it the texts that had escapes in them.
    texts: String,
    members: Vec<Member>,
}

/// An object somewhere in a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Object<'d> {
    texts: &'d str,
    /// Sorted by rank and then by name.
    members: &'d [Member],
}

/// An array somewhere in a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Array<'d> {
    texts: &'d str,
    items: &'d [Node],
}

/// A JSON value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'d> {
    /// A string, without its escapes.
    String(&'d str),
    /// A number.
    Number(f64),
    /// An array.
    Array(Array<'d>),
    /// An object.
    Object(Object<'d>),
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
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
    Bool(bool),
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
        let mut reader = Reader { json: &texts, at: 0, unescaped: String::new() };
        let node = reader.value(0)?;
        reader.skip_whitespace();
        if reader.at < texts.len() {
            return Err(Malformed::Json);
        }
        let unescaped = reader.unescaped;
        let Node::Object(members) = node else { return Err(Malformed::NotAnObject) };
        texts.push_str(&unescaped);
        Ok(Self { texts, members })
    }

    /// The object.
    pub fn object(&self) -> Object<'_> {
        Object { texts: &self.texts, members: &self.members }
    }
}

impl<'d> Object<'d> {
    /// The value of the member with this name.
    #[inline]
    pub fn get(self, name: &str) -> Option<Value<'d>> {
        let rank = rank(name);
        let is_named = |member: &&Member| member.rank == rank && self.is_named(member, name);
        self.members.iter().find(is_named).map(|member| member.value.of(self.texts))
    }

    /// The members whose names are among a few, each with the index of its name.
    #[inline]
    pub(crate) fn named<const N: usize>(self, names: &[&'static str; N]) -> impl Iterator<Item = (usize, Value<'d>)> {
        let ranks = names.map(rank);
        self.members.iter().filter_map(move |member| {
            let index = ranks.iter().position(|rank| *rank == member.rank)?;
            self.is_named(member, names[index]).then(|| (index, member.value.of(self.texts)))
        })
    }

    /// Whether a member with the rank of `name` has that name: of a short one the rank says all.
    #[inline]
    fn is_named(self, member: &Member, name: &str) -> bool {
        name.len() <= RANKED || member.name.of(self.texts) == name
    }

    /// The members, in no order of theirs.
    pub fn members(self) -> impl Iterator<Item = (&'d str, Value<'d>)> {
        let Self { texts, members } = self;
        members.iter().map(|member| (member.name.of(texts), member.value.of(texts)))
    }
}

impl<'d> Array<'d> {
    /// The items.
    pub fn items(self) -> impl Iterator<Item = Value<'d>> {
        let Self { texts, items } = self;
        items.iter().map(|item| item.of(texts))
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
fn rank(name: &str) -> u64 {
    let start = name.bytes().take(RANKED).fold(0, |rank, byte| rank << 8 | u64::from(byte));
    start << 8 | name.len().min(RANKED + 1) as u64
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
            Self::Bool(value) => Value::Bool(*value),
        }
    }
}

/// Reads a text from its beginning.
struct Reader<'j> {
    json: &'j str,
    at: usize,
    /// The texts that had escapes in them.
    unescaped: String,
}

impl Reader<'_> {
    /// A value inside `depth` objects and arrays.
    fn value(&mut self, depth: u8) -> Result<Node, Malformed> {
        self.skip_whitespace();
        match self.peek() {
            Some(b'"') => self.string().map(Node::String),
            Some(b'{') => self.object(depth).map(Node::Object),
            Some(b'[') => self.array(depth).map(Node::Array),
            Some(b't') => self.literal("true", Node::Bool(true)),
            Some(b'f') => self.literal("false", Node::Bool(false)),
            Some(b'n') => self.literal("null", Node::Null),
            _ => self.number().map(Node::Number),
        }
    }

    fn object(&mut self, depth: u8) -> Result<Vec<Member>, Malformed> {
        // As many as an ordinary token has.
        let mut members = Vec::with_capacity(if depth == 0 { 16 } else { 0 });
        self.list(depth, b'}', |reader| {
            if reader.peek() != Some(b'"') {
                return Err(Malformed::Json);
            }
            let name = reader.string()?;
            reader.skip_whitespace();
            reader.expect(b':')?;
            let value = reader.value(depth + 1)?;
            members.push(Member { rank: rank(reader.of(name)), name, value });
            Ok(())
        })?;
        // Sorted, so that a hostile token with a thousand members costs no million comparisons.
        let name = |member: &Member| self.of(member.name);
        members.sort_unstable_by(|a, b| a.rank.cmp(&b.rank).then_with(|| name(a).cmp(name(b))));
        if members.windows(2).any(|pair| pair[0].rank == pair[1].rank && name(&pair[0]) == name(&pair[1])) {
            return Err(Malformed::DuplicateMember);
        }
        Ok(members)
    }

    fn array(&mut self, depth: u8) -> Result<Vec<Node>, Malformed> {
        let mut items = Vec::new();
        self.list(depth, b']', |reader| {
            items.push(reader.value(depth + 1)?);
            Ok(())
        })?;
        Ok(items)
    }

    /// What stands between brackets, with commas in between.
    fn list(
        &mut self,
        depth: u8,
        end: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if depth == MAX_DEPTH {
            return Err(Malformed::Nesting);
        }
        self.at += 1;
        self.skip_whitespace();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            self.skip_whitespace();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == end => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Malformed::Json),
            }
            self.skip_whitespace();
        }
    }

    fn string(&mut self) -> Result<Span, Malformed> {
        self.at += 1;
        let start = self.at;
        match self.end_of_run()? {
            b'"' => {
                self.at += 1;
                Ok(Span { start, end: self.at - 1 })
            }
            _ => self.string_with_escapes(start),
        }
    }

    /// Goes to the next quote or backslash. Control characters must be escaped (RFC 8259 section 7).
    fn end_of_run(&mut self) -> Result<u8, Malformed> {
        let rest = &self.json.as_bytes()[self.at..];
        let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).ok_or(Malformed::Json)?;
        self.at += end;
        match rest[end] {
            byte @ (b'"' | b'\\') => Ok(byte),
            _ => Err(Malformed::Json),
        }
    }

    #[cold]
    fn string_with_escapes(&mut self, mut start: usize) -> Result<Span, Malformed> {
        let beginning = self.json.len() + self.unescaped.len();
        loop {
            self.unescaped.push_str(&self.json[start..self.at]);
            self.at += 1;
            if self.json.as_bytes()[self.at - 1] == b'"' {
                return Ok(Span { start: beginning, end: self.json.len() + self.unescaped.len() });
            }
            let unescaped = self.escape()?;
            self.unescaped.push(unescaped);
            start = self.at;
            self.end_of_run()?;
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, Malformed> {
        let byte = self.peek().ok_or(Malformed::Json)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut units = [self.code_unit()?, 0];
                let pair = matches!(units[0], 0xd800..0xdc00);
                if pair {
                    self.expect(b'\\')?;
                    self.expect(b'u')?;
                    units[1] = self.code_unit()?;
                }
                // Half a pair is no character, wherever it stands.
                let mut decoded = char::decode_utf16(units.into_iter().take(1 + usize::from(pair)));
                decoded.next().and_then(Result::ok).ok_or(Malformed::Json)?
            }
            _ => return Err(Malformed::Json),
        })
    }

    fn code_unit(&mut self) -> Result<u16, Malformed> {
        let digits = self.json.as_bytes().get(self.at..self.at + 4).ok_or(Malformed::Json)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit).to_digit(16).ok_or(Malformed::Json)?;
            Ok(unit << 4 | digit as u16)
        })
    }

    /// Integers above 2⁵³ lose precision. No claim that we read as a number may be that large.
    fn number(&mut self) -> Result<f64, Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if zero && whole > 1 {
            return Err(Malformed::Json);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number: f64 = self.json[start..self.at].parse().map_err(|_| Malformed::Json)?;
        if number.is_finite() { Ok(number) } else { Err(Malformed::Json) }
    }

    /// How many digits come: one at least.
    fn digits(&mut self) -> Result<usize, Malformed> {
        let rest = &self.json.as_bytes()[self.at..];
        let count = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += count;
        if count == 0 { Err(Malformed::Json) } else { Ok(count) }
    }

    fn literal(&mut self, name: &str, node: Node) -> Result<Node, Malformed> {
        if !self.json[self.at..].starts_with(name) {
            return Err(Malformed::Json);
        }
        self.at += name.len();
        Ok(node)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed::Json);
        }
        self.at += 1;
        Ok(())
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn of(&self, span: Span) -> &str {
        match span.start.checked_sub(self.json.len()) {
            None => span.of(self.json),
            Some(start) => &self.unescaped[start..span.end - self.json.len()],
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
        assert_eq!(object.get("no"), Some(Value::Number(1.5)));
        let Some(Value::Array(array)) = object.get("a") else { panic!("no array") };
        assert!(array.items().eq([Value::String("y"), Value::Number(-2.0)]));
        assert!(object.get("a").and_then(Value::strings).unwrap().eq([Some("y"), None]));
        let inner = object.get("o").and_then(Value::as_object).unwrap();
        assert!(inner.members().eq([("b", Value::Bool(true)), ("z", Value::Null)]));
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
                        let number = if let Value::Number(number) = ours { Some(number) } else { None };
                        prop_assert_eq!(number, value.as_f64());
                    }
                }
                Err(Malformed::DuplicateMember | Malformed::Nesting) => {}
                Err(_) => prop_assert!(theirs.is_err(), "{} is read by serde_json", json),
            }
        }
    }
}
