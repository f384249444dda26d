//! What calls say, as it is heard.

mod recognised;
