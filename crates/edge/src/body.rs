use futures_util::StreamExt;
use quash_engine::{Error, Form};
use worker::Request;

/// Reads a request's body of this media type, of no more than `max` bytes. An empty one has no type.
pub(crate) async fn read(request: &mut Request, media_type: &'static str, max: usize) -> Result<Vec<u8>, Error> {
    let header = |name| request.headers().get(name).ok().flatten();
    let length = header("content-length").and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > max) {
        return Err(Error::BodyTooLarge);
    }
    let is_of_type = header("content-type").is_some_and(|content_type| is_of_type(&content_type, media_type));
    match chunks(request, max).await? {
        Some(body) if body.is_empty() || is_of_type => Ok(body),
        _ if media_type == Form::MEDIA_TYPE => Err(Error::BodyNotForm),
        _ => Err(Error::BodyType(media_type)),
    }
}

/// The body, as long as it stays within the limit: a chunked one announces no length. `None` when the sender breaks off.
async fn chunks(request: &mut Request, max: usize) -> Result<Option<Vec<u8>>, Error> {
    let mut body = Vec::new();
    if request.inner().body().is_none() {
        return Ok(Some(body));
    }
    let Ok(mut chunks) = request.stream() else { return Ok(None) };
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else { return Ok(None) };
        body.extend(chunk);
        if body.len() > max {
            return Err(Error::BodyTooLarge);
        }
    }
    Ok(Some(body))
}

/// Whether a `Content-Type` names the media type, whatever its parameters (RFC 9110 section 8.3.1).
fn is_of_type(content_type: &str, media_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_known_by_its_media_type() {
        let form = "application/x-www-form-urlencoded";
        assert!(is_of_type("application/x-www-form-urlencoded;charset=UTF-8", form));
        assert!(is_of_type("Application/X-WWW-Form-URLEncoded", form));
        assert!(!is_of_type("text/plain", form));
        assert!(!is_of_type("application/x-www-form-urlencodedx", form));
    }
}
