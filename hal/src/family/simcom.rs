//! What `SIMCom`'s families have in common in calls.

use super::{
    Around, Ends, Files, Header, Speech, Tells, Wants,
    call::{LISTED, Means},
};
use crate::call::Stage;

/// What the LTE modules say of calls. `VOICE CALL: BEGIN` comes at the answer with some firmware, and at the
/// dialling with others.
pub(super) const LTE_TELLS: &[Tells] = &[
    LISTED,
    Tells::new("VOICE CALL: BEGIN", Means::Stir),
    Tells::new("VOICE CALL: END", Means::Stir),
];

/// What the GSM modules say of calls, with `+MORING=1`.
pub(super) const GSM_TELLS: &[Tells] = &[
    LISTED,
    Tells::new("MO RING", Means::Is(Stage::Alerting)),
    Tells::new("MO CONNECTED", Means::Is(Stage::Active)),
];

/// Files of the LTE modules, all but how they are played. `+CFTRANRX` is hard on some when a file is large: what
/// is written here is one phrase.
pub(super) const LTE_FILES: Files = Files {
    create: None,
    write: Around("+CFTRANRX=\"c:/", "\""),
    header: Header::Length,
    wants: Wants::Prompt,
    chunk: 512 * 1024,
    folder: &["+FSCD=C:"],
    list: "+FSLS",
    delete: Around("+FSDEL=\"", "\""),
    play: Around("+CCMXPLAY=\"c:/", "\",1,0"),
    stop: "+CCMXSTOP",
    ends: Ends::Words {
        played: "+AUDIOSTATE: audio play stop",
        failed: "+AUDIOSTATE: audio play error",
    },
    room: 2 * 1024 * 1024,
};

/// `+CTTS` of all of them: 1 = the text in UCS2.
pub(super) const SPEECH: Speech = Speech {
    say: Around("+CTTS=1,\"", "\""),
    longest: 120,
    stop: "+CTTS=0",
    ends: Ends::Code("+CTTS"),
};
