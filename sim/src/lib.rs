//! Simulated modems, network and phones.
