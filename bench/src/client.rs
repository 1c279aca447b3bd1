//! One HTTP/1.1 connection.

use anyhow::{Context as _, Result};
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub struct Client {
    host: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    /// `url` is `http://HOST:PORT`.
    pub async fn connect(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").context("an http URL")?.to_owned();
        let stream = TcpStream::connect(&host).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { host, sender })
    }

    /// Sends and reads the whole answer.
    pub async fn send(&mut self, builder: http::request::Builder, body: Bytes) -> Result<Response<Bytes>> {
        let request: Request<Full<Bytes>> = builder.header(header::HOST, &self.host).body(Full::new(body))?;
        self.sender.ready().await?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
    }

    pub async fn get(&mut self, path: &str, cookie: &str) -> Result<Response<Bytes>> {
        let request = Request::get(path)
            .header(header::COOKIE, cookie)
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_ENCODING, "br, gzip");
        self.send(request, Bytes::new()).await
    }
}
