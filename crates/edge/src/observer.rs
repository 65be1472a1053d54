//! Tells of answers: a line for the log, a data point for whoever counts, and how long it took.

use js_sys::{JSON, Reflect};
use quash_core::Timestamp;
use quash_engine::{
    CODE, Level, Mode, Note,
    config::{ConfigError, Observe},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{Env, Response, console_error, console_log, console_warn};

use crate::guard::later;

#[wasm_bindgen]
extern "C" {
    /// A data set of Workers Analytics Engine.
    type Dataset;

    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write(this: &Dataset, point: &JsValue) -> Result<(), JsValue>;
}

/// What is told of a request that is not for us.
pub(crate) const GUARDED: &str = "guarded";

pub(crate) struct Observer {
    observe: Observe,
    mode: Mode,
    dataset: Option<Dataset>,
}

impl Observer {
    pub(crate) fn from_env(observe: Observe, mode: Mode, env: &Env) -> Result<Self, ConfigError> {
        let dataset = match observe.analytics.as_str() {
            "" => None,
            name => {
                let binding = Reflect::get(env, &name.into()).ok().filter(JsValue::is_object);
                let missing = || {
                    let problem = format_args!("there is no Analytics Engine data set bound as `{name}`");
                    ConfigError::new("observe.analytics", problem)
                };
                Some(binding.ok_or_else(missing)?.unchecked_into())
            }
        };
        Ok(Self { observe, mode, dataset })
    }

    /// Tells of an answer on this route to a request that arrived then, and has it say how long it took.
    pub(crate) fn tell(&self, route: &str, mut answer: Response, arrived: Timestamp) -> worker::Result<Response> {
        let millis = later().since(arrived).as_millis() as u64;
        let code = answer.headers().get(CODE)?.unwrap_or_default();
        // What passes, and how the guard is, comes all the time.
        let is_told = !code.is_empty() || ![GUARDED, "verify", "healthz"].contains(&route);
        let note =
            Note { route, status: answer.status_code(), code: &code, mode: self.mode.name(), millis: Some(millis) };
        let level = note.level();
        if is_told && level <= self.observe.log {
            match level {
                Level::Errors => console_error!("{}", note.line()),
                _ if code.is_empty() => console_log!("{}", note.line()),
                _ => console_warn!("{}", note.line()),
            }
        }
        if let Some(dataset) = self.dataset.as_ref().filter(|_| is_told) {
            // Whoever counts must not keep anybody from an answer.
            let _ = JSON::parse(&note.data_point()).and_then(|point| dataset.write(&point));
        }
        if self.observe.server_timing {
            answer.headers_mut().set("Server-Timing", &format!("quash;dur={millis}"))?;
        }
        Ok(answer)
    }
}
