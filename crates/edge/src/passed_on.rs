use quash_engine::{Source, label};
use worker::Headers;

use crate::authorized::Authorized;

/// Headers with this prefix are ours to whoever stands behind the guard, so a client's are never passed on.
const OUR_PREFIX: &str = "quash-";

/// The verified token's payload, base64url.
const CLAIMS: &str = "Quash-Claims";

/// What the verdict rests on, where that is less than the route asks for.
const SOURCE: &str = "Quash-Source";

/// A request's headers, whoever made a type for them.
pub(crate) trait AsHeaders {
    type Error;

    /// The names, in lower case.
    fn names(&self) -> impl Iterator<Item = String>;
    fn set(&mut self, name: &'static str, value: &str) -> Result<(), Self::Error>;
    fn remove(&mut self, name: &str) -> Result<(), Self::Error>;
}

/// Whose a request is.
#[derive(Clone, Copy)]
pub(crate) enum Sender<'a> {
    /// Its token says so.
    Authorized(&'a Authorized),
    /// Anybody may be.
    Anybody,
    /// Nobody's: it asks for nobody's data.
    Nobody,
}

/// Has whoever stands behind the guard read the claims that were verified, or none; and no credential but what was verified, or
/// what the guard does not ask for.
pub(crate) fn change<H: AsHeaders>(headers: &mut H, sender: Sender<'_>) -> Result<(), H::Error> {
    let ours: Vec<String> = headers.names().filter(|name| is_ours(name)).collect();
    for name in ours {
        headers.remove(&name)?;
    }
    match sender {
        Sender::Anybody => {}
        Sender::Nobody => {
            headers.remove("Authorization")?;
            headers.remove("Cookie")?;
        }
        Sender::Authorized(authorized) => {
            headers.set(CLAIMS, authorized.claims())?;
            if let Some(label) = label(authorized.verdict_source()) {
                headers.set(SOURCE, &label)?;
            }
            // Another scheme's credential could mean another user to the origin.
            match authorized.source() {
                Source::Header => headers.set("Authorization", &format!("Bearer {}", authorized.token()))?,
                _ => headers.remove("Authorization")?,
            }
        }
    }
    Ok(())
}

/// Tells a proxy what to have whoever stands behind it read. What is empty is told as well: it is to take the place of what a client
/// has sent.
pub(crate) fn tell(headers: &Headers, authorized: Option<&Authorized>) -> worker::Result<()> {
    headers.set(CLAIMS, authorized.map_or("", Authorized::claims))?;
    let label = authorized.and_then(|authorized| label(authorized.verdict_source()));
    headers.set(SOURCE, label.as_deref().unwrap_or_default())?;
    headers.set("Cache-Control", "no-store")
}

/// Servers that hand headers on as variables of the environment cannot tell `_` from `-` (RFC 3875 section 4.1.18).
fn is_ours(name: &str) -> bool {
    name.replace('_', "-").starts_with(OUR_PREFIX)
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
