//! Why octets are not a TPDU, and why a value cannot become one.

/// Octets that cannot be read: which field, where, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read {field} at octet {offset}: {kind}")]
pub struct DecodeError {
    /// The field in 3GPP words, nested with dots: `TP-UD.UDH.IE`.
    pub field: &'static str,
    /// Octets before the fault, counted from the first octet that was given.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DecodeErrorKind,
}

/// What is wrong with the octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// The octets end before the field does.
    #[error("octets missing: {missing}")]
    Short {
        /// Octets that would complete the field.
        missing: usize,
    },
    /// A length that the field cannot have.
    #[error("length {length} is more than {max}")]
    TooLong {
        /// The length found, in the field's own unit.
        length: usize,
        /// The largest length allowed, in the same unit.
        max: usize,
    },
    /// Octets follow where the TPDU ends.
    #[error("octets left over: {count}")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// The TP-MTI names another TPDU, or none.
    #[error("not of this message type")]
    WrongType,
    /// Not a pair of hexadecimal digits.
    #[error("not hexadecimal")]
    NotHex,
}

/// A value that no TPDU can carry: which field and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write {field}: {kind}")]
pub struct EncodeError {
    /// The field in 3GPP words, nested with dots: `TP-UD.UDH.IE`.
    pub field: &'static str,
    /// What is wrong with its value.
    pub kind: EncodeErrorKind,
}

/// What is wrong with the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeErrorKind {
    /// More than the field holds.
    #[error("length {length} is more than {max}")]
    TooLong {
        /// The length wanted, in the field's own unit.
        length: usize,
        /// The largest length allowed, in the same unit.
        max: usize,
    },
    /// A character that the field's alphabet lacks. It is not named: it may belong to a passcode.
    #[error("character {position} is not in the alphabet")]
    NotInAlphabet {
        /// Characters before it.
        position: usize,
    },
    /// A field that contradicts another one.
    #[error("contradicts {other}")]
    Contradicts {
        /// The other field.
        other: &'static str,
    },
    /// Nothing where something is needed.
    #[error("is empty")]
    Empty,
}

impl EncodeError {
    pub(super) const fn too_long(field: &'static str, length: usize, max: usize) -> Self {
        Self { field, kind: EncodeErrorKind::TooLong { length, max } }
    }

    pub(super) const fn contradicts(field: &'static str, other: &'static str) -> Self {
        Self { field, kind: EncodeErrorKind::Contradicts { other } }
    }
}
