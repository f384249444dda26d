//! Who a modem is: the IMEI and the ICCID that it answers with, and nothing else done to it.

use std::time::Duration;

use ringpost_hal::{
    at::{
        Command, ESCAPE,
        dialogue::{Word, iccid, imei},
    },
    family::Family,
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::link::{Link, Lost};
use crate::domain::Locator;

/// After ESC: what a modem says to that comes at once.
const SETTLE: Duration = Duration::from_millis(50);

/// What a modem answers when it is asked who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) imei: Word,
    /// Empty where it is not known, or not known any more.
    pub(super) iccid: Word,
}

impl Identity {
    /// Whether it is the modem that is looked for; any is, where neither IMEI nor ICCID is named.
    pub(super) fn is(&self, locator: &Locator) -> bool {
        match locator {
            // The last of 15 digits is a check digit, which some leave out, or put the version of their
            // software in its place, 3GPP TS 23.003 6.2.
            Locator::Imei(imei) => imei.get(..14).is_some_and(|it| self.imei.starts_with(it)),
            // Some leave out the check digit, ITU-T E.118.
            Locator::Iccid(iccid) => {
                let said = self.iccid.as_str();
                !said.is_empty() && (iccid.starts_with(said) || said.starts_with(iccid.as_str()))
            }
            Locator::Port(_) | Locator::UsbPath(_) | Locator::UsbId { .. } => true,
        }
    }
}

/// Asks who is there until it is told, and changes nothing about it but its echo. Whoever asks sets an end to it.
pub(super) async fn ask<P>(mut link: Link<P>, family: &'static Family) -> Result<Identity, Lost>
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    link.write(&[ESCAPE, b'\r']).await?;
    loop {
        // What came late, or from a modem that boots, answers nothing that is asked from here on.
        link.settle(SETTLE).await?;
        link.forget_state();
        if let Some(identity) = ask_once(&mut link, family).await? {
            return Ok(identity);
        }
    }
}

/// `None` where an answer stayed out: those behind it could be about something else.
async fn ask_once<P>(link: &mut Link<P>, family: &'static Family) -> Result<Option<Identity>, Lost>
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    // One whose saved profile gives results in numbers, or none, seems to be silent until it is told otherwise.
    let mut heard = link.execute(&Command::attention()).await?.is_ok();
    if !heard {
        heard = link.execute(&Command::attention_in_words()).await?.is_ok();
    }
    if !heard || !link.execute(&Command::setting("E0")).await?.is_ok() {
        return Ok(None);
    }
    let outcome = link.execute(&Command::imei()).await?;
    // OK alone belongs to a command before, such as the ESC that freed a modem whose prompt was late.
    if outcome.result.is_none() || (outcome.is_ok() && outcome.lines.is_empty()) {
        return Ok(None);
    }
    let imei = imei(&outcome.reply()).unwrap_or_default();
    let ways = family.iccid.as_ref().map(Command::asking);
    for way in ways.into_iter().chain([Command::iccid_file()]) {
        let outcome = link.execute(&way).await?;
        if outcome.result.is_none() {
            return Ok(None);
        }
        if let Some(iccid) = iccid(&outcome.reply()) {
            return Ok(Some(Identity { imei, iccid }));
        }
    }
    Ok(Some(Identity { imei, iccid: Word::new() }))
}

/// Whether an IMEI names a single modem: some were never given one, and say zeros.
pub(super) fn names_one(imei: &str) -> bool {
    let digits = imei.len() == 15 && imei.bytes().all(|it| it.is_ascii_digit());
    digits && imei.bytes().any(|it| Some(it) != imei.bytes().next())
}

#[cfg(test)]
mod tests {
    use ringpost_hal::family::SIM7600;
    use ringpost_sim::{Fault, Simulator};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_modem_that_boots_or_hangs_meanwhile_is_asked_again_from_the_beginning() {
        let faults = [
            Fault::Reboot.command("+CGSN").times(1),
            Fault::Reboot.command("+CICCID").times(1),
            Fault::DropFinal.command("+CGSN").times(1),
            Fault::Silence.times(2),
        ];
        for fault in faults {
            let sim = Simulator::builder().in_memory().start().await.unwrap();
            let modem = sim.modem("m1");
            let shown = format!("{fault:?}");
            modem.fault(fault);
            let said = ask(Link::new(modem.open().unwrap()), &SIM7600).await.unwrap();
            let expected = (modem.imei(), modem.iccid());
            assert_eq!((said.imei.to_string(), said.iccid.to_string()), expected, "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_modem_that_was_left_before_a_late_prompt_is_not_taken_for_one_without_an_imei() {
        for late in [300, 700, 1500, 2500] {
            let sim = Simulator::builder().in_memory().start().await.unwrap();
            let modem = sim.modem("m1");
            modem.fault(Fault::LatePrompt.times(1).delay_ms(late));
            let mut link = Link::new(modem.open().unwrap());
            link.write(b"AT+CMGF=0\r").await.unwrap();
            link.settle(SETTLE).await.unwrap();
            link.write(b"AT+CMGS=20\r").await.unwrap();
            link.settle(SETTLE).await.unwrap();
            let said = ask(link, &SIM7600).await.unwrap();
            let expected = (modem.imei(), modem.iccid());
            assert_eq!((said.imei.to_string(), said.iccid.to_string()), expected, "{late}");
        }
    }

    #[test]
    fn numbers_are_the_same_with_and_without_their_check_digit() {
        let said = |imei: &str, iccid: &str| Identity {
            imei: Word::try_from(imei).unwrap(),
            iccid: Word::try_from(iccid).unwrap(),
        };
        let imei = Locator::Imei("861475030000014".into());
        let iccid = Locator::Iccid("8901260000000000014".into());
        assert!(said("861475030000014", "").is(&imei) && said("86147503000001", "").is(&imei));
        assert!(!said("861475030000024", "").is(&imei) && !said("", "").is(&imei));
        assert!(said("", "890126000000000001").is(&iccid) && !said("", "").is(&iccid));
    }
}
