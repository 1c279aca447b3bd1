//! A TCP line to the test cluster's Unix socket that a test can cut and restore: the database away, without touching
//! what other tests use.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, UnixStream};
use tokio::task::JoinHandle;

pub struct Line {
    address: SocketAddr,
    socket: PathBuf,
    accepting: Option<JoinHandle<()>>,
    calls: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Line {
    /// A line to the cluster whose URL names the folder of its socket.
    pub async fn to(cluster: &str) -> Self {
        let (_, folder) = cluster.split_once("host=").unwrap();
        let folder = folder.split('&').next().unwrap().replace("%2F", "/");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut line = Self {
            address: listener.local_addr().unwrap(),
            socket: PathBuf::from(folder).join(".s.PGSQL.5432"),
            accepting: None,
            calls: Arc::default(),
        };
        line.accept(listener);
        line
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The cluster's URL by way of this line.
    pub fn url(&self, on_socket: &str) -> String {
        let (start, _) = on_socket.split_once('?').unwrap();
        start.replace("localhost:5432", &self.address.to_string())
    }

    fn accept(&mut self, listener: TcpListener) {
        let (socket, calls) = (self.socket.clone(), self.calls.clone());
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let socket = socket.clone();
                let call = tokio::spawn(async move {
                    if let Ok(mut server) = UnixStream::connect(&socket).await {
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
                calls.lock().unwrap().push(call);
            }
        }));
    }

    /// Ends every connection; new ones are refused.
    pub async fn cut(&mut self) {
        let calls = std::mem::take(&mut *self.calls.lock().unwrap());
        for task in self.accepting.take().into_iter().chain(calls) {
            task.abort();
            // Ends cancelled: its sockets are closed then.
            let _ = task.await;
        }
    }

    pub async fn restore(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.accept(listener);
    }
}
