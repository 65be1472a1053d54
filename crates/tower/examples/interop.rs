//! A process of a server's, for tests that drive it: `tests/server/interop.test.ts` has one beside Node.js, over the same Redis.
//!
//! The first line read is `{ "redis": …, "config": …, "secrets": … }`. Each line after it asks for something, and is answered by a line:
//!
//! - `["verify", token, strict]`: `passes`, or the code of the refusal;
//! - `["destroy", token]` and `["destroy_all", { iss, jti | sid | sub | …, before?, keep?, exp? }]`: `revoked`, `dead`, or a code.

use std::{
    collections::HashMap,
    error::Error,
    io::{self, BufRead, Write},
    time::{Duration, UNIX_EPOCH},
};

use http::{Request, request::Parts};
use quash_tower::{Config, DestroyError, Destroyed, Mode, Policy, Quash, RedisStore, Target};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = io::stdin().lock().lines();
    let start: Value = serde_json::from_str(&lines.next().ok_or("nothing to start with")??)?;
    let secrets: HashMap<String, String> = serde_json::from_value(start["secrets"].clone())?;
    let config = Config::from_json(&start["config"].to_string(), |name| secrets.get(name).cloned())?;
    let quash = Quash::new(config, RedisStore::connect(text(&start["redis"])?).await?)?;
    for line in lines {
        let asked: Value = serde_json::from_str(&line?)?;
        let answer = match text(&asked[0])? {
            "verify" => verify(&quash, text(&asked[1])?, asked[2] == Value::Bool(true)).await?,
            "destroy" => told(quash.destroy(text(&asked[1])?).await.map_err(DestroyError::from)),
            "destroy_all" => told(quash.destroy_all(target(&asked[1])?).await),
            other => return Err(format!("what is {other}?").into()),
        };
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}

async fn verify(quash: &Quash, token: &str, is_strict: bool) -> Result<String, Box<dyn Error>> {
    let policy = Policy::new().mode(if is_strict { Mode::Strict } else { Mode::Bounded });
    let request: Request<()> = Request::get("/").header("Authorization", format!("Bearer {token}")).body(())?;
    let (parts, ()): (Parts, ()) = request.into_parts();
    Ok(match quash.authorize_with(&parts, policy).await {
        Ok(_) => "passes".into(),
        Err(error) => error.code().into(),
    })
}

fn told(destroyed: Result<Destroyed, DestroyError>) -> String {
    match destroyed {
        Ok(Destroyed { revoked: true, .. }) => "revoked".into(),
        Ok(_) => "dead".into(),
        Err(DestroyError::Failed(error)) => error.code().into(),
        Err(error) => error.to_string(),
    }
}

fn target(described: &Value) -> Result<Target<'_>, Box<dyn Error>> {
    let issuer = text(&described["iss"])?;
    let members = described.as_object().ok_or("a target is an object")?;
    let mut target = None;
    for (name, value) in members {
        target = match name.as_str() {
            "jti" => Some(Target::token(issuer, text(value)?)),
            "sid" => Some(Target::session(issuer, text(value)?)),
            "sub" => Some(Target::subject(issuer, text(value)?)),
            "client_id" => Some(Target::client(issuer, text(value)?)),
            "kid" => Some(Target::key(issuer, text(value)?)),
            "claim" => Some(Target::claim(issuer, text(&value["name"])?, text(&value["value"])?)),
            "everything" => Some(Target::everything(issuer)),
            _ => target,
        };
    }
    let mut target = target.ok_or("it describes nothing")?;
    let time = |name: &str| described[name].as_u64().map(|secs| UNIX_EPOCH + Duration::from_secs(secs));
    if let Some(time) = time("before") {
        target = target.before(time);
    }
    if let Some(time) = time("exp") {
        target = target.expires_at(time);
    }
    Ok(match described["keep"].as_str() {
        Some(session) => target.keep(session),
        None => target,
    })
}

fn text(value: &Value) -> Result<&str, Box<dyn Error>> {
    Ok(value.as_str().ok_or_else(|| format!("{value} is no text"))?)
}
