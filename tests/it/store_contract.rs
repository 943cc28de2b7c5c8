//! The store contract: one suite of tests that runs against every store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jatah::domain::Change;
use jatah::store::{Changes, Cursor, FeedEvent, Filter, Store, StoreError};

use crate::build::{day, today};

mod credentials;
mod feed;
mod notifications;
mod pages;
mod personal_data;
mod races;
mod rooms;
mod steps;
mod waiting;

/// Runs every case on a fresh empty store. `$open` returns the store and a guard to keep until the
/// end.
macro_rules! contract {
    ($store:ident, $open:path) => {
        mod $store {
            cases!($open, races:
                one_of_many_guests_gets_the_last_room,
                two_hundred_guests_book_at_once_under_distinct_receipt_numbers,
                a_guest_who_books_many_times_at_once_gets_what_the_limit_allows,
                a_repeated_request_is_answered_with_what_it_made,
                a_request_that_comes_twice_in_one_batch_makes_one_booking,
                a_booking_is_checked_for_request_then_number_then_limits_then_rooms,
                a_refused_booking_writes_nothing,
                a_stale_step_is_refused_and_writes_nothing,
                of_two_steps_of_one_booking_in_one_batch_the_first_wins,
                a_step_of_an_unknown_booking_is_stale,
                a_batch_judges_each_commit_by_what_the_earlier_ones_left,
                a_commit_sent_again_is_never_done_twice,
                a_later_step_takes_rooms_and_limits_as_the_first_one_does,
                a_stay_that_is_moved_takes_and_frees_only_what_differs,
                a_commit_of_several_bookings_is_written_whole_or_not_at_all,
                an_amended_booking_is_found_by_its_new_words_only,
                several_steps_of_a_new_booking_are_written_together_or_not_at_all,
                receipt_numbers_are_handed_out_once,
            );
            cases!($open, rooms:
                a_cancelled_booking_frees_exactly_what_it_took,
                a_paid_booking_keeps_its_rooms_and_gives_its_limit_back_once,
                a_stay_takes_all_its_nights_or_none,
                an_allotment_beats_the_configured_number,
                an_allotment_below_what_is_sold_is_refused_with_the_number,
                an_allotment_is_set_on_all_of_its_nights_or_on_none,
                a_closed_type_sells_nothing_more_even_when_a_room_is_freed,
                an_allotment_can_be_set_for_a_night_without_bookings,
            );
            cases!($open, waiting:
                a_freed_room_is_offered_to_the_first_in_line_by_the_same_commit,
                an_offer_that_is_not_taken_goes_to_the_next_in_line,
                holds_that_end_together_are_offered_together,
                nobody_overtakes_the_line,
                a_guest_who_wants_two_nights_is_offered_only_both,
                a_raised_allotment_is_offered_and_a_closed_type_is_not,
                a_guest_at_the_limit_is_passed_over,
                who_may_wait_and_who_may_not,
                nobody_waits_past_the_day_of_check_in,
                rooms_that_are_free_at_the_start_are_offered,
                no_room_is_idle_and_none_is_sold_twice_whatever_two_nodes_do,
            );
            cases!($open, steps:
                history_tells_every_kind_of_step_with_the_state_that_it_produced,
                positions_do_not_change_the_revision_and_are_deleted_with_the_hold,
                positions_of_an_unknown_booking_are_not_kept,
                wakes_are_those_of_pending_bookings,
            );
            cases!($open, feed:
                the_feed_gives_every_change_once_in_order_with_its_state,
                the_feed_of_concurrent_bookings_has_all_that_succeeded_in_one_order,
                a_cursor_resumes_and_misses_nothing,
                the_start_of_a_stream_is_a_cursor_too,
                a_malformed_cursor_is_not_found,
                a_replay_is_what_lies_between_two_cursors_and_ends,
                a_replay_contains_only_changes,
            );
            cases!($open, notifications:
                a_notification_is_owed_until_it_is_settled,
                the_first_outcome_of_a_notification_is_kept,
                a_notification_that_was_given_up_is_listed_as_undelivered,
                a_lease_can_be_taken_when_it_has_ended_or_is_the_nodes_own,
                only_one_of_many_nodes_gets_a_lease,
                of_many_leases_asked_for_at_once_each_has_its_own_outcome,
                a_notification_that_is_settled_or_never_was_has_no_lease,
            );
            cases!($open, pages:
                pages_run_from_the_newest_booking_without_gaps_and_doubles,
                number_1000_of_a_day_comes_after_number_999,
                pages_filter_by_status_and_check_in,
                matches_are_counted_up_to_a_bound,
                the_bookings_of_a_day_are_all_found_and_no_others,
                a_search_finds_the_beginnings_of_words,
                a_search_has_pages_and_other_conditions,
                a_page_shows_where_guests_are,
                many_bookings_are_asked_for_at_once,
                an_empty_store_has_an_empty_page,
            );
            cases!($open, personal_data:
                a_guest_who_wishes_it_is_shown_everything_and_then_forgotten,
                a_telegram_guest_is_forgotten_with_the_state_of_the_bot,
                names_and_then_bookings_go_when_they_are_old_and_nothing_before,
            );
            cases!($open, credentials:
                a_code_is_taken_once_among_many,
                a_session_is_read_by_its_secret_until_it_is_taken,
                the_running_sessions_are_listed_and_their_ends_are_published,
                codes_and_sessions_are_different_things,
                the_signing_key_is_the_first_one_for_everybody,
                a_value_is_read_by_its_name_and_a_later_one_replaces_it,
                of_several_who_store_a_value_if_there_is_none_one_does,
                a_value_that_is_kept_for_years_does_not_shorten_the_life_of_another,
                a_closed_store_is_unavailable,
            );
        }
    };
}

