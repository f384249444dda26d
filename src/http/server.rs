//! Connections: how many there are at one time, and how long one may be silent.
//!
//! Each takes one of the files that the daemon may have open. Modems and the store need some too, so that all
//! connections together may hold a share of them only, and one that says nothing not for ever. Who goes on asking, or
//! goes on sending a body, keeps his place.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustix::net::sockopt;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, error, warn};

use super::{AppState, router};

/// What the connections may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Until the head of a request is there, counted from the connection or from the answer before.
    silence: Duration,
    /// At one time.
    connections: usize,
}

const LIMITS: Limits = Limits {
    // Many times what a head takes on a bad line, and what keeps new clients out at most while all places are taken.
    silence: Duration::from_secs(20),
    // Half of the 1024 files that a process may have open where nothing else is said.
    connections: 512,
};

/// A client that answers no packet for this long, or takes nothing of what it asked for, has gone.
const GONE_AFTER: Duration = Duration::from_secs(5 * 60);
/// Between two packets that ask whether an idle client is there.
const PROBE_EVERY: Duration = Duration::from_secs(60);

/// Until the next try where no connection can be taken, most often because all files are open.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Between two lines in the journal that all places are taken.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// Serves the API on `listener` until `cancel`, then ends the requests that are under way.
pub async fn serve(listener: TcpListener, state: AppState, cancel: CancellationToken) {
    serve_within(LIMITS, listener, router(state), cancel).await;
}

async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    router: Router,
    cancel: CancellationToken,
) {
    let mut http = http1::Builder::new();
    // It covers the pause between two requests, and never an answer.
    http.timer(TokioTimer::new()).header_read_timeout(limits.silence);
    let service = TowerToHyperService::new(router);
    let mut door = Door::new(listener, limits.connections);
    let open = TaskTracker::new();
    while let Some(entered) = cancel.run_until_cancelled(door.next()).await {
        open.spawn(converse(http.clone(), service.clone(), entered, cancel.clone()));
    }
    drop(door);
    open.close();
    open.wait().await;
}

/// Where clients come in, as long as there are places.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    /// When it was last said that all places are taken.
    said_full: Option<Instant>,
}

/// A client that came in.
struct Entered {
    stream: TcpStream,
    address: SocketAddr,
    _place: OwnedSemaphorePermit,
}

