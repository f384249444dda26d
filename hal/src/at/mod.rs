//! AT dialogue: bytes in, values out.
