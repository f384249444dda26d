//! A modem of which nothing is known but that it follows the standards.

use super::Family;

/// A careful choice for any modem.
pub static GENERIC: Family = Family::DEFAULT;
