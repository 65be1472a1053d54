//! Requests as they are written, since some are not what any client would send.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Sends a request, and reads its answer to the end of the connection.
pub(crate) async fn call(address: SocketAddr, head: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let host =
        if head.to_ascii_lowercase().contains("\r\nhost:") { String::new() } else { format!("Host: {address}\r\n") };
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!("{head}{host}{length}Connection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    read(&String::from_utf8(answer).unwrap())
}

fn read(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.into(), value.into()));
    Answer { status, headers: headers.collect(), body: body.into() }
}

impl Answer {
    /// Every value of a header.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).first().copied()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        if self.status == 200 { String::new() } else { self.json()["code"].as_str().unwrap_or_default().into() }
    }

    pub(crate) fn verdict(&self) -> (u16, String) {
        (self.status, self.code())
    }

    /// What the handler was told in headers of this name.
    pub(crate) fn told(&self, name: &str) -> Vec<String> {
        let headers = self.json()["headers"].as_array().unwrap().clone();
        let found = headers.iter().filter(|header| header[0] == name);
        found.map(|header| header[1].as_str().unwrap().to_owned()).collect()
    }
}

/// A verdict to compare with.
pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.into())
}

/// It passes.
pub(crate) fn passes() -> (u16, String) {
    (200, String::new())
}
