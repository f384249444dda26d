//! Proof that `ringpost-hal` needs neither std nor alloc: this library holds it, has a panic handler
//! of its own and no global allocator. If hal, or anything it depends on, pulls in alloc, the build
//! fails for want of an allocator; if it pulls in std, for having two panic handlers.
//!
//! Run it with `make hal-proof`.
#![no_std]

use core::panic::PanicInfo;

use ringpost_hal as _;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
