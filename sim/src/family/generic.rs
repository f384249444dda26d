//! A modem that does what the standards say, and no more.

use super::{Profile, calls::Voice};

pub(super) const PROFILE: Profile = Profile { voice: Some(&Voice::STANDARD), ..Profile::STANDARD };
