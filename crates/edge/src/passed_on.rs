use quash_engine::AsHeaders;
use worker::Headers;

/// A request's headers on their way to whoever stands behind the guard.
pub(crate) struct Passed<'h, H>(pub(crate) &'h mut H);

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
