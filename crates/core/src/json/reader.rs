use alloc::{string::String, vec::Vec};

use super::{Member, Node, Span, rank};
use crate::Malformed;

/// Deep enough for any real claim (`cnf.jwk`, `address`, OpenID's `verified_claims` at 6), and far from the stack's end.
const MAX_DEPTH: u8 = 16;

/// Reads a text from its beginning.
pub(super) struct Reader<'j> {
    json: &'j str,
    at: usize,
    /// The texts that had escapes in them.
    unescaped: String,
}

impl<'j> Reader<'j> {
    /// The value that a text is, and the texts in it that had escapes.
    pub(super) fn read(json: &'j str) -> Result<(Node, String), Malformed> {
        let mut reader = Self { json, at: 0, unescaped: String::new() };
        let node = reader.value(0)?;
        reader.skip_whitespace();
        if reader.at < json.len() { Err(Malformed::Json) } else { Ok((node, reader.unescaped)) }
    }

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
