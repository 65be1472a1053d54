//! What became of it all, as the plain objects that `www/quash/src/report.ts` types.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::{
    answer::Answer,
    object::{object, set},
};

/// What became of one effect, with the stable reason why it did not happen.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Done,
    Skipped(&'static str),
    Failed(&'static str),
}

/// Nothing by that name could be seen.
pub(crate) const NOT_FOUND: Outcome = Outcome::Skipped("not_found");

/// The browser denied access.
pub(crate) const DENIED: Outcome = Outcome::Failed("denied");

/// The name of an effect on all of a place.
pub(crate) const ALL: &str = "*";

/// Adds an effect to the report.
pub(crate) fn push(effects: &Array, target: &str, name: &str, outcome: Outcome) {
    let (outcome, reason) = match outcome {
        Outcome::Done => ("done", None),
        Outcome::Skipped(reason) => ("skipped", Some(reason)),
        Outcome::Failed(reason) => ("failed", Some(reason)),
    };
    let effect = object(&[("target", target.into()), ("name", name.into()), ("outcome", outcome.into())]);
    if let Some(reason) = reason {
        set(&effect, "reason", &reason.into());
    }
    effects.push(&effect);
}

/// The report of a whole logout.
pub(crate) fn report(answer: &Answer, effects: &Array) -> JsValue {
    let outcome = if answer.is_confirmation() { "confirmed" } else { "local-only" };
    object(&[("outcome", outcome.into()), ("edge", answer.to_js()), ("effects", effects.into())])
}
