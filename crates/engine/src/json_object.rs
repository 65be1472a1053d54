use quash_core::json::Value;

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
        let mut object = self.name(name);
        push_quoted(&mut object.0, text);
        object
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, name: &str, number: u64) -> Self {
        let mut object = self.name(name);
        push_number(&mut object.0, number);
        object
    }

    /// Adds what is JSON already.
    #[must_use]
    pub fn json(self, name: &str, json: &str) -> Self {
        let mut object = self.name(name);
        object.0.push_str(json);
        object
    }

    /// Adds what was read.
    #[must_use]
    pub fn value(self, name: &str, value: Value<'_>) -> Self {
        self.json(name, &written(value))
    }

    fn name(mut self, name: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_quoted(&mut self.0, name);
        self.0.push(':');
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
    let mut array = String::from("[");
    for item in items {
        if array.len() > 1 {
            array.push(',');
        }
        array.push_str(&item);
    }
    array.push(']');
    array
}

/// A value that was read, as text. It is nested no deeper than what may be read.
fn written(value: Value<'_>) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Number(number) => number.text().into(),
        Value::Array(array) => json_array(array.items().map(written)),
        Value::Object(object) => {
            object.members().fold(JsonObject::new(), |object, (name, value)| object.value(name, value)).end()
        }
        Value::Null => "null".into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
    }
}

/// A JSON string as text.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_quoted(&mut quoted, text);
    quoted
}

#[inline(never)]
fn push_quoted(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            json.push('\\');
        }
        if letter < ' ' {
            let digit = |value: u32| char::from_digit(value, 16).unwrap_or_default();
            json.extend(['\\', 'u', '0', '0', digit(u32::from(letter) >> 4), digit(u32::from(letter) & 0xf)]);
        } else {
            json.push(letter);
        }
    }
    json.push('"');
}

/// Without `core::fmt`, which the first request would have to have compiled.
#[inline(never)]
fn push_number(json: &mut String, number: u64) {
    if number > 9 {
        push_number(json, number / 10);
    }
    json.push(char::from(b'0' + (number % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let json = r#"{"a":[1.50,-2e3,"\"\\",null,true,false,[],{}],"o":{"x":{"y":"é"}}}"#;
        let document = quash_core::json::Document::parse(json.into()).unwrap();
        let members = document.object().members();
        let object = members.fold(JsonObject::new(), |object, (name, value)| object.value(name, value));
        assert_eq!(object.end(), json);
    }

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
