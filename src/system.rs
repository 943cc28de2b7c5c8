//! What the program asks of the operating system beyond the standard library: the time since the
//! machine booted, and how many files it may open.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The most file descriptors that the program asks for.
const ENOUGH_DESCRIPTORS: u64 = 65_536;

/// How long the machine has run since it booted, with the time that it slept. Nobody can set this
/// clock.
#[must_use]
pub fn time_since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// Raises the limit of open files as far as the system lets this program, and returns it.
#[must_use]
pub fn raise_descriptor_limit() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(ENOUGH_DESCRIPTORS, |most| most.min(ENOUGH_DESCRIPTORS));
    let current = current.unwrap_or(ENOUGH_DESCRIPTORS);
    let is_raised = current < wanted
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    let limit = if is_raised { wanted } else { current };
    usize::try_from(limit).unwrap_or(usize::MAX)
}
