//! Modem families as data.
