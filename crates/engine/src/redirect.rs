//! Where a browser goes after its logout.

use crate::{error::Error, presented::Presented};

/// Where browsers may be sent, and which issuers end a session of their own when one comes by.
#[derive(Default)]
pub struct Redirects {
    /// Addresses, each as it has to be asked for.
    pub(crate) allowed: Vec<String>,
    pub(crate) end_sessions: Vec<EndSession>,
}

/// An issuer's `end_session_endpoint` (OpenID Connect RP-Initiated Logout 1.0 section 2).
pub(crate) struct EndSession {
    pub(crate) issuer: String,
    pub(crate) endpoint: String,
    /// Our id there.
    pub(crate) client_id: String,
}

/// Where a browser wants to go.
pub struct Redirect<'p> {
    end_sessions: &'p [EndSession],
    to: &'p str,
    state: Option<&'p str>,
    id_token_hint: Option<&'p str>,
}

impl Redirects {
    /// Where this browser wants to go, if it wants to go anywhere. It may only go where the configuration says, to the letter: anything
    /// less would send it wherever an attacker's link says.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn wanted<'p>(&'p self, presented: &'p Presented) -> Result<Option<Redirect<'p>>, Error> {
        const FIELD: &str = "post_logout_redirect_uri";
        let Some(to) = presented.field(FIELD)? else { return Ok(None) };
        if !self.allowed.iter().any(|allowed| allowed == to) {
            return Err(Error::Parameter(FIELD));
        }
        let (state, id_token_hint) = (presented.field("state")?, presented.field("id_token_hint")?);
        Ok(Some(Redirect { end_sessions: &self.end_sessions, to, state, id_token_hint }))
    }
}

impl Redirect<'_> {
    /// The `Location`: the address; or the issuer's, where it has a session of its own to end, and sends the browser on.
    pub fn location(&self, issuer: Option<&str>) -> String {
        let end_session = self.end_sessions.iter().find(|end_session| Some(end_session.issuer.as_str()) == issuer);
        let Some(EndSession { endpoint, client_id, .. }) = end_session else {
            return with_query(self.to, &[("state", self.state)]);
        };
        let parameters = [
            ("id_token_hint", self.id_token_hint),
            ("client_id", Some(client_id.as_str())),
            ("post_logout_redirect_uri", Some(self.to)),
            ("state", self.state),
        ];
        with_query(endpoint, &parameters)
    }
}

fn with_query(url: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut url = url.to_owned();
    for (name, value) in parameters {
        if let Some(value) = value {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;

    fn location(form: &str, issuer: Option<&str>) -> Result<Option<String>, &'static str> {
        let redirects = Redirects {
            allowed: vec!["https://app.example/bye".into(), "https://app.example/?a=b".into()],
            end_sessions: vec![EndSession {
                issuer: "https://issuer.example".into(),
                endpoint: "https://issuer.example/logout?x".into(),
                client_id: "app".into(),
            }],
        };
        let presented = Presented::new(None, None, Form::parse(form.as_bytes()));
        let wanted = redirects.wanted(&presented).map_err(|error| error.code())?;
        Ok(wanted.map(|wanted| wanted.location(issuer)))
    }

    #[test]
    fn a_browser_goes_where_the_configuration_says_and_nowhere_else() {
        assert_eq!((location("", None), location("post_logout_redirect_uri=", None)), (Ok(None), Ok(None)));
        let there = |uri: &str| location(&format!("post_logout_redirect_uri={uri}"), None);
        assert_eq!(there("https://app.example/bye"), Ok(Some("https://app.example/bye".into())));
        for uri in [
            "https://app.example/bye/",
            "https://app.example/bye?x",
            "https://app.example/bye%23x",
            "https://app.example/BYE",
            "https://app.example",
            "https://evil.example",
            "//evil.example",
            "/bye",
            "javascript:alert(1)",
            "https://app.example/bye%0d%0aX: y",
        ] {
            assert_eq!(there(uri), Err("parameter_invalid"), "{uri}");
        }
        let twice = "post_logout_redirect_uri=https://app.example/bye&post_logout_redirect_uri=https://app.example/bye";
        assert_eq!(location(twice, None), Err("parameter_invalid"));
    }

    #[test]
    fn the_state_comes_along_as_what_it_is() {
        let form = "post_logout_redirect_uri=https://app.example/?a%3Db&state=%26c%3Dd+%0d%0a";
        assert_eq!(location(form, None), Ok(Some("https://app.example/?a=b&state=%26c%3Dd+%0D%0A".into())));
    }

    #[test]
    fn an_issuer_with_a_session_of_its_own_comes_first() {
        let form = "post_logout_redirect_uri=https://app.example/bye&state=s&id_token_hint=a.b.c";
        let there = "https://issuer.example/logout?x&id_token_hint=a.b.c&client_id=app\
                     &post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye&state=s";
        assert_eq!(location(form, Some("https://issuer.example")), Ok(Some(there.into())));
        let elsewhere = Ok(Some("https://app.example/bye?state=s".into()));
        assert_eq!(location(form, Some("https://other.example")), elsewhere);
    }
}
