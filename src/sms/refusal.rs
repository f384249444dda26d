//! What a final result that is no success means, and what may help.

use ringpost_hal::at::FinalResult;

use crate::domain::{Detail, Refusal, RefusalClass};

/// Reads the final result of a refused submit: 3GPP TS 27.005 3.2.5 (`+CMS ERROR`), 3GPP TS 27.007
/// 9.2 (`+CME ERROR`), and 3GPP TS 24.011 E.2 for the codes that the network itself gives.
///
/// Codes from 512 on are the makers' own, and one and the same means different things: 513 says that nothing could be
/// stored, or that no acknowledgement of the network came. Where that leaves open whether the network has the message, or
/// nothing is known of a code, it is doubtful; which counts only where the body was written before.
pub fn refusal(result: &FinalResult) -> Refusal {
    match result {
        FinalResult::Cms(error) => error.code().map_or(DOUBTFUL, of_cms),
        FinalResult::Cme(error) => error.code().map_or(DOUBTFUL, of_cme),
        FinalResult::Ok
        | FinalResult::Error
        | FinalResult::NoCarrier
        | FinalResult::Busy
        | FinalResult::NoAnswer
        | FinalResult::NoDialtone => DOUBTFUL,
    }
}

/// Whether the service centre refused a second copy because it holds the first: 3GPP TS 23.040 9.2.3.22,
/// TP-FCS 0xC5, as 3GPP TS 27.005 3.2.5 hands it on.
pub fn is_duplicate(result: &FinalResult) -> bool {
    matches!(result, FinalResult::Cms(error) if error.code() == Some(0xC5))
}

fn of_cms(code: u16) -> Refusal {
    match code {
        // Unassigned number, invalid address of the phone.
        1 | 195 => permanent(Detail::Unassigned),
        // Operator determined barring: of this SIM. Another one may.
        8 => modem(Detail::Barred),
        // Call barred to this number, phone barred.
        10 | 196 => permanent(Detail::Barred),
        // Destination out of order, without store and forward.
        27 => permanent(Detail::Inactive),
        // Who sends is not registered in the network, or not in its home location register; a facility that it has not
        // subscribed, or that the network does not support; no subscription at the service centre: of this SIM, or its network.
        28 | 29 | 30 | 50 | 69 | 193 => modem(Detail::NotSubscribed),
        // Whoever has it on its way does not want it, or did not understand it: another network may, and this one later.
        21 | 81 | 95..=111 => network(Detail::ByNetwork),
        // The modem says that the TPDU is wrong; it would be no better the next time.
        304 | 305 => permanent(Detail::Bug),
        // No route in the network, congestion, no resources; service centre busy or failed.
        38 | 41 | 42 | 47 | 127 | 192 | 194 => network(Detail::NetworkBusy),
        331 => network(Detail::NotRegistered),
        310 | 313 | 315 => modem(Detail::SimMissing),
        311 | 312 | 316..=318 => modem(Detail::SimLocked),
        // The network did not answer; unknown errors, of which many modems make what the network said
        // last. It may have taken the message. 512 to 514 are failures of the link below, 521 a timer that expired.
        332 | 350 | 500 | 512..=514 | 521 => DOUBTFUL,
        // Busy, or not content with what it was told, in the words of every maker whose list is known: nothing went out.
        515..=520 | 522..=538 => modem(Detail::ModemFault),
        539.. => DOUBTFUL,
        _ => modem(Detail::ModemFault),
    }
}

/// The modem does not know, or does not say.
const DOUBTFUL: Refusal = Refusal { detail: Detail::ModemFault, class: RefusalClass::Doubtful };

fn of_cme(code: u16) -> Refusal {
    match code {
        10 | 13 | 15 => modem(Detail::SimMissing),
        5 | 6 | 7 | 11 | 12 | 17 | 18 => modem(Detail::SimLocked),
        30 | 32 => network(Detail::NotRegistered),
        // The network did not answer; unknown.
        31 | 100 => DOUBTFUL,
        _ => modem(Detail::ModemFault),
    }
}

const fn permanent(detail: Detail) -> Refusal {
    Refusal { detail, class: RefusalClass::Permanent }
}

const fn network(detail: Detail) -> Refusal {
    Refusal { detail, class: RefusalClass::Network }
}

const fn modem(detail: Detail) -> Refusal {
    Refusal { detail, class: RefusalClass::Modem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_may_help() {
        use RefusalClass::{Doubtful, Modem, Network, Permanent};
        let table = [
            (1, Detail::Unassigned, Permanent),
            (8, Detail::Barred, Modem),
            (10, Detail::Barred, Permanent),
            (21, Detail::ByNetwork, Network),
            (28, Detail::NotSubscribed, Modem),
            (29, Detail::NotSubscribed, Modem),
            (30, Detail::NotSubscribed, Modem),
            (38, Detail::NetworkBusy, Network),
            (42, Detail::NetworkBusy, Network),
            (50, Detail::NotSubscribed, Modem),
            (96, Detail::ByNetwork, Network),
            (304, Detail::Bug, Permanent),
            (310, Detail::SimMissing, Modem),
            (331, Detail::NotRegistered, Network),
            (314, Detail::ModemFault, Modem),
            (332, Detail::ModemFault, Doubtful),
            (500, Detail::ModemFault, Doubtful),
            (513, Detail::ModemFault, Doubtful),
            (515, Detail::ModemFault, Modem),
            (521, Detail::ModemFault, Doubtful),
            (535, Detail::ModemFault, Modem),
            (700, Detail::ModemFault, Doubtful),
        ];
        for (code, detail, class) in table {
            assert_eq!(of_cms(code), Refusal { detail, class }, "+CMS ERROR: {code}");
        }
        assert_eq!(of_cme(14), modem(Detail::ModemFault));
        assert_eq!(of_cme(30), network(Detail::NotRegistered));
        assert_eq!([of_cme(31), of_cme(100)], [DOUBTFUL; 2]);
    }
}
