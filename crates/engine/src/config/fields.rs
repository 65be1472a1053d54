//! The configuration as it was written: each value knows the way to it, so that whoever finds it wrong can say where.

use std::fmt;

use quash_core::json::{Object, Value};

use super::ConfigError;

/// A value of the configuration.
pub(super) struct Field<'d> {
    path: String,
    value: Value<'d>,
}

/// A table of the configuration.
pub(super) struct Table<'d> {
    path: String,
    object: Object<'d>,
}

impl<'d> Field<'d> {
    pub(super) fn text(&self) -> Result<&'d str, ConfigError> {
        self.value.as_str().ok_or_else(|| self.wrong("must be a text"))
    }

    pub(super) fn number(&self) -> Result<u64, ConfigError> {
        let Value::Number(number) = self.value else { return Err(self.wrong("must be a whole number")) };
        number.whole().ok_or_else(|| self.wrong("must be a whole number"))
    }

    pub(super) fn is_true(&self) -> Result<bool, ConfigError> {
        match self.value {
            Value::Bool(value) => Ok(value),
            _ => Err(self.wrong("must be true or false")),
        }
    }

    pub(super) fn list<T>(&self, read: impl Fn(&Self) -> Result<T, ConfigError>) -> Result<Vec<T>, ConfigError> {
        let Value::Array(array) = self.value else { return Err(self.wrong("must be a list")) };
        let item = |(index, value)| read(&Self { path: format!("{}[{index}]", self.path), value });
        array.items().enumerate().map(item).collect()
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, ConfigError> {
        self.list(|item| item.text().map(str::to_owned))
    }

    /// A table that has none but these members.
    pub(super) fn table(&self, known: &[&str]) -> Result<Table<'d>, ConfigError> {
        let object = self.object()?;
        let table = Table { path: self.path.clone(), object };
        match object.members().find(|(name, _)| !known.contains(name)) {
            None => Ok(table),
            Some((name, value)) => Err(table.field(name, value).wrong(format_args!("is none of {}", listed(known)))),
        }
    }

    pub(super) fn object(&self) -> Result<Object<'d>, ConfigError> {
        self.value.as_object().ok_or_else(|| self.wrong("must be a table"))
    }

    /// The value whose name the text is.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.text()?;
        let found = choices.iter().find(|(name, _)| *name == text);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.wrong(format_args!("`{text}` is none of {}", listed(&names)))
        })
    }

    pub(super) fn wrong(&self, problem: impl fmt::Display) -> ConfigError {
        ConfigError { field: self.path.clone(), problem: problem.to_string() }
    }
}

impl<'d> Table<'d> {
    /// The outermost one.
    pub(super) fn root(object: Object<'d>, known: &[&str]) -> Result<Self, ConfigError> {
        Field { path: "QUASH".into(), value: Value::Object(object) }.table(known)
    }

    pub(super) fn required(&self, name: &str) -> Result<Field<'d>, ConfigError> {
        self.optional(name)
            .ok_or_else(|| ConfigError { field: self.path.clone(), problem: format!("`{name}` is missing") })
    }

    pub(super) fn optional(&self, name: &str) -> Option<Field<'d>> {
        self.object.get(name).map(|value| self.field(name, value))
    }

    /// What `read` makes of a member, or of none what it is by default.
    pub(super) fn or_default<T: Default>(
        &self,
        name: &str,
        read: impl FnOnce(&Field<'d>) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        self.optional(name).map_or_else(|| Ok(T::default()), |field| read(&field))
    }

    fn field(&self, name: &str, value: Value<'d>) -> Field<'d> {
        Field { path: format!("{}.{name}", self.path), value }
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
