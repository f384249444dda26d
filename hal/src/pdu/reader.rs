//! A cursor over octets that cannot overrun.

use super::{DecodeError, DecodeErrorKind};

/// Reads octets in order and knows where it stands, so that every error has an offset.
#[derive(Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Starts at offset 0.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets, offset: 0 }
    }

    /// Octets read so far.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Whether every octet has been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Octets not read yet.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Reads one octet of `field`.
    ///
    /// # Errors
    /// `Short` when none is left.
    pub fn octet(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(field).map(|[octet]| octet)
    }

    /// Reads `N` octets of `field`.
    ///
    /// # Errors
    /// `Short` when fewer are left.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let Some((head, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.short(field, N));
        };
        self.advance(N, rest);
        Ok(*head)
    }

    /// Reads `count` octets of `field`.
    ///
    /// # Errors
    /// `Short` when fewer are left.
    pub fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let Some((head, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.short(field, count));
        };
        self.advance(count, rest);
        Ok(head)
    }

    /// Opens a reader on the next `count` octets, which this one skips; offsets go on.
    ///
    /// # Errors
    /// `Short` when fewer are left.
    pub fn sub(&mut self, count: usize, field: &'static str) -> Result<Self, DecodeError> {
        let offset = self.offset;
        let rest = self.take(count, field)?;
        Ok(Self { rest, offset })
    }

    /// Reads everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.advance(rest.len(), &[]);
        rest
    }

    /// Whether what is left is nothing, or the FF that fills a SIM record behind its TPDU
    /// (3GPP TS 31.102 4.2.25).
    #[must_use]
    pub fn is_padding(&self) -> bool {
        self.rest.iter().all(|octet| *octet == 0xFF)
    }

    /// Ends the reading of `field`, which must have used all octets but padding.
    ///
    /// # Errors
    /// `Trailing` when octets are left.
    pub fn finish(self, field: &'static str) -> Result<(), DecodeError> {
        if self.is_padding() {
            return Ok(());
        }
        let count = self.rest.len();
        Err(self.error(field, DecodeErrorKind::Trailing { count }))
    }

    /// An error of `field` at this place.
    #[must_use]
    pub const fn error(&self, field: &'static str, kind: DecodeErrorKind) -> DecodeError {
        DecodeError { field, offset: self.offset, kind }
    }

    const fn short(&self, field: &'static str, wanted: usize) -> DecodeError {
        let missing = wanted.saturating_sub(self.rest.len());
        self.error(field, DecodeErrorKind::Short { missing })
    }

    const fn advance(&mut self, count: usize, rest: &'a [u8]) {
        self.rest = rest;
        self.offset = self.offset.saturating_add(count);
    }
}
