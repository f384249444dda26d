//! Ringpost.
