use quash_engine::Source;
use worker::Headers;

use crate::authorized::Authorized;

/// Headers with this prefix are ours to whoever stands behind the guard, so a client's are never passed on.
const OUR_PREFIX: &str = "quash-";

/// The verified token's payload, base64url.
const CLAIMS: &str = "Quash-Claims";

/// A request's headers, whoever made a type for them.
pub(crate) trait AsHeaders {
    type Error;

    /// The names, in lower case.
    fn names(&self) -> impl Iterator<Item = String>;
    fn set(&mut self, name: &'static str, value: &str) -> Result<(), Self::Error>;
    fn remove(&mut self, name: &str) -> Result<(), Self::Error>;
}

/// Has whoever stands behind the guard read the claims that were verified or, in a request that is nobody's, none.
pub(crate) fn change<H: AsHeaders>(headers: &mut H, authorized: Option<&Authorized>) -> Result<(), H::Error> {
    let ours: Vec<String> = headers.names().filter(|name| name.starts_with(OUR_PREFIX)).collect();
    for name in ours {
        headers.remove(&name)?;
    }
    if let Some(authorized) = authorized {
        headers.set(CLAIMS, authorized.claims())?;
        // Only the credential that was verified goes on: another scheme's could mean another user to the origin.
        match authorized.source() {
            Source::Header => headers.set("Authorization", &format!("Bearer {}", authorized.token()))?,
            _ => headers.remove("Authorization")?,
        }
    }
    Ok(())
}

impl AsHeaders for Headers {
    type Error = worker::Error;

    fn names(&self) -> impl Iterator<Item = String> {
        self.keys()
    }

    fn set(&mut self, name: &'static str, value: &str) -> worker::Result<()> {
        Headers::set(self, name, value)
    }

    fn remove(&mut self, name: &str) -> worker::Result<()> {
        self.delete(name)
    }
}
