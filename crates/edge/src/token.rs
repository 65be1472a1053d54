//! `POST /token`: refresh tokens of issuers that have us sign for them, exchanged for new ones (RFC 6749 section 6), each once (RFC 9700
//! section 4.14.2).

use std::rc::Rc;

use quash_core::{Claims, REFRESH_TOKEN_TYPE, RefreshToken, Timestamp, json::Value};
use quash_engine::{
    Answer, Credential, Error, JsonObject, Presented, Source,
    config::{Client, ConfigError, Refresh, Routes},
    json_array, quoted,
};

use crate::{
    client,
    guard::{Guard, later},
    signer::{Signer, random_id, seconds},
};

/// RFC 9068 section 2.1.
const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// What is said anew in each token. All else an issuer has put into the refresh token is carried over, into both.
const OWN: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// What a refresh token was exchanged for.
pub(crate) struct Exchanged {
    pub(crate) answer: Answer,
    /// `Set-Cookie` of the new one, where the old one came in a cookie.
    pub(crate) cookie: Option<String>,
}

/// Exchanges the refresh token that is presented.
///
/// # Errors
/// [`Error::Refused`], [`Error::Revoked`], [`Error::ClientMismatch`] and [`Error::RefreshTokenReused`] are `invalid_grant`.
/// [`Error::StoreUnavailable`]: the same may be sent again.
pub(crate) async fn exchange(
    guard: &Rc<Guard>,
    routes: &Routes,
    signers: &[Signer],
    presented: &Presented,
    over_https: bool,
) -> Result<Exchanged, Error> {
    // 1. REQUIRED: `grant_type` and `refresh_token`.
    match presented.field("grant_type")? {
        Some("refresh_token") => {}
        Some(_) => return Err(Error::GrantTypeUnsupported),
        None => return Err(Error::Parameter("grant_type")),
    }
    let [Credential { source, token: text }] = presented.refresh_tokens(&routes.refresh_cookies)?[..] else {
        return Err(Error::Parameter("refresh_token"));
    };
    // 2. "require client authentication for confidential clients": whoever says that it is one must be.
    let client = client::if_any(guard, &routes.clients, presented.authorization(), presented.form()).await?;
    // 3. "validate the refresh token".
    let now = later();
    let token = guard.verify(text).await?.into_refresh_token(now)?;
    let Some((index, refresh)) = routes.refresh_of(token.issuer()) else {
        return Err(quash_core::Refusal::IssuerUnknown.into());
    };
    // 4. "ensure that the refresh token was issued to the authenticated client".
    check_client(token.token().claims().client(), client, &routes.clients, presented.field("client_id")?)?;
    // 5. "MUST NOT include any scope not originally granted".
    let granted = token.token().claims().string("scope");
    let scope = narrowed(granted, presented.field("scope")?)?;
    // 6. Not revoked, as strictly as can be asked: what is issued now may live for weeks.
    guard.check(token.token()).await?;
    // 7. The tokens of the answer. Before this one is used up: a key that cannot sign, or is not the issuer's, must cost nobody a session.
    let signer = signers.get(index).ok_or_else(|| Error::Platform("an issuer without a signer".into()))?;
    let [access, next] = issue(refresh, &token, scope, now)?;
    let access = signer.sign(ACCESS_TOKEN_TYPE, &access).await?;
    let next = signer.sign(REFRESH_TOKEN_TYPE, &next).await?;
    if let Err(Error::Refused(refusal)) = guard.verify(&next).await {
        let problem = format!("does not sign what the keys of `{}` verify: {refusal}", refresh.issuer);
        return Err(ConfigError::new("issuers[].refresh.secret", problem).into());
    }
    // 8. Used once. What follows may be lost on its way: whoever has no answer asks again, within the grace.
    if guard.first_use(&token, later()).await?.is_some_and(|since| since >= refresh.grace) {
        let (family, claims) = ([token.family()], token.token().claims().members());
        let mark = routes.status_mark(token.issuer(), claims, &family);
        guard.record_marked(&family, &[], mark.as_slice(), later()).await?;
        return Err(Error::RefreshTokenReused);
    }
    // 9. The answer (section 5.1).
    let answer = JsonObject::new()
        .text("access_token", &access)
        .text("token_type", "Bearer")
        .number("expires_in", refresh.access_lifetime.as_secs());
    let answer = scope.iter().fold(answer, |answer, scope| answer.text("scope", scope));
    // What came in a cookie that no script can read goes back in one.
    let (answer, cookie) = match refresh.cookie.as_ref().filter(|_| source == Source::Cookie) {
        None => (answer.text("refresh_token", &next), None),
        Some(cookie) => (answer, Some(cookie.carrying(&next, expiry(refresh, &token, now).since(now), over_https))),
    };
    let mut answer = Answer::new(200, answer.end());
    answer.headers.push(("Pragma", "no-cache".into()));
    Ok(Exchanged { answer, cookie })
}

