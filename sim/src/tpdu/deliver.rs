//! SMS-DELIVER and SMS-STATUS-REPORT as the network writes them (TS 23.040 9.2.2.1, 9.2.2.3).

use super::{Address, SegmentBody, ServiceTime};

/// A message on its way to a modem.
#[derive(Clone, Debug)]
pub(crate) struct Deliver {
    pub(crate) oa: Address,
    pub(crate) pid: u8,
    pub(crate) scts: ServiceTime,
    pub(crate) body: SegmentBody,
}

impl Deliver {
    pub(crate) fn encode(&self) -> Vec<u8> {
        // TP-MTI 00, TP-MMS 1 (no more messages wait), TP-UDHI as the body needs.
        let udhi = if self.body.udhi { 0x40 } else { 0 };
        let mut tpdu = vec![0x04 | udhi];
        tpdu.extend(self.oa.encode());
        tpdu.extend([self.pid, self.body.dcs]);
        tpdu.extend(self.scts.encode());
        tpdu.push(self.body.udl);
        tpdu.extend(&self.body.ud);
        tpdu
    }
}

/// What became of a submit.
#[derive(Clone, Debug)]
pub(crate) struct StatusReport {
    pub(crate) mr: u8,
    pub(crate) ra: Address,
    pub(crate) scts: ServiceTime,
    pub(crate) dt: ServiceTime,
    /// TP-ST, clause 9.2.3.15.
    pub(crate) st: u8,
}

impl StatusReport {
    pub(crate) fn encode(&self) -> Vec<u8> {
        // TP-MTI 10, TP-MMS 1, TP-SRQ 0 (the report of a submit).
        let mut tpdu = vec![0x06, self.mr];
        tpdu.extend(self.ra.encode());
        tpdu.extend(self.scts.encode());
        tpdu.extend(self.dt.encode());
        tpdu.push(self.st);
        tpdu
    }
}
