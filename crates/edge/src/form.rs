use futures_util::StreamExt;
use quash_engine::Error;
use worker::Request;

/// The longest form that is read, in bytes: four of the longest tokens and some fields. A browser's keepalive requests may
/// not have more than 64 KiB among them anyway.
const MAX_FORM_BYTES: usize = 4 * quash_core::MAX_TOKEN_BYTES + 4096;

/// The fields of an `application/x-www-form-urlencoded` body.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the request's body; an empty one is an empty form.
    pub(crate) async fn read(request: &mut Request) -> Result<Self, Error> {
        let header = |name| request.headers().get(name).ok().flatten();
        let length = header("content-length").and_then(|length| length.parse::<usize>().ok());
        if length.is_some_and(|length| length > MAX_FORM_BYTES) {
            return Err(Error::BodyTooLarge);
        }
        let content_type = header("content-type");
        let body = read(request).await?;
        if !body.is_empty() && !content_type.is_some_and(|content_type| is_form(&content_type)) {
            return Err(Error::BodyNotForm);
        }
        Ok(Self::parse(&body))
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

/// The body, as long as it stays within the limit: a chunked one announces no length.
async fn read(request: &mut Request) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    if request.inner().body().is_none() {
        return Ok(body);
    }
    let mut chunks = request.stream().map_err(|_| Error::BodyNotForm)?;
    while let Some(chunk) = chunks.next().await {
        body.extend(chunk.map_err(|_| Error::BodyNotForm)?);
        if body.len() > MAX_FORM_BYTES {
            return Err(Error::BodyTooLarge);
        }
    }
    Ok(body)
}

fn is_form(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
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
    fn a_form_is_known_by_its_media_type() {
        assert!(is_form("application/x-www-form-urlencoded;charset=UTF-8"));
        assert!(is_form("Application/X-WWW-Form-URLEncoded"));
        assert!(!is_form("text/plain"));
        assert!(!is_form("application/x-www-form-urlencodedx"));
    }
}
