//! What ends on a thread where nobody waits for it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime::Handle,
    sync::OwnedMutexGuard,
};

/// A port that is closed elsewhere. Where a device takes no more bytes, the kernel holds whoever closes its port for half
/// a minute (`closing_wait`, see setserial(8)); two of them would be all threads that modems, messages and requests
/// run on.
pub(super) struct ClosedElsewhere<P: Send + 'static>(Option<(P, OwnedMutexGuard<()>)>);

impl<P: Send + 'static> ClosedElsewhere<P> {
    /// It is the `turn` of this port until it is closed.
    pub(super) const fn new(port: P, turn: OwnedMutexGuard<()>) -> Self {
        Self(Some((port, turn)))
    }
}

impl<P: Send + 'static> Drop for ClosedElsewhere<P> {
    fn drop(&mut self) {
        // The port before its turn, as they stand in the pair. Without a runtime, nobody is held up.
        let port = self.0.take();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || drop(port));
        }
    }
}

impl<P: Unpin + Send + 'static> ClosedElsewhere<P> {
    fn port(self: Pin<&mut Self>) -> io::Result<Pin<&mut P>> {
        let port = self.get_mut().0.as_mut();
        port.map(|(port, _)| Pin::new(port)).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<P: AsyncRead + Unpin + Send + 'static> AsyncRead for ClosedElsewhere<P> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.port()?.poll_read(cx, buf)
    }
}

impl<P: AsyncWrite + Unpin + Send + 'static> AsyncWrite for ClosedElsewhere<P> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.port()?.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.port()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.port()?.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        time::Duration,
    };

    use tokio::sync::Mutex;

    use super::*;

    /// A port whose end takes until somebody lets it.
    struct Stuck {
        gate: mpsc::Receiver<()>,
        closed: mpsc::Sender<bool>,
    }

    impl Drop for Stuck {
        fn drop(&mut self) {
            let let_go = self.gate.recv_timeout(Duration::from_secs(10)).is_ok();
            let _ = self.closed.send(let_go);
        }
    }

    #[tokio::test]
    async fn who_lets_go_of_a_port_does_not_wait_until_it_is_closed() {
        let (open, gate) = mpsc::channel();
        let (closed, end) = mpsc::channel();
        let turns = Arc::new(Mutex::new(()));
        let turn = turns.clone().lock_owned().await;
        drop(ClosedElsewhere::new(Stuck { gate, closed }, turn));
        assert!(turns.try_lock().is_err(), "it is not closed yet");
        open.send(()).unwrap();
        let _next = turns.lock().await;
        assert_eq!(end.try_recv(), Ok(true), "who let go of it came to open the gate");
    }
}
