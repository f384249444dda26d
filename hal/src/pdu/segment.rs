//! How many messages a text takes, and each of them.

use core::iter;

use unicode_segmentation::GraphemeCursor;

use super::gsm7::Piece;
use super::national::{Language, Shifts};
use super::septets;
use super::udh::HeaderWriter;
use super::{Alphabet, Concat, ConcatRef, Dcs, EncodeError, Ie, UserData, gsm7};

/// A text laid out in the cheapest alphabet: GSM 7 bit where it has all characters, else UCS-2, or GSM 7
/// bit with national tables where they are allowed and need fewer segments.
#[derive(Clone, Copy)]
pub struct Segmentation<'a> {
    text: &'a str,
    coding: Coding,
    elements: &'a [Ie<'a>],
    wide: bool,
    units: usize,
    total: usize,
    cut: Cut,
}

/// Where a text may be cut: never within an escape or a surrogate pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Between grapheme clusters, which people see as one character; within one that is longer than a segment.
    Clusters,
    /// Between any characters.
    Characters,
}

/// What a layout may use beyond the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentOptions<'a> {
    /// National tables allowed where they need fewer segments: phones that lack them show other
    /// characters, so they are a choice of the sender's country. Those of two languages may be mixed.
    pub languages: &'a [Language],
    /// Information elements that every segment carries besides those that the layout needs.
    pub elements: &'a [Ie<'a>],
    /// Whether segments are counted for references of 16 bits, which cost each of them an octet more.
    pub wide: bool,
}

/// How characters become units.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) alphabet: Alphabet,
    pub(super) shifts: Shifts,
}

