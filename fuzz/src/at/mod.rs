//! What a modem may say: bytes, lines and whole dialogues.

pub mod dialogue;
pub mod frames;
pub mod lines;
