use futures_util::StreamExt;
use quash_engine::{Error, Form};
use worker::Request;

/// Reads the form in a request's body.
///
/// # Errors
/// [`Error::BodyTooLarge`] or [`Error::BodyNotForm`].
pub(crate) async fn read(request: &mut Request) -> Result<Form, Error> {
    let header = |name| request.headers().get(name).ok().flatten();
    let length = header("content-length").and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > Form::MAX_BYTES) {
        return Err(Error::BodyTooLarge);
    }
    let content_type = header("content-type");
    Form::read(content_type.as_deref(), &body(request).await?)
}

/// The body, as long as it stays within the limit: a chunked one announces no length.
async fn body(request: &mut Request) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    if request.inner().body().is_none() {
        return Ok(body);
    }
    let mut chunks = request.stream().map_err(|_| Error::BodyNotForm)?;
    while let Some(chunk) = chunks.next().await {
        body.extend(chunk.map_err(|_| Error::BodyNotForm)?);
        if body.len() > Form::MAX_BYTES {
            return Err(Error::BodyTooLarge);
        }
    }
    Ok(body)
}
