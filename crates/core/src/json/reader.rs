use alloc::{collections::BinaryHeap, string::String, vec::Vec};

use super::{Kind, Name, Node, Number, Span, rank, siblings};
use crate::Malformed;

/// Deep enough for any real claim (`cnf.jwk`, `address`, OpenID's `verified_claims` at 6), and far from the stack's end.
const MAX_DEPTH: u8 = 16;

/// More values than a token has room for. What may be longer, and is signed by nobody yet, must not take many times its size.
const MAX_VALUES: usize = 32 * 1024;

/// As many members as are compared with each other one by one.
const FEW: usize = 32;

/// Reads a text from its beginning.
pub(super) struct Reader<'j> {
    json: &'j str,
    at: usize,
    nodes: Vec<Node>,
    /// The texts that had escapes in them.
    unescaped: String,
}

impl<'j> Reader<'j> {
    /// The values that a text is made of, and the texts in it that had escapes.
    pub(super) fn read(json: &'j str) -> Result<(Vec<Node>, String), Malformed> {
        // As many as an ordinary token has.
        let mut reader = Self { json, at: 0, nodes: Vec::with_capacity(20), unescaped: String::new() };
        reader.value(0, Name::NONE)?;
        reader.skip_whitespace();
        if reader.at < json.len() { Err(Malformed::Json) } else { Ok((reader.nodes, reader.unescaped)) }
    }

    /// A value inside `depth` objects and arrays.
    fn value(&mut self, depth: u8, name: Name) -> Result<(), Malformed> {
        self.skip_whitespace();
        let at = self.nodes.len();
        if at == MAX_VALUES {
            return Err(Malformed::TooLarge);
        }
        self.nodes.push(Node { name, kind: Kind::Null });
        let kind = match self.peek() {
            Some(b'"') => Kind::String(self.string()?),
            Some(b'{') => {
                self.list(depth, b'}')?;
                if self.has_duplicates(at + 1) {
                    return Err(Malformed::DuplicateMember);
                }
                Kind::Object(self.nodes.len() - at - 1)
            }
            Some(b'[') => {
                self.list(depth, b']')?;
                Kind::Array(self.nodes.len() - at - 1)
            }
            Some(b't') => self.literal(b"true", Kind::Bool(true))?,
            Some(b'f') => self.literal(b"false", Kind::Bool(false))?,
            Some(b'n') => self.literal(b"null", Kind::Null)?,
            _ => Kind::Number(self.number()?),
        };
        self.nodes[at].kind = kind;
        Ok(())
    }

