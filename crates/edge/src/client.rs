use std::rc::Rc;

use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use quash_core::ClientAssertion;
use quash_engine::{Error, Form, Signer, config::Client};
use worker::Request;

use crate::{
    guard::{Guard, later},
    request::AsRequest,
};

/// The header that has the assertion of a request whose body is no form.
const ASSERTION: &str = "Client-Assertion";

/// RFC 7523 section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a request says which client it is from.
enum Credentials<'f> {
    Secret(String, String),
    Assertion(&'f str),
}

/// The client that a request authenticates as, or `None` for one that says nothing of the kind.
///
/// # Errors
/// As [`authenticate`].
pub(crate) async fn if_any<'c>(
    guard: &Rc<Guard>,
    clients: &'c [Client],
    authorization: Option<&str>,
    form: &Form,
) -> Result<Option<&'c Client>, Error> {
    let is_basic = authorization.is_some_and(|authorization| {
        authorization.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
    });
    if !is_basic && form.field("client_secret")?.is_none() && form.field("client_assertion")?.is_none() {
        return Ok(None);
    }
    authenticate(guard, clients, authorization, form).await.map(Some)
}

/// The client that a request authenticates as: by its secret, with HTTP Basic or in the form (RFC 6749 section 2.3.1), or by an
/// assertion (RFC 7523 section 2.2), which is good for one request; never by more than one of them (RFC 6749 section 2.3).
///
/// # Errors
/// [`Error::ClientUnknown`], whatever the reason; [`Error::StoreUnavailable`] or [`Error::KeysUnavailable`] when nobody can say.
pub(crate) async fn authenticate<'c>(
    guard: &Rc<Guard>,
    clients: &'c [Client],
    authorization: Option<&str>,
    form: &Form,
) -> Result<&'c Client, Error> {
    // Where it says who it is once more, it is that (RFC 7521 section 4.2).
    let claimed = form.field("client_id")?;
    let is_claimed = |id: &str| claimed.is_none_or(|claimed| claimed == id);
    match credentials(authorization, form)? {
        Credentials::Secret(id, secret) => by_secret(clients, &id, &secret).filter(|_| is_claimed(&id)),
        Credentials::Assertion(text) => match asserted(guard, text).await? {
            // Last of all: what is refused for another reason has not been used.
            Some(assertion) if is_claimed(assertion.client()) && guard.use_once(&assertion, later()).await? => {
                clients.iter().find(|client| client.id() == assertion.client())
            }
            _ => None,
        },
    }
    .ok_or(Error::ClientUnknown)
}

/// The client that a request authenticates as whose body is no form: by its secret with HTTP Basic, or by an assertion in a header.
///
/// # Errors
/// As [`authenticate`].
pub(crate) async fn authenticate_by_header<'c>(
    guard: &Rc<Guard>,
    clients: &'c [Client],
    request: &Request,
) -> Result<&'c Client, Error> {
    let form = match request.header(ASSERTION) {
        Some(assertion) => {
            Form::of([("client_assertion_type", ASSERTION_TYPE.into()), ("client_assertion", assertion)])
        }
        None => Form::parse(b""),
    };
    authenticate(guard, clients, request.authorization().as_deref(), &form).await
}

fn credentials<'f>(authorization: Option<&str>, form: &'f Form) -> Result<Credentials<'f>, Error> {
    let posted = form.field("client_secret")?;
    let assertion = form.field("client_assertion")?;
    match (authorization.and_then(basic), posted, assertion) {
        (Some((id, secret)), None, None) => Ok(Credentials::Secret(id, secret)),
        (None, Some(secret), None) => {
            let id = form.field("client_id")?.ok_or(Error::ClientUnknown)?;
            Ok(Credentials::Secret(id.into(), secret.into()))
        }
        (None, None, Some(assertion)) if form.field("client_assertion_type")? == Some(ASSERTION_TYPE) => {
            Ok(Credentials::Assertion(assertion))
        }
        _ => Err(Error::ClientUnknown),
    }
}

/// The id and secret of a `Basic` header (RFC 7617). Some clients encode both as in forms, as RFC 6749 wants it, others do not; of
/// the letters that ids and secrets are made of, none means another in the other's.
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    Some((plain(id)?, plain(secret)?))
}

/// Every client is compared, each in constant time: the answer's delay tells nothing of which ids exist.
fn by_secret<'c>(clients: &'c [Client], id: &str, secret: &str) -> Option<&'c Client> {
    let mut found = None;
    for client in clients {
        if client.is(id, secret).into() {
            found = Some(client);
        }
    }
    found
}

async fn asserted(guard: &Rc<Guard>, text: &str) -> Result<Option<ClientAssertion>, Error> {
    match guard.verify_by(Signer::Client, text).await {
        Ok(token) => Ok(token.into_client_assertion(later()).ok()),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789-bcdef_0123456789.bcdef";
    const ENCODED: &str = "0123456789%2Dbcdef%5F0123456789%2Ebcdef";

    /// As if the client of the credentials were all there are.
    fn authenticated(authorization: Option<&str>, form: &str) -> Result<String, &'static str> {
        let other = SECRET.to_uppercase();
        let clients = [("other", other.as_str()), ("back-end", SECRET)]
            .map(|(id, secret)| Client::new(id, Some(secret)).unwrap());
        let form = Form::parse(form.as_bytes());
        match credentials(authorization, &form).map_err(|error| error.code())? {
            Credentials::Secret(id, secret) => {
                by_secret(&clients, &id, &secret).map(|client| client.id().into()).ok_or("client_unknown")
            }
            Credentials::Assertion(assertion) => Ok(format!("asserted by {assertion}")),
        }
    }

    fn basic(id: &str, secret: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
    }

    #[test]
    fn either_way_but_not_both() {
        let posted = format!("client_id=back-end&client_secret={SECRET}");
        let asserted = format!("client_assertion=a.b.c&client_assertion_type={ASSERTION_TYPE}");
        let header = basic("back-end", SECRET);
        assert_eq!(authenticated(Some(&header), ""), Ok("back-end".into()));
        assert_eq!(authenticated(None, &posted), Ok("back-end".into()));
        assert_eq!(authenticated(None, &asserted), Ok("asserted by a.b.c".into()));
        for (authorization, form) in [
            (Some(header.as_str()), posted.as_str()),
            (Some(&header), &asserted),
            (None, &format!("{posted}&{asserted}")),
            (None, &format!("client_secret={SECRET}")),
            (None, "client_assertion=a.b.c"),
            (
                None,
                "client_assertion=a.b.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
            ),
            (None, ""),
        ] {
            assert_eq!(authenticated(authorization, form), Err("client_unknown"), "{authorization:?} {form}");
        }
    }

    #[test]
    fn an_id_and_a_secret_may_be_encoded_as_in_forms() {
        for (id, secret) in [("back-end", ENCODED), ("back%2Dend", SECRET), ("back%2dend", ENCODED)] {
            assert_eq!(authenticated(Some(&basic(id, secret)), ""), Ok("back-end".into()), "{id} {secret}");
        }
    }

    #[test]
    fn a_wrong_secret_or_id_is_refused() {
        for authorization in [
            basic("back-end", &SECRET[1..]),
            basic("back-end", ""),
            basic("back-en", SECRET),
            basic("other", SECRET),
            basic("back-end", &ENCODED.replace('%', "%25")),
            "Basic !".into(),
            format!("Bearer {SECRET}"),
        ] {
            assert_eq!(authenticated(Some(&authorization), ""), Err("client_unknown"), "{authorization}");
        }
    }
}