macro_rules! cases {
    ($open:path, $group:ident: $($case:ident),* $(,)?) => {
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (_guard, store) = $open().await;
                    crate::store_contract::$group::$case(store).await;
                }
            )*
        }
    };
}

contract!(sqlite, crate::sqlite::open);
contract!(mongo, crate::mongo::open);

type SharedStore = Arc<dyn Store>;

/// Checks for every room type and night that as many rooms are taken as there are bookings that take
/// one.
async fn assert_claims_are_the_live_bookings(store: &dyn Store) {
    let mut live = BTreeMap::new();
    let page = store.page(&Filter::default(), 10_000, None).await.unwrap();
    assert!(!page.has_next);
    for tracked in page.bookings.iter().filter(|tracked| tracked.booking.takes_room()) {
        for night in tracked.booking.stay.each_night() {
            *live.entry((night, tracked.booking.stay.room.code.clone())).or_insert(0) += 1;
        }
    }
    let nights = store.nights(today(), 27).await.unwrap();
    let claims: BTreeMap<_, _> = nights
        .into_iter()
        .filter(|night| night.taken > 0)
        .map(|night| ((night.night, night.room), night.taken))
        .collect();
    assert_eq!(claims, live);
}

/// How many rooms of a type are taken on a day of the month of the epoch.
async fn taken(store: &dyn Store, code: &str, on: u32) -> u32 {
    let nights = store.nights(day(on), 1).await.unwrap();
    nights.iter().find(|night| night.room.as_str() == code).map_or(0, |night| night.taken)
}

/// The next event of a feed.
async fn next(changes: &mut Changes) -> Result<(Cursor, FeedEvent), StoreError> {
    let next = tokio::time::timeout(Duration::from_secs(10), changes.stream.next());
    next.await.expect("the next event comes in time").expect("the feed does not end")
}

/// The next change of a feed. Skips moved positions and settled notifications.
async fn next_change(changes: &mut Changes) -> (Cursor, Arc<Change>) {
    loop {
        if let (cursor, FeedEvent::Changed { change, .. }) = next(changes).await.unwrap() {
            return (cursor, change);
        }
    }
}
