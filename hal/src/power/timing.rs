//! How long modules want their lines held.

/// How long a module wants its lines held, in milliseconds at the module's own pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// PWRKEY, to switch it on.
    pub on_ms: u32,
    /// PWRKEY, to switch it off.
    pub off_ms: u32,
    /// From the end of a pulse until it answers, at most.
    pub ready_ms: u32,
    /// From the request or the pulse until it is off, at most.
    pub down_ms: u32,
    /// RESET.
    pub reset_ms: u32,
}

impl Timing {
    /// SIM800, SIM868, SIM900: "`SIM800` Series Hardware Design", 1 s and more to switch on, 1 to 3 s
    /// to switch off; the key of a FONA wants 2 s.
    pub const SIM800: Self =
        Self { on_ms: 1200, off_ms: 2000, ready_ms: 5000, down_ms: 4000, reset_ms: 150 };
    /// SIM7000, SIM7070, SIM7080: 1 s to switch on, 1.2 s to switch off.
    pub const SIM7000: Self =
        Self { on_ms: 1000, off_ms: 1300, ready_ms: 6000, down_ms: 4000, reset_ms: 300 };
    /// SIM7500, SIM7600: "SIM7600 Series Hardware Design", 0.5 s to switch on, 2.5 s to switch
    /// off; up to 22 s until it answers on USB.
    pub const SIM7600: Self =
        Self { on_ms: 500, off_ms: 3000, ready_ms: 22_000, down_ms: 18_000, reset_ms: 200 };
    /// A7670, SIM7670: 0.1 s to switch on, where the key of a board that wants more does no harm.
    pub const A76XX: Self =
        Self { on_ms: 100, off_ms: 3000, ready_ms: 12_000, down_ms: 6000, reset_ms: 2600 };
    /// EC25, EG25: "EC25 Hardware Design", 0.5 s to switch on, 0.65 s to switch off, reset 150 to
    /// 460 ms; `RDY` within 13 s.
    pub const EC25: Self =
        Self { on_ms: 600, off_ms: 750, ready_ms: 13_000, down_ms: 30_000, reset_ms: 300 };
    /// u-blox SARA-R4, LARA-R2: 1.5 s each; up to 10 s until it answers.
    pub const SARA: Self =
        Self { on_ms: 1500, off_ms: 1500, ready_ms: 10_000, down_ms: 5000, reset_ms: 100 };
    /// Telit ME910 and LE910: 5 s each.
    pub const TELIT: Self =
        Self { on_ms: 5050, off_ms: 5050, ready_ms: 15_000, down_ms: 10_000, reset_ms: 250 };
}
