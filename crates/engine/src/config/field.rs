//! The configuration as it was written: each value knows the way to it, so that whoever finds it wrong can say where.

use std::{cell::OnceCell, fmt, time::Duration};

use quash_core::json::{Object, Value};

use super::ConfigError;

/// A reading of the whole configuration. It goes on behind what is wrong, with something in its place, and fails at the end:
/// what is right is then read without asking after every value.
pub(super) struct Reading<'r> {
    problem: OnceCell<ConfigError>,
    secret: &'r dyn Fn(&str) -> Option<String>,
    /// The command that sets one, where there is such a command.
    set_secret: Option<&'static str>,
}

/// A value of the configuration, or the place where there might be one.
pub(super) struct Field<'f, 'd> {
    reading: &'f Reading<'f>,
    parent: Option<&'f Field<'f, 'd>>,
    step: Step<'d>,
    value: Option<Value<'d>>,
}

/// Where in its parent a value is.
#[derive(Clone, Copy)]
enum Step<'d> {
    Name(&'d str),
    Index(usize),
}

impl<'r> Reading<'r> {
    pub(super) fn new(secret: &'r dyn Fn(&str) -> Option<String>, set_secret: Option<&'static str>) -> Self {
        Self { problem: OnceCell::new(), secret, set_secret }
    }

    /// The outermost table.
    pub(super) fn root<'d>(&'r self, object: Object<'d>) -> Field<'r, 'd> {
        Field { reading: self, parent: None, step: Step::Name("QUASH"), value: Some(Value::Object(object)) }
    }

    /// The first problem.
    pub(super) fn problem(self) -> Option<ConfigError> {
        self.problem.into_inner()
    }
}

impl<'d> Field<'_, 'd> {
    /// The member of a table.
    pub(super) fn member<'f>(&'f self, name: &'static str) -> Field<'f, 'd> {
        let value = self.value.and_then(Value::as_object).and_then(|object| object.get(name));
        Field { reading: self.reading, parent: Some(self), step: Step::Name(name), value }
    }

    /// An item of a list.
    pub(super) fn item<'f>(&'f self, index: usize, value: Value<'d>) -> Field<'f, 'd> {
        Field { reading: self.reading, parent: Some(self), step: Step::Index(index), value: Some(value) }
    }

    pub(super) fn is_there(&self) -> bool {
        self.value.is_some()
    }

    /// Must be there.
    pub(super) fn required(&self) -> &Self {
        if let (None, Some(parent), Step::Name(name)) = (self.value, self.parent, self.step) {
            parent.wrong(&format_args!("`{name}` is missing"));
        }
        self
    }

    /// Must be a table that has none but these members, if it is there.
    pub(super) fn table(&self, known: &[&'static str]) -> &Self {
        for (name, value) in self.object().into_iter().flat_map(Object::members) {
            if !known.contains(&name) {
                let field = Field { step: Step::Name(name), ..self.item(0, value) };
                field.wrong(&format_args!("is none of {}", listed(known)));
            }
        }
        self
    }

    pub(super) fn object(&self) -> Option<Object<'d>> {
        let object = self.value?.as_object();
        self.some(object, "must be a table")
    }

    pub(super) fn text(&self) -> Option<&'d str> {
        let text = self.value?.as_str();
        self.some(text, "must be a text")
    }

    /// The text, or that of one that is not there.
    pub(super) fn text_or(&self, default: &str) -> String {
        self.text().unwrap_or(default).to_owned()
    }

    pub(super) fn number(&self) -> Option<u64> {
        let number = if let Value::Number(number) = self.value? { number.whole() } else { None };
        self.some(number, "must be a whole number")
    }

    /// A time of at most `max` seconds.
    pub(super) fn seconds(&self, default: u64, max: u64) -> Duration {
        let secs = self.number().unwrap_or(default);
        if secs > max {
            self.wrong(&format_args!("at most {max} seconds"));
        }
        Duration::from_secs(secs)
    }

    pub(super) fn is_true(&self) -> bool {
        let value = match self.value {
            None => Some(false),
            Some(Value::Bool(value)) => Some(value),
            Some(_) => None,
        };
        self.some(value, "must be true or false").unwrap_or_default()
    }

    /// Calls `read` with each item of a list.
    pub(super) fn each(&self, read: &mut dyn FnMut(&Field<'_, 'd>)) {
        let array = match self.value {
            None => return,
            Some(Value::Array(array)) => Some(array),
            Some(_) => None,
        };
        for (index, value) in self.some(array, "must be a list").into_iter().flat_map(|array| array.items()).enumerate()
        {
            read(&self.item(index, value));
        }
    }

    /// What `read` makes of each item of a list, where that is something.
    pub(super) fn list<T>(&self, read: &mut dyn FnMut(&Field<'_, 'd>) -> Option<T>) -> Vec<T> {
        let mut list = Vec::new();
        self.each(&mut |item| list.extend(read(item)));
        list
    }

    /// A list of texts.
    pub(super) fn texts(&self) -> Vec<String> {
        self.texts_that(|_| None)
    }

    /// A list of texts that have no `problem`.
    pub(super) fn texts_that(&self, problem: fn(&str) -> Option<&'static str>) -> Vec<String> {
        let mut texts = Vec::new();
        self.each(&mut |item| {
            let text = item.text().unwrap_or_default();
            if let Some(problem) = problem(text) {
                item.wrong(&problem);
            }
            texts.push(text.to_owned());
        });
        texts
    }

    /// Which of the names the text is.
    pub(super) fn choice(&self, names: &[&'static str]) -> Option<usize> {
        let text = self.text()?;
        let index = names.iter().position(|name| *name == text);
        if index.is_none() {
            self.wrong(&format_args!("`{text}` is none of {}", listed(names)));
        }
        index
    }

    /// The secret that the text names.
    pub(super) fn secret(&self) -> Option<String> {
        let name = self.text()?;
        let secret = (self.reading.secret)(name);
        match (&secret, self.reading.set_secret) {
            (Some(_), _) => {}
            (None, None) => self.wrong(&format_args!("no secret `{name}` is set")),
            (None, Some(command)) => self.wrong(&format_args!("no secret `{name}` is set ({command} {name})")),
        }
        secret
    }

    fn some<T>(&self, value: Option<T>, problem: &'static str) -> Option<T> {
        if value.is_none() {
            self.wrong(&problem);
        }
        value
    }

    /// Takes note of a problem, if it is the first.
    #[cold]
    #[inline(never)]
    pub(super) fn wrong(&self, problem: &dyn fmt::Display) {
        self.reading.problem.get_or_init(|| ConfigError { field: self.path(), problem: problem.to_string() });
    }

    /// The way to it, from the variable's name.
    #[cold]
    #[inline(never)]
    pub(super) fn path(&self) -> String {
        let parent = self.parent.map(Self::path);
        match (parent, self.step) {
            (None, Step::Name(name)) => name.to_owned(),
            (Some(parent), Step::Name(name)) => format!("{parent}.{name}"),
            (parent, Step::Index(index)) => format!("{}[{index}]", parent.unwrap_or_default()),
        }
    }
}

#[cold]
#[inline(never)]
fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
