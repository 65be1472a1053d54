/// A JSON object as text, written member by member (RFC 8259).
#[derive(Debug)]
pub struct JsonObject(String);

impl JsonObject {
    /// An empty one.
    pub fn new() -> Self {
        Self("{".into())
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, name: &str, text: &str) -> Self {
        self.json(name, &quoted(text))
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, name: &str, number: u64) -> Self {
        self.json(name, &number.to_string())
    }

    /// Adds what is JSON already.
    #[must_use]
    pub fn json(mut self, name: &str, json: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0 += &quoted(name);
        self.0.push(':');
        self.0 += json;
        self
    }

    /// The text.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

impl Default for JsonObject {
    fn default() -> Self {
        Self::new()
    }
}

/// A JSON array as text, of items that are JSON.
pub fn json_array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// A JSON string as text.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\0'..=' ' if letter != ' ' => quoted += &format!("\\u{:04x}", u32::from(letter)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_serde_json_reads() {
        let text = "\"\\ \u{0}\n\u{1f}é🙂</script>";
        let json = JsonObject::new()
            .text(text, text)
            .number("n", u64::MAX)
            .json("a", &json_array(["1".into(), quoted("x")]))
            .json("o", &JsonObject::new().end())
            .end();
        let expected = serde_json::json!({ text: text, "n": u64::MAX, "a": [1, "x"], "o": {} });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), expected);
    }
}
