//! A client that costs little, so that it does not take from the daemon what it measures.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use super::now_ns;

/// Longer than any answer takes, even where the disk is asleep.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is kept.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A request, ready to be written.
#[derive(Debug, Clone)]
pub struct Request(Vec<u8>);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// When the last octet of the request had not been written yet, in nanoseconds.
    pub sent_at: i128,
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request for JSON.
    #[must_use]
    pub fn new(method: &str, path: &str, token: &str, body: Option<&serde_json::Value>) -> Self {
        let body = body.map(serde_json::Value::to_string).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self([head.as_bytes(), body.as_bytes()].concat())
    }
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).context("connect to the daemon")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// The connection fails, or what comes is no HTTP.
    pub fn ask(&mut self, request: &Request) -> Result<Answer> {
        let sent_at = now_ns();
        self.stream.write_all(&request.0)?;
        self.received.clear();
        let mut buffer = [0; 4096];
        loop {
            let count = self.stream.read(&mut buffer).context("no answer")?;
            ensure!(count > 0, "the daemon closed the connection");
            self.received.extend_from_slice(&buffer[..count]);
            if let Some((status, body)) = whole(&self.received)? {
                return Ok(Answer { sent_at, status, body });
            }
        }
    }
}

/// Status and body, once they are complete.
fn whole(received: &[u8]) -> Result<Option<(u16, Vec<u8>)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = answer.parse(received)? else { return Ok(None) };
    let length = answer.headers.iter().find(|it| it.name.eq_ignore_ascii_case("content-length"));
    let length = length.context("an answer without a length")?.value;
    let length: usize = std::str::from_utf8(length)?.parse()?;
    let body = &received[head..];
    let status = answer.code.context("an answer without a status")?;
    Ok((body.len() >= length).then(|| (status, body[..length].to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let text = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}";
        assert!(whole(&text[..text.len() - 1]).unwrap().is_none());
        assert_eq!(whole(text).unwrap(), Some((202, b"{}".to_vec())));
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
