//! What whoever stands behind the guard is told of a request's sender.

use quash_core::follower;

use crate::{credential::Source, label::label};

/// Headers with this prefix are ours to whoever stands behind the guard, so a client's are never passed on.
const OUR_PREFIX: &str = "quash-";

/// The verified token's payload, base64url.
pub const CLAIMS: &str = "Quash-Claims";

/// What the verdict rests on, where that is less than the route asks for.
pub const SOURCE: &str = "Quash-Source";

/// A request's headers, whoever made a type for them.
pub trait AsHeaders {
    /// Why one cannot be changed.
    type Error;

    /// The names, in lower case.
    fn names(&self) -> impl Iterator<Item = String>;
    /// Gives the header this one value.
    ///
    /// # Errors
    /// When it cannot have it.
    fn set(&mut self, name: &'static str, value: &str) -> Result<(), Self::Error>;
    /// Removes all values of the header.
    ///
    /// # Errors
    /// When it stays.
    fn remove(&mut self, name: &str) -> Result<(), Self::Error>;
}

/// Whose a request is.
#[derive(Clone, Copy)]
pub enum Sender<'a> {
    /// Its token says so.
    Authorized {
        /// Where the request carried it.
        source: Source,
        /// The token.
        token: &'a str,
        /// What the verdict rests on.
        verdict: follower::Source,
    },
    /// Anybody may be.
    Anybody,
    /// Nobody's: it asks for nobody's data.
    Nobody,
}

/// Has whoever stands behind the guard read the claims that were verified, or none; and no credential but what was verified, or
/// what the guard does not ask for.
///
/// # Errors
/// Those of the headers.
pub fn pass_on<H: AsHeaders>(headers: &mut H, sender: Sender<'_>) -> Result<(), H::Error> {
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
        Sender::Authorized { source, token, verdict } => {
            headers.set(CLAIMS, token.split('.').nth(1).unwrap_or_default())?;
            if let Some(label) = label(verdict) {
                headers.set(SOURCE, &label)?;
            }
            // Another scheme's credential could mean another user to the origin.
            match source {
                Source::Header => headers.set("Authorization", &format!("Bearer {token}"))?,
                _ => headers.remove("Authorization")?,
            }
        }
    }
    Ok(())
}

/// Servers that hand headers on as variables of the environment cannot tell `_` from `-` (RFC 3875 section 4.1.18).
fn is_ours(name: &str) -> bool {
    name.replace('_', "-").starts_with(OUR_PREFIX)
}
