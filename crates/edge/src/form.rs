use quash_engine::Error;
use worker::Request;

use crate::body;

/// The longest form that is read, in bytes: four of the longest tokens and some fields. A browser's keepalive requests may
/// not have more than 64 KiB among them anyway.
pub(crate) const MAX_BYTES: usize = 4 * quash_core::MAX_TOKEN_BYTES + 4096;

pub(crate) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The fields of an `application/x-www-form-urlencoded` body.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the request's body; an empty one is an empty form.
    pub(crate) async fn read(request: &mut Request) -> Result<Self, Error> {
        body::read(request, MEDIA_TYPE, MAX_BYTES).await.map(|body| Self::parse(&body))
    }

    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field's value, if it is there. OAuth forbids repeating one (RFC 6749 section 3.2).
    pub(crate) fn field(&self, name: &'static str) -> Result<Option<&str>, Error> {
        let mut values = self.0.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Error::Parameter(name)),
            (value, None) => Ok(value),
        }
    }
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
}
