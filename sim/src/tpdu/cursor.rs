//! A reader of octets that cannot run over the end.

use super::{TpduError, refuse};

/// What is left of a TPDU.
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(crate) fn octet(&mut self, field: &'static str) -> Result<u8, TpduError> {
        let Some((&first, rest)) = self.rest.split_first() else {
            return refuse(field, "missing: the PDU ends before it");
        };
        self.rest = rest;
        Ok(first)
    }

    pub(crate) fn take(
        &mut self,
        count: usize,
        field: &'static str,
    ) -> Result<&'a [u8], TpduError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return refuse(field, "cut short: the PDU ends inside it");
        };
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}