impl<'a> Segmentation<'a> {
    /// Lays out any text; the empty one takes one message.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self::with(text, SegmentOptions::default())
    }

    /// Lays out any text with national tables or further information elements.
    #[must_use]
    pub fn with(text: &'a str, options: SegmentOptions<'a>) -> Self {
        let plain = Self::gsm7(text, Shifts::NONE, options);
        let plain = plain.unwrap_or_else(|| Self::ucs2(text, options));
        if plain.total == 1 {
            return plain;
        }
        let national = tables_of(options.languages);
        let national = national.filter_map(|shifts| Self::gsm7(text, shifts, options));
        // What every phone reads wins a tie, and of the tables the first ones.
        national.fold(plain, |best, plan| if plan.total < best.total { plan } else { best })
    }

    /// In GSM 7 bit, or nothing where the tables lack a character.
    fn gsm7(text: &'a str, shifts: Shifts, options: SegmentOptions<'a>) -> Option<Self> {
        let coding = Coding::gsm7(shifts);
        let mut units = 0;
        for piece in coding.pieces(text) {
            units += coding.septets(piece)?;
        }
        Some(Self::counted(text, coding, options, units))
    }

    fn ucs2(text: &'a str, options: SegmentOptions<'a>) -> Self {
        let units = text.chars().map(char::len_utf16).sum();
        Self::counted(text, Coding::UCS2, options, units)
    }

    fn counted(text: &'a str, coding: Coding, options: SegmentOptions<'a>, units: usize) -> Self {
        let SegmentOptions { elements, wide, .. } = options;
        let mut plan = Self { text, coding, elements, wide, units, total: 1, cut: Cut::Clusters };
        (plan.total, plan.cut) = plan.cuts_with(plan.width());
        plan
    }

    /// A reference of the width that segments are counted for.
    const fn width(&self) -> ConcatRef {
        if self.wide { ConcatRef::Wide(0) } else { ConcatRef::Narrow(0) }
    }

    /// The alphabet of all segments.
    #[must_use]
    pub const fn alphabet(&self) -> Alphabet {
        self.coding.alphabet
    }

    /// The national tables of all segments.
    #[must_use]
    pub const fn shifts(&self) -> Shifts {
        self.coding.shifts
    }

    /// A TP-DCS for the alphabet, without a message class.
    #[must_use]
    pub const fn dcs(&self) -> Dcs {
        Dcs::new(self.coding.alphabet)
    }

    /// Length of the text: septets, or UTF-16 units.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.units
    }

    /// Segments; more than 255 cannot be sent.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Units that one segment carries, beside a reference where there are several.
    #[must_use]
    pub fn per_segment(&self) -> usize {
        self.capacity((self.total > 1).then_some(self.width())).unwrap_or(0)
    }

    /// Units that the last segment still has room for.
    ///
    /// Walks the whole text.
    #[must_use]
    pub fn remaining(&self) -> usize {
        let capacity = self.per_segment();
        if self.total == 1 {
            return capacity.saturating_sub(self.units);
        }
        let mut rest = self.text;
        for _ in 1..self.total.min(self.text.len()) {
            (_, rest) = split(rest, self.coding, capacity, self.cut);
        }
        let used: usize = rest.chars().filter_map(|c| self.coding.units(c)).sum();
        capacity.saturating_sub(used)
    }

    /// The user data of each segment in order; without a concatenation element where there is one only.
    ///
    /// A reference of another width than the segments were counted for may change their number.
    ///
    /// # Errors
    /// More than 255 segments, or information elements that leave no room for text, or that contradict
    /// those which the layout writes itself.
    pub fn segments(&self, reference: ConcatRef) -> Result<Segments<'a>, EncodeError> {
        const OWN: [u8; 4] =
            [Ie::CONCAT_NARROW, Ie::CONCAT_WIDE, Ie::SINGLE_SHIFT, Ie::LOCKING_SHIFT];
        if self.elements.iter().any(|ie| OWN.contains(&ie.iei)) {
            return Err(EncodeError::contradicts("TP-UD.UDH.IE", "TP-UD.UDH"));
        }
        let counted = self.wide == matches!(reference, ConcatRef::Wide(_));
        let (total, cut) = if counted { (self.total, self.cut) } else { self.cuts_with(reference) };
        let max = usize::from(u8::MAX);
        let total = u8::try_from(total).map_err(|_| EncodeError::too_long("text", total, max))?;
        let rest = self.text;
        Ok(Segments { plan: *self, rest, reference, total, cut, sequence: 0 })
    }

    /// Segments with such a reference, `usize::MAX` where one has no room for a character, and where they are
    /// cut: clusters stay whole unless that takes a segment more.
    fn cuts_with(&self, reference: ConcatRef) -> (usize, Cut) {
        if self.capacity(None).is_some_and(|capacity| self.units <= capacity) {
            return (1, Cut::Clusters);
        }
        let capacity = self.capacity(Some(reference)).unwrap_or(0);
        if capacity < Coding::LONGEST && capacity < self.longest() {
            return (usize::MAX, Cut::Clusters);
        }
        let whole = self.count(capacity, Cut::Clusters);
        if whole == self.units.div_ceil(capacity) {
            return (whole, Cut::Clusters);
        }
        let fewest = self.count(capacity, Cut::Characters);
        if fewest < whole { (fewest, Cut::Characters) } else { (whole, Cut::Clusters) }
    }

    /// Segments of such a capacity, which is that of the longest character at least.
    fn count(&self, capacity: usize, cut: Cut) -> usize {
        let (mut rest, mut total) = (self.text, 0);
        while !rest.is_empty() {
            (_, rest) = split(rest, self.coding, capacity, cut);
            total += 1;
        }
        total
    }

    /// Units of the longest character; an empty text needs room for one all the same.
    fn longest(&self) -> usize {
        self.text.chars().filter_map(|c| self.coding.units(c)).max().unwrap_or(1)
    }

    /// Units beside the header, which in one of several segments has the concatenation element; nothing
    /// where the header alone is too long.
    fn capacity(&self, concat: Option<ConcatRef>) -> Option<usize> {
        let Shifts { locking, single } = self.coding.shifts;
        // Each shift element carries one octet.
        let shifts = 3 * (usize::from(locking.is_some()) + usize::from(single.is_some()));
        let elements: usize = self.elements.iter().map(Ie::octets).sum();
        let header = shifts + elements + concat.map_or(0, ConcatRef::element_octets);
        self.coding.capacity(if header == 0 { 0 } else { 1 + header })
    }
}

impl core::fmt::Debug for Segmentation<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Segmentation")
            .field("alphabet", &self.alphabet())
            .field("shifts", &self.shifts())
            .field("units", &self.units)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// The user data of each segment in order.
#[derive(Clone)]
pub struct Segments<'a> {
    plan: Segmentation<'a>,
    rest: &'a str,
    reference: ConcatRef,
    total: u8,
    cut: Cut,
    sequence: u8,
}

impl Iterator for Segments<'_> {
    type Item = UserData;

    fn next(&mut self) -> Option<UserData> {
        if self.sequence == self.total {
            return None;
        }
        self.sequence += 1;
        let head = self.take_head()?;
        // The plan has counted what goes in: neither the header nor the text can be too long.
        let header = self.header().ok()?;
        UserData::build(self.plan.coding, header.elements(), head).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.total.saturating_sub(self.sequence));
        (left, Some(left))
    }
}

impl ExactSizeIterator for Segments<'_> {}

impl core::fmt::Debug for Segments<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Segments")
            .field("reference", &self.reference)
            .field("total", &self.total)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl<'a> Segments<'a> {
    fn take_head(&mut self) -> Option<&'a str> {
        if self.total == 1 {
            return Some(self.rest);
        }
        let capacity = self.plan.capacity(Some(self.reference))?;
        let (head, rest) = split(self.rest, self.plan.coding, capacity, self.cut);
        self.rest = rest;
        Some(head)
    }

    fn header(&self) -> Result<HeaderWriter, EncodeError> {
        let Self { reference, total, sequence, .. } = *self;
        let mut header = HeaderWriter::default();
        if total > 1 {
            header.concat(Concat { reference, total, sequence })?;
        }
        header.shifts(self.plan.coding.shifts)?;
        for ie in self.plan.elements {
            header.element(ie.iei, ie.data)?;
        }
        Ok(header)
    }
}

