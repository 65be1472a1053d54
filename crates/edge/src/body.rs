use futures_util::StreamExt;
use quash_engine::{Error, Form, is_of_type};
use worker::Request;

/// Reads a request's body of this media type, of no more than `max` bytes. An empty one has no type.
///
/// # Errors
/// [`Error::BodyTooLarge`]; [`Error::BodyNotForm`] or [`Error::BodyType`].
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

/// Reads the form in a request's body.
///
/// # Errors
/// [`Error::BodyTooLarge`] or [`Error::BodyNotForm`].
pub(crate) async fn form(request: &mut Request) -> Result<Form, Error> {
    read(request, Form::MEDIA_TYPE, Form::MAX_BYTES).await.map(|body| Form::parse(&body))
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
