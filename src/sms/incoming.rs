//! From the octets that a modem hands over to what they mean.

use ringpost_hal::pdu::{
    self, Address, ConcatRef, Deliver, FirstOctet, MessageType, Status, StatusClass, StatusReport,
};

use crate::domain::{Detail, InboundFragment, ReceivedReport, Report, Secret, Timestamp};

/// What a TPDU from the network is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A delivery report.
    Report(ReceivedReport),
    /// A message, or a part of one.
    Fragment(InboundFragment),
    /// Nothing that can be read.
    Unreadable,
}

/// Reads a TPDU from the network, 3GPP TS 23.040 9.2.2.
pub fn read(tpdu: &[u8]) -> Incoming {
    let Some(first) = tpdu.first() else { return Incoming::Unreadable };
    let incoming = match FirstOctet(*first).mti() {
        MessageType::Status => StatusReport::decode(tpdu).map(read_report).ok(),
        MessageType::Deliver => Deliver::decode(tpdu).map(|deliver| read_fragment(&deliver)).ok(),
        MessageType::Submit | MessageType::Reserved => None,
    };
    incoming.unwrap_or(Incoming::Unreadable)
}

fn read_report(read: StatusReport) -> Incoming {
    let digits: String = read.ra.digits().collect();
    let tail = digits.get(digits.len().saturating_sub(7)..).unwrap_or_default().to_owned();
    Incoming::Report(ReceivedReport {
        reference: read.mr.0,
        tail,
        taken_at: instant(read.scts),
        report: report_of(read.st),
    })
}

/// 3GPP TS 23.040 9.2.3.15.
fn report_of(st: Status) -> Report {
    match st.class() {
        StatusClass::Done => Report::Delivered,
        StatusClass::StillTrying => Report::StillTrying,
        StatusClass::PermanentFailure | StatusClass::GivenUp => Report::Failed(match st.0 {
            // Incompatible destination, rejected by the SME, SME busy, error in the SME.
            0x41 | 0x42 | 0x61 | 0x65 => Detail::ByRecipient,
            // Not obtainable.
            0x43 => Detail::Inactive,
            // Validity period expired, no response from the SME.
            0x46 | 0x62 => Detail::Unreachable,
            _ => Detail::ByNetwork,
        }),
    }
}

fn read_fragment(deliver: &Deliver) -> Incoming {
    let concat = deliver.ud.concat().map(|concat| {
        let reference = match concat.reference {
            ConcatRef::Narrow(reference) => u16::from(reference),
            ConcatRef::Wide(reference) => reference,
        };
        (reference, concat.total, concat.sequence)
    });
    Incoming::Fragment(InboundFragment {
        sender: address(&deliver.oa),
        text: Secret::new(deliver.ud.text().to_string()),
        concat,
        sent_at: instant(deliver.scts),
    })
}

/// A time stamp of the service centre, where it is one: 3GPP TS 23.040 9.2.3.11.
fn instant(stamp: pdu::Timestamp) -> Option<Timestamp> {
    stamp.unix_seconds().map(|seconds| Timestamp::from_unix_ms(seconds.saturating_mul(1000)))
}

/// As a person writes it: `+` before an international number, a name as it is.
fn address(address: &Address) -> String {
    address.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_mean_what_the_clause_says() {
        let table = [
            (0x00, Report::Delivered),
            (0x01, Report::Delivered),
            (0x20, Report::StillTrying),
            (0x30, Report::StillTrying),
            (0x41, Report::Failed(Detail::ByRecipient)),
            (0x43, Report::Failed(Detail::Inactive)),
            (0x46, Report::Failed(Detail::Unreachable)),
            (0x62, Report::Failed(Detail::Unreachable)),
            (0x48, Report::Failed(Detail::ByNetwork)),
        ];
        for (st, report) in table {
            assert_eq!(report_of(Status(st)), report, "{st:#04x}");
        }
    }

    #[test]
    fn anything_else_is_unreadable() {
        for octets in [&[][..], &[0x01], &[0x04], &[0x02, 7], &[0xFF; 20]] {
            assert_eq!(read(octets), Incoming::Unreadable, "{octets:?}");
        }
    }
}
