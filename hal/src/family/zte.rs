//! ZTE sticks (MF series, K3565-Z and the like).

use super::{Family, Usb};
use crate::at::{Query, Seconds};

/// ZTE `MF1xx`, `MF6xx`, `MF8xx`, K3565-Z. No manual is public; by what sticks are seen to say.
pub static ZTE: Family = Family {
    name: "zte",
    proof: Some("https://github.com/gammu/gammu/issues/119"),
    models: &["K3565-Z", "K3765-Z", "K3805-Z"],
    makers: &["ZTE"],
    usb: &[
        Usb::new(0x19d2, 0x0031),
        Usb::new(0x19d2, 0x0117),
        Usb::new(0x19d2, 0x0016),
        Usb::new(0x19d2, 0x2003),
    ],
    // +ZOPRT=5 switches the radio on, +ZCDRUN=8 keeps it from coming back as a disk.
    pre_init: &["+ZOPRT=5", "+ZCDRUN=8"],
    // Reads its whole SIM before it answers about it.
    sim_busy: Seconds(45),
    iccid: None,
    pin_counters: &[Query::new("+ZPINPUK=?", "+ZPINPUK")],
    restart: None,
    // ATD is answered in words of its own, and the sticks have no sound.
    call: None,
    ..Family::DEFAULT
};
