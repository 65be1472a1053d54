use base64::{Engine, prelude::BASE64_STANDARD};
use quash_engine::{Error, Form, config::Client};

/// The client that a request authenticates as (RFC 6749 section 2.3.1): HTTP Basic, or `client_id` and `client_secret` in the
/// form; never both.
pub(crate) fn authenticate<'c>(
    clients: &'c [Client],
    authorization: Option<&str>,
    form: &Form,
) -> Result<&'c Client, Error> {
    let basic = authorization.and_then(basic);
    let posted = form.field("client_id")?.zip(form.field("client_secret")?);
    let (id, secret) = match (&basic, posted) {
        (Some((id, secret)), None) => (id.as_str(), secret.as_str()),
        (None, Some(posted)) => posted,
        _ => return Err(Error::ClientUnknown),
    };
    // Every client is compared, each in constant time: the answer's delay tells nothing of which ids exist.
    let mut found = None;
    for client in clients {
        if client.is(id, secret).into() {
            found = Some(client);
        }
    }
    found.ok_or(Error::ClientUnknown)
}

/// The id and secret of a `Basic` header (RFC 7617).
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.into(), secret.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn authenticated(authorization: Option<&str>, form: &str) -> Result<String, &'static str> {
        let clients = [Client::new("other", &SECRET.to_uppercase()).unwrap(), Client::new("backend", SECRET).unwrap()];
        authenticate(&clients, authorization, &Form::parse(form.as_bytes()))
            .map(|client| client.id().into())
            .map_err(|error| error.code())
    }

    fn basic(id: &str, secret: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
    }

    #[test]
    fn either_way_but_not_both() {
        let posted = format!("client_id=backend&client_secret={SECRET}");
        assert_eq!(authenticated(Some(&basic("backend", SECRET)), ""), Ok("backend".into()));
        assert_eq!(authenticated(None, &posted), Ok("backend".into()));
        assert_eq!(authenticated(Some(&basic("backend", SECRET)), &posted), Err("client_unknown"));
        assert_eq!(authenticated(None, ""), Err("client_unknown"));
    }

    #[test]
    fn a_wrong_secret_or_id_is_refused() {
        for authorization in [
            basic("backend", &SECRET[1..]),
            basic("backend", ""),
            basic("backen", SECRET),
            basic("other", SECRET),
            "Basic !".into(),
            format!("Bearer {SECRET}"),
        ] {
            assert_eq!(authenticated(Some(&authorization), ""), Err("client_unknown"), "{authorization}");
        }
    }
}
