use quash_engine::{Error, Form};
use worker::Request;

use crate::body;

/// Reads the form in a request's body.
///
/// # Errors
/// [`Error::BodyTooLarge`] or [`Error::BodyNotForm`].
pub(crate) async fn read(request: &mut Request) -> Result<Form, Error> {
    body::read(request, Form::MEDIA_TYPE, Form::MAX_BYTES).await.map(|body| Form::parse(&body))
}
