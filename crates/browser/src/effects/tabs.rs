//! The other tabs of this origin, told by two ways: not every browser delivers both between all of its tabs.

use js_sys::Array;
use quash_core::logout::Area;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, Window};

use super::storage;
use crate::report::{DENIED, Outcome, push};

/// The channel's name; the message is the epoch.
const CHANNEL: &str = "quash";

/// The `localStorage` key that holds the last epoch. Writing it fires `storage` in the other tabs.
const EPOCH_KEY: &str = "quash:epoch";

/// Tells the other tabs of the logout that `epoch` names.
pub(crate) fn announce(window: &Window, epoch: &str, effects: &Array) {
    push(effects, "tabs", CHANNEL, outcome(post(epoch)));
    push(effects, "tabs", EPOCH_KEY, outcome(store(window, epoch)));
}

fn post(epoch: &str) -> Result<(), JsValue> {
    let channel = BroadcastChannel::new(CHANNEL)?;
    channel.post_message(&epoch.into())?;
    // An open channel keeps the page out of the back/forward cache.
    channel.close();
    Ok(())
}

fn store(window: &Window, epoch: &str) -> Result<(), JsValue> {
    storage::open(window, Area::Local)?.set_item(EPOCH_KEY, epoch)
}

fn outcome(result: Result<(), JsValue>) -> Outcome {
    result.map_or(DENIED, |()| Outcome::Done)
}
