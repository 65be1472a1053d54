use quash_engine::{AsHeaders, CLAIMS, SOURCE, label};
use worker::Headers;

use crate::authorized::Authorized;

/// A request's headers on their way to whoever stands behind the guard.
pub(crate) struct Passed<'h, H>(pub(crate) &'h mut H);

/// Tells a proxy what to have whoever stands behind it read. What is empty is told as well: it is to take the place of what a client
/// has sent.
pub(crate) fn tell(headers: &Headers, authorized: Option<&Authorized>) -> worker::Result<()> {
    headers.set(CLAIMS, authorized.map_or("", Authorized::claims))?;
    let label = authorized.and_then(|authorized| label(authorized.verdict_source()));
    headers.set(SOURCE, label.as_deref().unwrap_or_default())?;
    headers.set("Cache-Control", "no-store")
}

impl AsHeaders for Passed<'_, Headers> {
    type Error = worker::Error;

    fn names(&self) -> impl Iterator<Item = String> {
        self.0.keys()
    }

    fn set(&mut self, name: &'static str, value: &str) -> worker::Result<()> {
        self.0.set(name, value)
    }

    fn remove(&mut self, name: &str) -> worker::Result<()> {
        self.0.delete(name)
    }
}
