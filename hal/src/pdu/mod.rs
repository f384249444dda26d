//! TPDU codec of 3GPP TS 23.040.
