//! Keeps whoever fails too often from failing more: Workers' rate limits count the requests that failed, by where they came from.

use std::time::Duration;

use js_sys::{JSON, Promise, Reflect, futures::JsFuture};
use quash_engine::{
    Error, JsonObject, STORE_TIMEOUT,
    config::{ConfigError, RateLimit},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::Env;

use crate::{request::AsRequest, within::within};

#[wasm_bindgen]
extern "C" {
    /// A binding of `[[ratelimits]]`. The `worker` crate knows it by its constructor's name, which is not documented.
    type Counter;

    #[wasm_bindgen(method, catch)]
    fn limit(this: &Counter, options: &JsValue) -> Result<Promise, JsValue>;
}

/// Only what fails is counted, and only what fails is refused: who shares an address with somebody who floods us can still log out,
/// and an issuer's logout is never lost. The price is that we look at each request before. That is no way to guess secrets by: they
/// have 192 bits or more.
pub(crate) struct RateLimiter {
    counter: Counter,
    period: Duration,
}

impl RateLimiter {
    pub(crate) fn from_env(limit: &RateLimit, env: &Env) -> Result<Self, ConfigError> {
        let binding = Reflect::get(env, &limit.binding.as_str().into()).ok().filter(JsValue::is_object);
        let missing = || {
            let problem = format_args!("there is no rate limit bound as `{}`", limit.binding);
            ConfigError::new("rate_limit.binding", problem)
        };
        Ok(Self { counter: binding.ok_or_else(missing)?.unchecked_into(), period: limit.period })
    }

    /// Counts a request that has failed.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when there are too many. None when nobody can count: that is no reason to refuse anybody.
    pub(crate) async fn count(&self, request: &impl AsRequest) -> Result<(), Error> {
        // Cloudflare's word, whatever the client says.
        let address = request.header("CF-Connecting-IP").unwrap_or_default();
        match within(STORE_TIMEOUT, self.ask(network(&address))).await {
            Some(Ok(false)) => Err(Error::RateLimited(self.period)),
            Some(Ok(true)) => Ok(()),
            failed => {
                let cause = failed.and_then(Result::err);
                worker::console_warn!("quash: the rate limit does not count: {cause:?}");
                Ok(())
            }
        }
    }

    /// Whether there may be more.
    async fn ask(&self, key: String) -> Result<bool, JsValue> {
        let options = JSON::parse(&JsonObject::new().text("key", &key).end())?;
        let outcome = JsFuture::from(self.counter.limit(&options)?).await?;
        Ok(Reflect::get(&outcome, &"success".into())? != false)
    }
}

/// What whoever has this address cannot change: an IPv4 address, or the half of an IPv6 address that names a network. Of the
/// other half they have as many as they want (RFC 4291 section 2.5.4).
fn network(address: &str) -> String {
    const GROUPS: usize = 8;
    if !address.contains(':') {
        return address.into();
    }
    let (head, tail) = address.split_once("::").unwrap_or((address, ""));
    let groups = |text: &str| text.split(':').filter(|group| !group.is_empty()).count();
    // An IPv4 address at the end has two groups' length, and ends behind the half that counts.
    let missing = GROUPS.saturating_sub(groups(head) + groups(tail));
    let groups = head.split(':').chain(std::iter::repeat_n("0", missing)).chain(tail.split(':'));
    let network: Vec<&str> = groups.filter(|group| !group.is_empty()).take(GROUPS / 2).collect();
    network.join(":").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_what_its_owner_cannot_change() {
        for (address, key) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"),
            ("2001:DB8:1:2::9", "2001:db8:1:2"),
            ("2001:db8::9", "2001:db8:0:0"),
            ("2001:db8:0:0:ffff::", "2001:db8:0:0"),
            ("2001::1:2:3:4:5:6", "2001:0:1:2"),
            ("::1", "0:0:0:0"),
            ("::", "0:0:0:0"),
            ("", ""),
        ] {
            assert_eq!(network(address), key, "{address}");
        }
    }
}
