//! SIMCom SIM7500 and SIM7600.

use super::Family;

/// SIMCom SIM7500 and SIM7600. By the `SIM7500_SIM7600` Series AT Command Manual V3.00.
pub static SIM7600: Family = Family {
    name: "sim7600",
    models: &["SIM7600", "SIM7500"],
    usb: &[(0x1e0e, 0x9001)],
    iccid: "+CICCID",
    // 9.2.9: reports told whole (ds = 1) need mode 1.
    indications: &[[1, 1, 0, 1, 0], [2, 1, 0, 2, 0], [2, 1, 0, 0, 0]],
    ..Family::DEFAULT
};
