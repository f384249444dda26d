//! A modem that does what the standards say, and no more.

use super::Profile;

pub(super) const PROFILE: Profile = Profile::STANDARD;
