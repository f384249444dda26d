//! Septets packed into octets, 3GPP TS 23.038 6.1.2.1.1.
//!
//! Eight septets fill seven octets: reader and writer go by such groups, and eight septets that are
//! wanted together are moved together, whatever part of a group they begin in.

use core::slice;

/// Octets of a group.
const OCTETS: usize = 7;
/// Septets of a group.
const SEPTETS: usize = 8;

/// Octets that hold `septets`.
pub(super) const fn octets_of(septets: usize) -> usize {
    (septets * 7).div_ceil(8)
}

/// Septets that `octets` hold whole.
pub(super) const fn septets_in(octets: usize) -> usize {
    octets * 8 / 7
}

/// Septets that a header of `octets` covers, with the fill bits of 3GPP TS 23.040 9.2.3.24 up to the
/// next septet boundary.
pub(super) const fn septets_over(octets: usize) -> usize {
    (octets * 8).div_ceil(7)
}

/// Reads packed septets in order.
#[derive(Clone)]
pub(super) struct Unpacker<'a> {
    groups: slice::Chunks<'a, u8>,
    /// The rest of a group, the next septet lowest.
    bits: u64,
    held: usize,
    left: usize,
}

impl<'a> Unpacker<'a> {
    /// Reads `count` septets, the first of them septet `start` counted from bit 0 of the first octet.
    pub(super) fn new(octets: &'a [u8], start: usize, count: usize) -> Self {
        let octets = octets.get(start / SEPTETS * OCTETS..).unwrap_or_default();
        let mut groups = octets.chunks(OCTETS);
        let passed = start % SEPTETS;
        let bits = groups.next().map_or(0, group_bits) >> (7 * passed);
        Self { groups, bits, held: SEPTETS - passed, left: count }
    }
}

impl Unpacker<'_> {
    /// The next eight septets, one in each octet, the first lowest; nothing where fewer are left.
    #[inline]
    pub(super) fn next_eight(&mut self) -> Option<u64> {
        let left = self.left.checked_sub(SEPTETS)?;
        let bits;
        if self.held == SEPTETS {
            (bits, self.bits, self.held) = (self.bits, 0, 0);
        } else {
            let group = group_bits(self.groups.next()?);
            bits = self.bits | group << (7 * self.held);
            self.bits = group >> (7 * (SEPTETS - self.held));
        }
        self.left = left;
        Some(spread(bits))
    }
}

impl Iterator for Unpacker<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        self.left = self.left.checked_sub(1)?;
        if self.held == 0 {
            self.bits = group_bits(self.groups.next()?);
            self.held = SEPTETS;
        }
        let [low, ..] = self.bits.to_le_bytes();
        self.bits >>= 7;
        self.held -= 1;
        Some(low & 0x7F)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

/// Writes packed septets in order; what is beyond the octets is lost.
pub(super) struct Packer<'a> {
    groups: slice::ChunksMut<'a, u8>,
    /// The group that fills, its first septet lowest.
    bits: u64,
    held: usize,
}

impl<'a> Packer<'a> {
    /// Writes from septet `start` on, counted from bit 0 of the first octet, where all bits are 0.
    pub(super) fn new(octets: &'a mut [u8], start: usize) -> Self {
        let octets = octets.get_mut(start / SEPTETS * OCTETS..).unwrap_or_default();
        let bits = octets.chunks(OCTETS).next().map_or(0, group_bits);
        Self { groups: octets.chunks_mut(OCTETS), bits, held: start % SEPTETS }
    }

    #[inline]
    pub(super) fn push(&mut self, septet: u8) {
        self.bits |= u64::from(septet) << (7 * self.held);
        self.held += 1;
        if self.held == SEPTETS {
            self.write();
            (self.bits, self.held) = (0, 0);
        }
    }

    /// Writes eight septets, one in each octet, the first lowest.
    #[inline]
    pub(super) fn push_eight(&mut self, septets: u64) {
        let group = pack(septets);
        self.bits |= group << (7 * self.held);
        self.write();
        self.bits = group >> (7 * (SEPTETS - self.held));
    }

    /// Writes the last group, the rest of it 0.
    pub(super) fn finish(mut self) {
        if self.held > 0 {
            self.write();
        }
    }

    #[inline]
    fn write(&mut self) {
        let [bits @ .., _] = self.bits.to_le_bytes();
        let group = self.groups.next().unwrap_or_default();
        match <&mut [u8; OCTETS]>::try_from(&mut *group) {
            Ok(group) => *group = bits,
            Err(_) => group.iter_mut().zip(bits).for_each(|(octet, bits)| *octet = bits),
        }
    }
}

/// A group as a number, its first octet lowest; what is missing at the end reads 0.
#[inline]
fn group_bits(group: &[u8]) -> u64 {
    let mut octets = [0; 8];
    match <&[u8; OCTETS]>::try_from(group) {
        Ok(&[a, b, c, d, e, f, g]) => octets = [a, b, c, d, e, f, g, 0],
        Err(_) => octets.iter_mut().zip(group).for_each(|(octet, from)| *octet = *from),
    }
    u64::from_le_bytes(octets)
}

/// Closes the gaps between eight septets: in pairs, in fours, all.
const fn pack(septets: u64) -> u64 {
    let twos = septets & 0x007F_007F_007F_007F | (septets & 0x7F00_7F00_7F00_7F00) >> 1;
    let fours = twos & 0x0000_3FFF_0000_3FFF | (twos & 0x3FFF_0000_3FFF_0000) >> 2;
    fours & 0x0FFF_FFFF | (fours & 0x0FFF_FFFF_0000_0000) >> 4
}

/// Opens them again.
const fn spread(group: u64) -> u64 {
    let fours = group & 0x0FFF_FFFF | (group & 0x00FF_FFFF_F000_0000) << 4;
    let twos = fours & 0x0000_3FFF_0000_3FFF | (fours & 0x0FFF_C000_0FFF_C000) << 2;
    twos & 0x007F_007F_007F_007F | (twos & 0x3F80_3F80_3F80_3F80) << 1
}
