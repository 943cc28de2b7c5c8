//! What the program asks of the operating system beyond the standard library: the time since the
//! machine booted, how many files it may open, how much a disk takes, a terminal that shows no secrets, and what a service
//! manager that starts it wants to know.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use rustix::fs::statvfs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use rustix::time::{ClockId, clock_gettime};
use sd_notify::NotifyState;
use tracing::warn;

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

/// The bytes that a program without special rights may still write into the folder of a file; `None`
/// if that is not known.
#[must_use]
pub fn free_space(file: &Path) -> Option<u64> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let disk = statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Sets whether the terminal on standard input shows what is typed. Without a terminal, nothing is
/// done.
pub fn show_typing(is_shown: bool) {
    let terminal = std::io::stdin();
    if let Ok(mut modes) = tcgetattr(&terminal) {
        modes.local_modes.set(LocalModes::ECHO, is_shown);
        // If it fails, the secret is seen by whoever types it.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
    }
}

/// What the service manager is told (`sd_notify(3)`). Without one, nothing is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// It answers requests.
    Ready,
    /// It ends.
    Stopping,
}

/// Tells the service manager in which state the program is.
pub fn tell_service_manager(state: ServiceState) {
    notify(match state {
        ServiceState::Ready => NotifyState::Ready,
        ServiceState::Stopping => NotifyState::Stopping,
    });
}

/// Tells the service manager that the program is alive, for ever, twice in the time that it allows.
/// Without a watchdog this never ends and does nothing. A program whose tasks no longer run is then
/// started anew.
pub async fn keep_alive() -> Infallible {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut ticks = tokio::time::interval(limit / 2);
    loop {
        ticks.tick().await;
        notify(NotifyState::Watchdog);
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "the service manager was not told");
    }
}