    /// What stands between brackets, with commas in between. Between braces, each value stands behind its name.
    fn list(&mut self, depth: u8, end: u8) -> Result<(), Malformed> {
        if depth == MAX_DEPTH {
            return Err(Malformed::Nesting);
        }
        self.at += 1;
        self.skip_whitespace();
        if self.take(end) {
            return Ok(());
        }
        loop {
            let name = if end == b'}' { self.name()? } else { Name::NONE };
            self.value(depth + 1, name)?;
            self.skip_whitespace();
            if self.take(end) {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// A member's name, and the colon behind it.
    fn name(&mut self) -> Result<Name, Malformed> {
        self.skip_whitespace();
        if self.peek() != Some(b'"') {
            return Err(Malformed::Json);
        }
        let text = self.string()?;
        self.skip_whitespace();
        self.expect(b':')?;
        Ok(Name { rank: rank(self.of(text)), text })
    }

    /// Whether two members have the same name in the object whose first member is `first`.
    fn has_duplicates(&self, first: usize) -> bool {
        let names = || siblings(self.nodes.get(first..).unwrap_or_default()).map(|(node, _)| node.name);
        // A name whose bit nobody has set before is new.
        let mut bits = 0_u64;
        for (index, name) in names().enumerate() {
            if index == FEW {
                return self.has_duplicates_among_many(names());
            }
            let bit = 1 << (name.rank.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58);
            let is_same = |other: Name| other.rank == name.rank && self.of(other.text) == self.of(name.text);
            if bits & bit != 0 && names().take(index).any(is_same) {
                return true;
            }
            bits |= bit;
        }
        false
    }

    /// Sorts, so that a hostile token with a thousand members costs no million comparisons.
    #[cold]
    fn has_duplicates_among_many(&self, names: impl Iterator<Item = Name>) -> bool {
        let heap: BinaryHeap<_> = names.map(|name| (name.rank, self.of(name.text))).collect();
        heap.into_sorted_vec().windows(2).any(|pair| pair[0] == pair[1])
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
        let (words, rest) = self.rest().as_chunks::<8>();
        for word in words {
            let ends = ends_of_run(u64::from_le_bytes(*word));
            if ends != 0 {
                self.at += ends.trailing_zeros() as usize / 8;
                return self.end();
            }
            self.at += word.len();
        }
        self.at += rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..b' ')).count();
        self.end()
    }

    /// What ends a run.
    fn end(&self) -> Result<u8, Malformed> {
        match self.peek() {
            Some(byte @ (b'"' | b'\\')) => Ok(byte),
            _ => Err(Malformed::Json),
        }
    }

    #[cold]
    fn string_with_escapes(&mut self, mut start: usize) -> Result<Span, Malformed> {
        let beginning = self.json.len() + self.unescaped.len();
        loop {
            self.unescaped.push_str(Span { start, end: self.at }.of(self.json));
            if self.take(b'"') {
                return Ok(Span { start: beginning, end: self.json.len() + self.unescaped.len() });
            }
            // The backslash.
            self.at += 1;
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
        let digits = self.rest().first_chunk::<4>().ok_or(Malformed::Json)?;
        self.at += digits.len();
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit).to_digit(16).ok_or(Malformed::Json)?;
            Ok(unit << 4 | digit as u16)
        })
    }

    fn number(&mut self) -> Result<Span, Malformed> {
        let start = self.at;
        self.take(b'-');
        let zero = self.peek() == Some(b'0');
        let whole = self.digits()?;
        if zero && whole > 1 {
            return Err(Malformed::Json);
        }
        if self.take(b'.') {
            self.digits()?;
        }
        let has_exponent = self.take(b'e') || self.take(b'E');
        if has_exponent {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let span = Span { start, end: self.at };
        let may_be_too_large = has_exponent || whole > 300;
        if may_be_too_large && Number(span.of(self.json)).is_too_large() { Err(Malformed::Json) } else { Ok(span) }
    }

    /// How many digits come: one at least.
    fn digits(&mut self) -> Result<usize, Malformed> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(Malformed::Json) } else { Ok(count) }
    }

    fn literal(&mut self, name: &[u8], kind: Kind) -> Result<Kind, Malformed> {
        if !self.rest().starts_with(name) {
            return Err(Malformed::Json);
        }
        self.at += name.len();
        Ok(kind)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.take(byte) { Ok(()) } else { Err(Malformed::Json) }
    }

    /// Whether `byte` is next. Then it is passed.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'j [u8] {
        self.json.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn of(&self, span: Span) -> &str {
        let unescaped = |at: usize| at.checked_sub(self.json.len());
        match (unescaped(span.start), unescaped(span.end)) {
            (Some(start), Some(end)) => Span { start, end }.of(&self.unescaped),
            _ => span.of(self.json),
        }
    }
}

/// Eight bytes at once: the highest bit of each that is a quote, a backslash or a control character. Behind the first of them there
/// may be others by mistake, since its borrow goes on.
#[inline]
const fn ends_of_run(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    let (quotes, backslashes) = (bytes ^ (ONES * b'"' as u64), bytes ^ (ONES * b'\\' as u64));
    let is_zero = (quotes.wrapping_sub(ONES) & !quotes) | (backslashes.wrapping_sub(ONES) & !backslashes);
    (is_zero | (bytes.wrapping_sub(ONES * b' ' as u64) & !bytes)) & (ONES << 7)
}

impl Name {
    /// Of what is no object's member.
    const NONE: Self = Self { rank: 0, text: Span { start: 0, end: 0 } };
}
