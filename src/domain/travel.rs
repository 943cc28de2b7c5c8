//! Where the guest is, and what follows from it: fixes, distance, bearing, approach, and
//! estimated arrival.
//!
//! In reading order: `fix` has reported positions, `track` decides which
//! fixes are believed and kept, `drive` tells whether the guest's way leads to the hotel, `approach`
//! estimates when they will arrive, and `evidence` is the summary that stays after the positions are deleted.
//!
//! This module does not decide whether a hold is extended; [`hold::end`](super::hold::end) does.

mod approach;
mod drive;
mod evidence;
mod fix;
mod track;

pub use approach::{Estimate, EstimateBasis};
pub use evidence::{Evidence, PositionSourceKind, Why, evidence};
pub use fix::{Fix, MAX_AHEAD, PositionSource, RouteEstimate};
pub use track::{MAX_FIXES, Track, TrackUpdate};
