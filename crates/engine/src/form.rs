use crate::error::Error;

/// The fields of an `application/x-www-form-urlencoded` body.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The longest form that is read, in bytes: four of the longest tokens and some fields. A browser's keepalive requests may
    /// not have more than 64 KiB among them anyway.
    pub const MAX_BYTES: usize = 4 * quash_core::MAX_TOKEN_BYTES + 4096;

    /// What such a body is called.
    pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

    /// Reads a request's body; an empty one is an empty form.
    ///
    /// # Errors
    /// [`Error::BodyNotForm`].
    pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, Error> {
        if !body.is_empty() && !content_type.is_some_and(|content_type| is_of_type(content_type, Self::MEDIA_TYPE)) {
            return Err(Error::BodyNotForm);
        }
        Ok(Self::parse(body))
    }

    /// Reads what is a form.
    pub fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// Refuses fields of other names, and those without a value: who misspells a filter must not be told of everything.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Error> {
        let is_known = |(field, value): &(String, String)| names.contains(&field.as_str()) && !value.is_empty();
        if self.0.iter().all(is_known) { Ok(()) } else { Err(Error::Parameter("an unknown or empty one")) }
    }

    /// One with these fields.
    pub fn of<const N: usize>(fields: [(&str, String); N]) -> Self {
        Self(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// A field's value, if it is there. OAuth forbids repeating one, and takes one without a value for omitted (RFC 6749 section 3.2).
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn field(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut values =
            self.0.iter().filter(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Error::Parameter(name)),
            (value, None) => Ok(value),
        }
    }

    /// The same of a field that says what is meant, where an empty one is a mistake and not a default: less would happen than was wanted.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn choice(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let is_empty = |(field, value): &(String, String)| field == name && value.is_empty();
        if self.0.iter().any(is_empty) { Err(Error::Parameter(name)) } else { self.field(name) }
    }
}

/// Whether a `Content-Type` names the media type, whatever its parameters (RFC 9110 section 8.3.1).
pub fn is_of_type(content_type: &str, media_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_field_is_refused() {
        let form = Form::parse(b"a=1&b=2&b=3");
        assert_eq!(form.field("a").unwrap(), Some("1"));
        assert_eq!(form.field("c").unwrap(), None);
        assert_eq!(form.field("b").unwrap_err().code(), "parameter_invalid");
    }

    #[test]
    fn a_field_without_a_value_is_omitted_and_no_filter() {
        let form = Form::parse(b"a=&b=&b=2&c");
        assert_eq!(["a", "b", "c"].map(|name| form.field(name).unwrap()), [None, Some("2"), None]);
        assert_eq!((form.choice("d").unwrap(), Form::parse(b"b=2").choice("b").unwrap()), (None, Some("2")));
        assert!(form.choice("a").is_err() && form.choice("b").is_err());
        assert!(form.only(&["a", "b", "c"]).is_err() && Form::parse(b"b=2").only(&["b"]).is_ok());
    }

    #[test]
    fn a_form_is_known_by_its_media_type() {
        let is_form = |content_type| is_of_type(content_type, Form::MEDIA_TYPE);
        assert!(is_form("application/x-www-form-urlencoded;charset=UTF-8"));
        assert!(is_form("Application/X-WWW-Form-URLEncoded"));
        assert!(!is_form("text/plain"));
        assert!(!is_form("application/x-www-form-urlencodedx"));
    }
}
