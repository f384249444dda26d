//! The link to the network, held from one message of a burst to the next (`+CMMS`): setting it up takes
//! a second or more each time.

use std::time::Duration;

use ringpost_hal::at::Command;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tracing::debug;

use super::link::{Link, Lost};

/// How long after an answer a modem certainly still holds the link. It lets go by itself after one to five
/// seconds, as it likes, 3GPP TS 27.005 3.5.6.
const HELD: Duration = Duration::from_secs(1);

/// Whether a modem holds its link.
#[derive(Debug)]
pub(super) struct Hold {
    able: bool,
    until: Option<Instant>,
    /// It was told to, and may do so yet.
    told: bool,
}

impl Hold {
    /// Nothing is held yet.
    pub(super) const fn new(able: bool) -> Self {
        Self { able, until: None, told: false }
    }

    /// Before a message: has the modem hold the link if more follow, and if it does not do so already.
    pub(super) async fn prepare<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        more: bool,
    ) -> Result<(), Lost> {
        self.until = self.until.filter(|until| Instant::now() < *until);
        if self.is_prepared(more) {
            return Ok(());
        }
        if link.execute(&Command::hold_link()).await?.is_ok() {
            self.until = Some(Instant::now() + HELD);
            self.told = true;
        } else {
            debug!("the modem does not hold its link, and is not asked again");
            self.able = false;
        }
        Ok(())
    }

    /// Whether [`Self::prepare`] would do nothing now.
    pub(super) fn is_prepared(&self, more: bool) -> bool {
        !more || !self.able || self.until.is_some_and(|until| Instant::now() < until)
    }

    /// Before a call, which some modems do not place while they hold a link for messages.
    pub(super) async fn let_go<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Lost> {
        self.until = None;
        if std::mem::take(&mut self.told) {
            link.execute(&Command::release_link()).await?;
        }
        Ok(())
    }

    /// After the answer to a message: what is held is held for a while from here on.
    pub(super) fn answered(&mut self) {
        self.until = self.until.map(|_| Instant::now() + HELD);
    }
}