impl Coding {
    pub(super) const UCS2: Self = Self { alphabet: Alphabet::Ucs2, shifts: Shifts::NONE };
    /// Units of the longest character: an escape or a surrogate pair.
    const LONGEST: usize = 2;

    pub(super) const fn gsm7(shifts: Shifts) -> Self {
        Self { alphabet: Alphabet::Gsm7, shifts }
    }

    /// The code of a character in GSM 7 bit.
    #[inline]
    pub(super) fn code(self, c: char) -> Option<gsm7::Code> {
        if self.shifts.is_none() { gsm7::Code::of(c) } else { gsm7::Code::with(c, self.shifts) }
    }

    pub(super) const fn pieces(self, text: &str) -> gsm7::Pieces<'_> {
        gsm7::Pieces::new(text, self.shifts.locking.is_some())
    }

    #[inline]
    fn septets(self, piece: Piece) -> Option<usize> {
        match piece {
            Piece::Eight(_) => Some(8),
            Piece::One(c) => self.code(c).map(gsm7::Code::septets),
        }
    }

    #[inline]
    fn units(self, c: char) -> Option<usize> {
        match self.alphabet {
            Alphabet::Gsm7 => self.code(c).map(gsm7::Code::septets),
            Alphabet::Data8 => Some(1),
            Alphabet::Ucs2 => Some(c.len_utf16()),
        }
    }

    /// Units that fit behind a header of `header` octets, UDHL included.
    const fn capacity(self, header: usize) -> Option<usize> {
        let Some(octets) = UserData::MAX_OCTETS.checked_sub(header) else { return None };
        Some(match self.alphabet {
            Alphabet::Gsm7 => septets::septets_in(UserData::MAX_OCTETS)
                .saturating_sub(septets::septets_over(header)),
            Alphabet::Data8 => octets,
            Alphabet::Ucs2 => octets / 2,
        })
    }
}

/// The ways to use the tables of these languages; first those that lock none, which do the least harm
/// where a phone lacks them.
fn tables_of(languages: &[Language]) -> impl Iterator<Item = Shifts> {
    let lockings = languages.iter().copied().filter(|language| language.has_locking());
    let lockings = iter::once(None).chain(lockings.map(Some));
    let all = lockings.flat_map(|locking| {
        let singles = iter::once(None).chain(languages.iter().copied().map(Some));
        singles.map(move |single| Shifts { locking, single })
    });
    all.filter(|shifts| !shifts.is_none())
}

/// Takes the longest head that has `capacity` units at the most and may be cut off.
fn split(text: &str, coding: Coding, capacity: usize, cut: Cut) -> (&str, &str) {
    let (mut at, mut units) = skip(text, coding, capacity);
    let Some(rest) = text.get(at..) else { return (text, "") };
    let mut next = None;
    for c in rest.chars() {
        units += coding.units(c).unwrap_or(Coding::LONGEST);
        if units > capacity {
            next = Some(c);
            break;
        }
        at += c.len_utf8();
    }
    let Some(next) = next else { return (text, "") };
    if cut == Cut::Characters {
        return text.split_at_checked(at).unwrap_or((text, ""));
    }
    // One character further decides whether a cluster ends; the cursor sees no more than that, so
    // that its work is bounded.
    let seen = text.get(..at + next.len_utf8());
    let end = seen.and_then(|seen| cluster_end(seen, at)).unwrap_or(at);
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Octets and units at the start of the text that fit without looking at each character.
fn skip(text: &str, coding: Coding, capacity: usize) -> (usize, usize) {
    let (mut at, mut units) = (0, 0);
    if coding.alphabet == Alphabet::Gsm7 {
        let mut pieces = coding.pieces(text);
        while units + 8 <= capacity
            && let Some(septets) = pieces.next().and_then(|piece| coding.septets(piece))
        {
            units += septets;
            at = text.len() - pieces.rest().len();
        }
    }
    (at, units)
}

/// The last boundary between clusters at or before `end`, if it is not the start.
fn cluster_end(text: &str, end: usize) -> Option<usize> {
    // Unicode annex 29, GB3 and GB4: of ASCII characters only CR and LF stay together.
    if let Some([before, after]) = text.as_bytes().get(end.checked_sub(1)?..)
        && before.is_ascii()
        && [*before, *after] != *b"\r\n"
    {
        return Some(end);
    }
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    if cursor.is_boundary(text, 0).ok()? {
        return Some(end);
    }
    cursor.prev_boundary(text, 0).ok()?.filter(|boundary| *boundary > 0)
}
