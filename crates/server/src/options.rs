use std::{sync::Arc, time::Duration};

use quash_core::{
    Pepper, Peppers,
    follower::{Follower, Terms, WhenStale},
    json::{Document, Object, Value},
};

use crate::{denylist::Denylist, issuers::Issuers};

/// Reads what a server says about its tokens and its store, from JSON. Times are in milliseconds.
///
/// - `peppers`: secrets, the current one first;
/// - `maxLifetime`: the longest that a token may live;
/// - `leeway`: how long after its `exp` it may be accepted;
/// - `revocableClaims`: by what else than the registered claims tokens are revoked;
/// - `maxStaleness`: how old the log may be that is followed; absent where there is no log;
/// - `lastKnownGood`: how old it may be while the store cannot be reached, if older; or `dangerOpen`: however old;
/// - `seed`: random digits.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn denylist(json: &str) -> Result<Denylist, String> {
    let document = Document::parse(json.into()).map_err(|malformed| malformed.to_string())?;
    let options = document.object();
    let terms = match millis(options, "maxStaleness") {
        None => None,
        Some(bound) => Some(Terms::within(bound).ok_or("maxStaleness: must be at least 1 second")?),
    };
    let when_stale = match (millis(options, "lastKnownGood"), options.get("dangerOpen")) {
        (_, Some(Value::Bool(true))) => WhenStale::DangerOpen,
        (Some(oldest), _) => WhenStale::LastKnownGood(oldest),
        _ => WhenStale::Closed,
    };
    let peppers = texts(options, "peppers")?.into_iter().map(|pepper| Pepper::new(pepper.as_bytes()));
    let peppers = peppers.collect::<Result<_, _>>().map_err(|weak| format!("pepper: {weak}"))?;
    let issuers = Issuers::new(
        Peppers::new(peppers).ok_or("pepper: at least one is needed")?,
        millis(options, "maxLifetime").ok_or("maxLifetime: must be positive")?,
        millis(options, "leeway").unwrap_or_default(),
        texts(options, "revocableClaims")?.into_iter().map(Arc::from).collect(),
    );
    let follower = Follower::new(terms.unwrap_or_default(), number(options, "seed").unwrap_or_default());
    Ok(Denylist::new(issuers, follower, terms.is_some(), when_stale))
}

pub(crate) fn text<'d>(object: Object<'d>, name: &str) -> Option<&'d str> {
    object.get(name)?.as_str()
}

pub(crate) fn number(object: Object<'_>, name: &str) -> Option<u64> {
    match object.get(name)? {
        Value::Number(number) => number.whole(),
        _ => None,
    }
}

fn millis(object: Object<'_>, name: &str) -> Option<Duration> {
    number(object, name).map(Duration::from_millis)
}

/// One that is no text is not left out: a pepper that is missing would have its revocations forgotten.
fn texts<'d>(object: Object<'d>, name: &str) -> Result<Vec<&'d str>, String> {
    let Some(texts) = object.get(name).and_then(Value::strings) else { return Ok(Vec::new()) };
    texts.collect::<Option<_>>().ok_or_else(|| format!("{name}: must be strings"))
}
