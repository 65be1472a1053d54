//! Reads what issuers publish: over HTTPS, or without leaving the machine. One connection for each document, since there is one every
//! few minutes; no redirections.

use std::{sync::LazyLock, time::Duration};

use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use quash_engine::{Deflated, Fetch};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// A document as its issuer sent it.
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    pub(crate) cache_control: Option<String>,
    /// How old it was by then (RFC 9111 section 5.1).
    pub(crate) age: Duration,
}

/// Reads a document.
///
/// # Errors
/// Why there is none, for the log.
pub(crate) async fn read(fetch: &Fetch) -> Result<Document, String> {
    let late = || Err(format!("no answer in {} s", fetch.timeout.as_secs()));
    tokio::time::timeout(fetch.timeout, published(fetch)).await.unwrap_or_else(|_| late())
}

/// Inflates a status list, as far as it may go.
///
/// # Errors
/// Why there is none, for the log.
pub(crate) fn inflate(deflated: &Deflated) -> Result<Vec<u8>, String> {
    decompress_to_vec_zlib_with_limit(deflated.bytes(), deflated.max_bytes()).map_err(|error| error.to_string())
}

async fn published(fetch: &Fetch) -> Result<Document, String> {
    let uri: Uri = fetch.url.parse().map_err(text)?;
    let is_https = uri.scheme_str() == Some("https");
    // An IPv6 address is in brackets.
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await.map_err(text)?;
    let response = if is_https {
        let name = ServerName::try_from(host.to_owned()).map_err(text)?;
        let config = TLS.clone()?;
        send(TlsConnector::from(config).connect(name, stream).await.map_err(text)?, &uri, fetch.accept()).await?
    } else {
        send(stream, &uri, fetch.accept()).await?
    };
    if response.status() != 200 {
        return Err(format!("answers {}", response.status().as_u16()));
    }
    document(response, fetch.max_bytes).await
}

async fn send<S>(stream: S, uri: &Uri, accept: &'static str) -> Result<Response<Incoming>, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    // It ends with the answer, or when nobody wants that any more.
    tokio::spawn(connection);
    let target = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::get(target).body(Empty::<Bytes>::new()).map_err(text)?;
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::try_from(host).map_err(text)?);
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("quash"));
    sender.send_request(request).await.map_err(text)
}

async fn document(response: Response<Incoming>, max_bytes: usize) -> Result<Document, String> {
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let cache_control = header(header::CACHE_CONTROL).map(str::to_owned);
    let age = header(header::AGE).and_then(|secs| secs.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame.map_err(text)?.into_data() else { continue };
        body.extend_from_slice(&data);
        if body.len() > max_bytes {
            return Err(format!("has more than {max_bytes} bytes"));
        }
    }
    Ok(Document { body, cache_control, age })
}

/// Whom the operating system trusts, is trusted: an issuer may be one of the operator's own.
static TLS: LazyLock<Result<std::sync::Arc<ClientConfig>, String>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let problem = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(format!("no certificates that the system trusts: {problem}"));
    }
    let provider = rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
    Ok(config.map_err(text)?.with_root_certificates(roots).with_no_client_auth().into())
});

fn text(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> String {
    let error: Box<dyn std::error::Error> = error.into();
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