/// Whether a token that was issued to `issued_to` may be exchanged by the client that has authenticated, or by anybody.
fn check_client(
    issued_to: Option<&str>,
    client: Option<&Client>,
    clients: &[Client],
    claimed: Option<&str>,
) -> Result<(), Error> {
    let is_confidential = |id: &str| clients.iter().any(|client| client.id() == id);
    match (client, issued_to) {
        (Some(client), issued_to) if issued_to == Some(client.id()) => Ok(()),
        (Some(_), _) => Err(Error::ClientMismatch),
        (None, Some(id)) if is_confidential(id) => Err(Error::ClientUnknown),
        (None, Some(id)) if claimed.is_some_and(|claimed| claimed != id) => Err(Error::ClientMismatch),
        // Of a public client nobody can say whether it is the one. A confidential one's id is no name for others.
        (None, None) if claimed.is_some_and(is_confidential) => Err(Error::ClientUnknown),
        (None, _) => Ok(()),
    }
}

/// The scope of the access token: what was granted, or what is wanted of it.
fn narrowed<'s>(granted: Option<&'s str>, wanted: Option<&'s str>) -> Result<Option<&'s str>, Error> {
    let Some(wanted) = wanted else { return Ok(granted) };
    let has = |scope: &str| granted.is_some_and(|granted| granted.split(' ').any(|granted| granted == scope));
    if wanted.split(' ').all(has) { Ok(Some(wanted)) } else { Err(Error::ScopeExceeded) }
}

/// The claims of the access token, and of the refresh token that comes next.
fn issue(refresh: &Refresh, token: &RefreshToken, scope: Option<&str>, now: Timestamp) -> Result<[String; 2], Error> {
    let claims = token.token().claims();
    let issued = |audience: Option<String>, expires_at: Timestamp, id: &str| {
        let claims = JsonObject::new().text("iss", &refresh.issuer);
        let claims = audience.iter().fold(claims, |claims, audience| claims.json("aud", audience));
        claims.number("iat", seconds(now)).number("exp", seconds(expires_at)).text("jti", id)
    };
    let access = issued(audience(&refresh.audiences), now.plus(refresh.access_lifetime), &random_id()?);
    let access = scope.iter().fold(access, |access, scope| access.text("scope", scope));
    // "the refresh token scope MUST be identical to that of the refresh token included by the client".
    let next = issued(Some(quoted(&refresh.issuer)), expiry(refresh, token, now), &token.successor());
    Ok([carry(claims, &[&OWN[..], &["scope"]].concat(), access), carry(claims, &OWN, next)])
}

/// When the next refresh token dies. Unless it is said how long each lives, that is when the one before it would have: "MUST NOT extend
/// the lifetime of the new refresh token beyond the lifetime of the initial refresh token" (draft-ietf-oauth-browser-based-apps).
fn expiry(refresh: &Refresh, token: &RefreshToken, now: Timestamp) -> Timestamp {
    let own = token.token().claims().expires_at().unwrap_or(now);
    refresh.lifetime.map_or(own, |lifetime| now.plus(lifetime))
}

fn carry(claims: &Claims, own: &[&str], token: JsonObject) -> String {
    let carried = claims.members().members().filter(|(name, _)| !own.contains(name));
    carried.fold(token, |token, (name, value): (&str, Value<'_>)| token.value(name, value)).end()
}

/// `aud`: one is no list, as most readers expect it.
fn audience(audiences: &[String]) -> Option<String> {
    match audiences {
        [] => None,
        [one] => Some(quoted(one)),
        several => Some(json_array(several.iter().map(|audience| quoted(audience)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_may_only_shrink() {
        let narrowed = |granted, wanted| narrowed(granted, wanted).map_err(|error| error.code());
        assert_eq!(narrowed(Some("a b"), None), Ok(Some("a b")));
        assert_eq!(narrowed(Some("a b"), Some("b")), Ok(Some("b")));
        assert_eq!(narrowed(Some("a b"), Some("b a")), Ok(Some("b a")));
        assert_eq!(narrowed(None, None), Ok(None));
        for (granted, wanted) in
            [(Some("a b"), "a c"), (Some("ab"), "a"), (None, "a"), (Some("a"), ""), (Some("a"), "a  a")]
        {
            assert_eq!(narrowed(granted, Some(wanted)), Err("scope_exceeded"), "{granted:?} {wanted}");
        }
    }

    #[test]
    fn a_token_is_exchanged_by_the_client_that_it_was_issued_to() {
        let secret = "0123456789abcdef0123456789abcdef";
        let clients = ["back-end", "other"].map(|id| Client::new(id, Some(secret)).unwrap());
        let [back_end, other] = &clients;
        let check = |issued_to, client, claimed| {
            check_client(issued_to, client, &clients, claimed).map_err(|error| error.code())
        };
        assert_eq!(check(Some("back-end"), Some(back_end), None), Ok(()));
        assert_eq!(check(Some("back-end"), Some(other), None), Err("client_mismatch"));
        assert_eq!(check(None, Some(other), None), Err("client_mismatch"));
        assert_eq!(check(Some("back-end"), None, None), Err("client_unknown"));
        assert_eq!(check(Some("back-end"), None, Some("back-end")), Err("client_unknown"));
        assert_eq!(check(None, None, Some("back-end")), Err("client_unknown"));
        assert_eq!(check(Some("app"), None, Some("app")), Ok(()));
        assert_eq!(check(Some("app"), None, None), Ok(()));
        assert_eq!(check(Some("app"), None, Some("other-app")), Err("client_mismatch"));
        assert_eq!(check(None, None, Some("app")), Ok(()));
        assert_eq!(check(None, None, None), Ok(()));
    }
}
