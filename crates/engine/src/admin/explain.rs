use quash_core::{
    Explanation, Outcome,
    json::{Document, Value},
};

use super::{Problem, demand::only};
use crate::{
    answer::Answer,
    json_object::{JsonObject, json_array},
};

/// The token that an administrator asks about.
///
/// # Errors
/// [`Problem::Member`].
pub fn explained(document: &Document) -> Result<&str, Problem> {
    let members = document.object();
    only(members, |name| name == "token")?;
    members.get("token").and_then(Value::as_str).ok_or_else(|| Problem::Member("token".into()))
}

/// The answer that tells what would become of a token: `accepted`, `refused` with a code, or `open` where nobody could be asked.
pub fn explanation(explanation: &Explanation) -> Answer {
    let is_open = explanation.steps().iter().any(|step| step.outcome == Outcome::Open);
    let told = match (explanation.code(), is_open) {
        (Some(code), _) => JsonObject::new().text("verdict", "refused").text("code", code),
        (None, true) => JsonObject::new().text("verdict", "open"),
        (None, false) => JsonObject::new().text("verdict", "accepted"),
    };
    let steps = explanation.steps().iter().map(|step| {
        let told = JsonObject::new().text("what", &step.what);
        let told = match step.outcome {
            Outcome::Passed => told.text("outcome", "passed"),
            Outcome::Failed(code) => told.text("outcome", "failed").text("code", code),
            Outcome::Open => told.text("outcome", "open"),
        };
        told.text("detail", &step.detail).end()
    });
    Answer::new(200, told.json("steps", &json_array(steps)).end())
}
