//! `POST /login` and the logout that everybody writes, `DELETE /login`.

use serde_json::json;
use worker::{Date, Env, Error, Request, Response, Result};

use crate::token::{Claims, LIFETIME};

const NAME_MAX_CHARS: usize = 40;

/// Signs in whoever gives a `name`; the token goes where real sites put theirs, good places and bad: an HttpOnly cookie
/// (`session`), a readable one (`token`) and the answer, for the page to store.
pub(crate) async fn sign_in(mut request: Request, env: &Env) -> Result<Response> {
    let name = match request.form_data().await {
        Ok(form) => form.get_field("name").unwrap_or_default(),
        Err(_) => String::new(),
    };
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        let message = format!("name: 1 to {NAME_MAX_CHARS} characters, as a form field");
        return Ok(Response::from_json(&json!({ "message": message }))?.with_status(400));
    }

    let secret = env.secret("DEMO_SIGNING_KEY")?.to_string();
    let claims = Claims::new(name, Date::now().as_millis() / 1000).map_err(|e| Error::RustError(e.to_string()))?;
    let token = claims.sign(&secret).map_err(|e| Error::RustError(e.to_string()))?;

    let body = json!({ "token": token, "name": name, "expires_at": claims.exp * 1000 });
    let mut response = Response::from_json(&body)?;
    set_cookies(&mut response, &token, LIFETIME)?;
    Ok(response)
}

/// Expires both cookies in the browser that asks, and does no more: the page shows what that is worth.
pub(crate) fn sign_out() -> Result<Response> {
    let mut response = Response::empty()?.with_status(204);
    set_cookies(&mut response, "", 0)?;
    Ok(response)
}

fn set_cookies(response: &mut Response, token: &str, max_age: u64) -> Result<()> {
    let shared = format!("Path=/; Max-Age={max_age}; SameSite=Lax; Secure");
    let headers = response.headers_mut();
    headers.append("Set-Cookie", &format!("session={token}; {shared}; HttpOnly"))?;
    headers.append("Set-Cookie", &format!("token={token}; {shared}"))?;
    headers.set("Cache-Control", "no-store")
}
