//! `quash-test-oauth2 NAME ADDRESS ID SECRET basic|post`, with a token on standard input: introspects it, revokes it, and introspects
//! it once more. Prints what each came to, on a line. The crate knows the edge by its name; where it listens, only [`send`] knows.

use std::{
    env, error,
    io::{self, Read, Write},
    net::TcpStream,
};

use oauth2::{
    AccessToken, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, IntrospectionUrl, RevocationUrl,
    StandardRevocableToken, TokenIntrospectionResponse, basic::BasicClient, http,
};

type Result<T> = std::result::Result<T, Box<dyn error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, address, id, secret, method] = arguments.as_slice() else {
        return Err("NAME ADDRESS ID SECRET basic|post".into());
    };
    let send = |request| send(address, request);
    let mut token = String::new();
    io::stdin().read_to_string(&mut token)?;
    let token = AccessToken::new(token.trim().to_owned());

    let client = BasicClient::new(ClientId::new(id.clone()))
        .set_client_secret(ClientSecret::new(secret.clone()))
        .set_auth_type(if method == "post" { AuthType::RequestBody } else { AuthType::BasicAuth })
        .set_introspection_url(IntrospectionUrl::new(format!("{name}/auth/introspect"))?)
        .set_revocation_url(RevocationUrl::new(format!("{name}/auth/revoke"))?);
    let introspect = || -> Result<String> {
        let told = client.introspect(&token).request(&send)?;
        Ok(format!("{} {}", told.active(), told.sub().unwrap_or("-")))
    };
    println!("{}", introspect()?);
    client.revoke_token(StandardRevocableToken::from(token.clone()))?.request(&send)?;
    println!("revoked");
    println!("{}", introspect()?);
    Ok(())
}

/// A request over plain HTTP/1.0, to this machine.
fn send(address: &str, request: HttpRequest) -> std::result::Result<HttpResponse, io::Error> {
    let broken = |what: &str| io::Error::other(what.to_owned());
    let (parts, body) = request.into_parts();
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{} {} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {}\r\n",
        parts.method,
        parts.uri.path(),
        body.len()
    )?;
    for (name, value) in &parts.headers {
        write!(stream, "{name}: {}\r\n", value.to_str().map_err(io::Error::other)?)?;
    }
    stream.write_all(b"\r\n")?;
    stream.write_all(&body)?;

    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(|| broken("no answer"))?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or_else(|| broken("no status"))?;
    let mut response = http::Response::builder().status(status);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        response = response.header(name, value.trim());
    }
    response.body(answer[end + 4..].to_vec()).map_err(io::Error::other)
}