impl Door {
    fn new(listener: TcpListener, places: usize) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(places)), said_full: None }
    }

    /// The next client. Those for whom there is no place wait in the kernel.
    async fn next(&mut self) -> Entered {
        loop {
            if self.places.available_permits() == 0 {
                self.say_full();
            }
            let Ok(place) = self.places.clone().acquire_owned().await else {
                // Nobody closes it.
                return std::future::pending().await;
            };
            match self.listener.accept().await {
                Ok((stream, address)) => return Entered { stream, address, _place: place },
                Err(cause) if gone_already(&cause) => {}
                Err(cause) => {
                    error!(%cause, "no connection can be taken");
                    sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    fn say_full(&mut self) {
        if self.said_full.is_none_or(|said| said.elapsed() >= SAY_AGAIN) {
            self.said_full = Some(Instant::now());
            warn!("as many clients are connected as may be: others wait until one has gone");
        }
    }
}

/// Whether only the one client is concerned.
fn gone_already(cause: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(cause.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers the requests of one client until it goes, is silent for too long, or `cancel` comes between two of them.
async fn converse(
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    client: Entered,
    cancel: CancellationToken,
) {
    let Entered { stream, address, _place } = client;
    if let Err(cause) = prepare(&stream) {
        debug!(client.address = %address, %cause, "a connection cannot be watched");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(address));
        service.call(request)
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = cancel.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(cause) = ended {
        debug!(client.address = %address, %cause, "a connection broke off");
    }
}

/// Events of a stream go out as they are written, and a client that vanished is noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, PROBE_EVERY)?;
    sockopt::set_tcp_keepintvl(stream, PROBE_EVERY)?;
    let gone_after = u32::try_from(GONE_AFTER.as_millis()).unwrap_or(u32::MAX);
    // RFC 5482: it counts for probes, and for whoever takes nothing, as well as for what is not acknowledged.
    Ok(sockopt::set_tcp_user_timeout(stream, gone_after)?)
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, routing::get};
    use futures_util::stream;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        task::JoinHandle,
        time::timeout,
    };

    use super::*;

    /// Long enough that a busy machine is not taken for a silent client.
    const SILENCE: Duration = Duration::from_secs(2);
    const PATIENCE: Duration = Duration::from_secs(20);

    const ASK: &[u8] = b"GET /address HTTP/1.1\r\nHost: x\r\n\r\n";

    struct Site {
        address: SocketAddr,
        cancel: CancellationToken,
        server: JoinHandle<()>,
    }

    impl Site {
        /// A server with two places, an answer that comes at once and one that takes six times the silence.
        async fn open() -> Self {
            let slow = || async {
                Body::from_stream(stream::unfold(0, |n| async move {
                    sleep(SILENCE).await;
                    let piece = Bytes::from(format!("piece {n};"));
                    (n < 6).then_some((Ok::<_, io::Error>(piece), n + 1))
                }))
            };
            let who = |ConnectInfo(it): ConnectInfo<SocketAddr>| async move { it.to_string() };
            let router = Router::new().route("/address", get(who)).route("/slow", get(slow));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let cancel = CancellationToken::new();
            let limits = Limits { silence: SILENCE, connections: 2 };
            let server = tokio::spawn(serve_within(limits, listener, router, cancel.clone()));
            Self { address, cancel, server }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    /// Asks for the own address, and reads the answer to its end.
    async fn ask(client: &mut TcpStream) {
        client.write_all(ASK).await.unwrap();
        let own = client.local_addr().unwrap().to_string();
        let mut answer = String::new();
        while !answer.ends_with(&own) {
            let mut octets = [0; 512];
            let read = timeout(PATIENCE, client.read(&mut octets)).await.unwrap().unwrap();
            assert!(read > 0, "cut off: {answer}");
            answer += std::str::from_utf8(&octets[..read]).unwrap();
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Reads whatever comes until the server closes the connection.
    async fn rest(client: &mut TcpStream) -> String {
        let mut octets = Vec::new();
        timeout(PATIENCE, client.read_to_end(&mut octets)).await.expect("it ends").unwrap();
        String::from_utf8(octets).unwrap()
    }

    #[tokio::test]
    async fn who_says_nothing_or_half_a_head_makes_room_for_others() {
        let site = Site::open().await;
        let mut silent = site.connect().await;
        let mut half = site.connect().await;
        half.write_all(&ASK[..20]).await.unwrap();
        let began = Instant::now();
        ask(&mut site.connect().await).await;
        assert!(began.elapsed() >= SILENCE / 2, "there was no place before");
        rest(&mut silent).await;
        rest(&mut half).await;
    }

    #[tokio::test]
    async fn a_connection_in_use_goes_on_and_ends_once_it_is_not() {
        let site = Site::open().await;
        let mut client = site.connect().await;
        for _ in 0..6 {
            ask(&mut client).await;
            sleep(SILENCE / 4).await;
        }
        assert_eq!(rest(&mut client).await, "");
    }

    #[tokio::test]
    async fn an_answer_that_takes_longer_than_a_silence_is_not_cut() {
        let site = Site::open().await;
        let mut client = site.connect().await;
        client.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let answer = rest(&mut client).await;
        assert!(answer.contains("piece 5;") && answer.ends_with("0\r\n\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn a_stop_lets_answers_end_and_waits_for_nobody_else() {
        let site = Site::open().await;
        let mut idle = site.connect().await;
        ask(&mut idle).await;
        let mut busy = site.connect().await;
        busy.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        busy.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        site.cancel.cancel();
        assert_eq!(rest(&mut idle).await, "");
        assert!(rest(&mut busy).await.ends_with("0\r\n\r\n"));
        timeout(PATIENCE, site.server).await.unwrap().unwrap();
        assert!(TcpStream::connect(site.address).await.is_err());
    }

    #[tokio::test]
    async fn clients_that_vanish_are_looked_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        prepare(&stream).unwrap();
        assert!(sockopt::socket_keepalive(&stream).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), PROBE_EVERY);
        assert_eq!(u128::from(sockopt::tcp_user_timeout(&stream).unwrap()), GONE_AFTER.as_millis());
    }
}
