use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::*;
use crate::lifecycle::Health;

const GROUP: i64 = -100;

/// A Bot API that records the calls, and lets them end as the test says.
#[derive(Default)]
struct FakeApi {
    calls: Mutex<Vec<(i64, String, Instant)>>,
    /// How the next calls of a chat end.
    ends: Mutex<HashMap<i64, VecDeque<End>>>,
    /// How long answers to callback queries take.
    answer_takes: Duration,
    is_away: Mutex<bool>,
}

#[derive(Clone)]
enum End {
    Fails(CallError),
    Takes(Duration),
    FailsAfter(Duration, CallError),
    Crashes,
}

#[async_trait]
impl BotApi for FakeApi {
    async fn call(&self, chat: i64, call: &Call) -> Result<i32, CallError> {
        let text = match call {
            Call::Send(content) => content.html.clone(),
            Call::Picture(photo) => photo.html.clone(),
            Call::PassPicture(picture) => picture.html.clone(),
            Call::Venue(venue) => venue.title.clone(),
            Call::Edit(message, content) => format!("{message}={}", content.html),
            Call::Answer(query, _) => {
                tokio::time::sleep(self.answer_takes).await;
                query.clone()
            }
        };
        let entry = (chat, text, Instant::now());
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        self.ping().await?;
        let end = self.ends.lock().unwrap().get_mut(&chat).and_then(VecDeque::pop_front);
        match end {
            None => Ok(1),
            Some(End::Fails(failure)) => Err(failure),
            Some(End::Takes(time)) => {
                tokio::time::sleep(time).await;
                Ok(1)
            }
            Some(End::FailsAfter(time, failure)) => {
                tokio::time::sleep(time).await;
                Err(failure)
            }
            Some(End::Crashes) => panic!("of a test"),
        }
    }

    async fn ping(&self) -> Result<(), CallError> {
        if *self.is_away.lock().unwrap() { Err(CallError::Unreachable) } else { Ok(()) }
    }
}

/// A running send queue.
struct Harness {
    send_queue: SendQueue,
    api: Arc<FakeApi>,
    health: Health,
    start: Instant,
    _work: JoinSet<()>,
}

fn harness(api: FakeApi) -> Harness {
    let api = Arc::new(api);
    let (send_queue, work) = SendQueue::new(Arc::clone(&api) as Arc<dyn BotApi>);
    let health = Health::default();
    let mut running = JoinSet::new();
    running.spawn(work.run(CancellationToken::new(), BotHealth::new(health.clone())));
    Harness { send_queue, api, health, start: Instant::now(), _work: running }
}

impl Harness {
    /// Sets how the next calls to a chat end.
    fn ends(&self, chat: i64, ends: impl IntoIterator<Item = End>) {
        self.api.ends.lock().unwrap().entry(chat).or_default().extend(ends);
    }

    async fn post(&self, chat: i64, priority: Priority, text: &str) {
        self.send_queue.post(chat, priority, Call::Send(MessageContent::text(text))).await;
    }

    async fn edit(&self, chat: i64, priority: Priority, message: i32, text: &str) {
        self.send_queue.post(chat, priority, Call::Edit(message, MessageContent::text(text))).await;
    }

    /// The texts that were sent to a chat, with the seconds since the start.
    fn sent(&self, chat: i64) -> Vec<(String, u64)> {
        let calls = self.api.calls.lock().unwrap();
        let of = |(to, text, at): &(i64, String, Instant)| {
            (*to == chat).then(|| (text.clone(), (*at - self.start).as_secs()))
        };
        calls.iter().filter_map(of).collect()
    }

    fn texts(&self, chat: i64) -> Vec<String> {
        self.sent(chat).into_iter().map(|(text, _)| text).collect()
    }
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_gets_at_most_twenty_in_any_minute_edits_and_all() {
    let harness = harness(FakeApi::default());
    for number in 0..40 {
        harness.post(GROUP, Priority::Notification, &number.to_string()).await;
        harness.edit(GROUP, Priority::Notification, number, "new").await;
    }
    seconds(600).await;
    let mut calls: Vec<Instant> =
        harness.api.calls.lock().unwrap().iter().map(|(.., at)| *at).collect();
    calls.sort();
    assert_eq!(calls.len(), 80);
    for window in calls.windows(21) {
        assert!(window[20] - window[0] >= Duration::from_mins(1));
    }
    let texts = harness.texts(GROUP);
    let is_edit = |text: &&String| text.contains('=');
    let last = texts.iter().rposition(|text| !text.contains('=')).unwrap();
    let before = texts[..last].iter().filter(is_edit).count();
    assert!((5..=20).contains(&before), "messages first, an edit every 15 s: {texts:?}");
}

#[tokio::test(start_paused = true)]
async fn all_chats_get_at_most_thirty_in_any_second() {
    let harness = harness(FakeApi::default());
    for chat in 1..=200 {
        harness.post(chat, Priority::Interactive, "a").await;
    }
    seconds(20).await;
    let calls = harness.api.calls.lock().unwrap();
    assert_eq!(calls.len(), 200);
    for window in calls.windows(31) {
        assert!(window[30].2 - window[0].2 >= Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn background_edits_leave_some_of_the_limit_of_a_group_for_messages() {
    let harness = harness(FakeApi::default());
    for number in 0..20 {
        harness.edit(GROUP, Priority::Background, number, "new").await;
    }
    seconds(1).await;
    assert_eq!(harness.sent(GROUP).len(), 9, "one is left for a message");
    harness.post(GROUP, Priority::Notification, "hello").await;
    harness.edit(GROUP, Priority::Interactive, 90, "tapped").await;
    seconds(7).await;
    assert_eq!(harness.texts(GROUP)[9..11], ["hello", "90=tapped"]);
}

#[tokio::test(start_paused = true)]
async fn only_the_latest_content_of_a_message_is_sent_with_the_highest_priority() {
    let harness = harness(FakeApi::default());
    harness.ends(7, [End::Takes(Duration::from_secs(5))]);
    harness.post(7, Priority::Interactive, "slow").await;
    for text in ["one", "two", "three"] {
        harness.edit(7, Priority::Background, 5, text).await;
    }
    harness.edit(7, Priority::Background, 6, "other").await;
    harness.edit(7, Priority::Interactive, 5, "tapped").await;
    harness.edit(7, Priority::Background, 5, "latest").await;
    seconds(6).await;
    assert_eq!(harness.texts(7), ["slow", "5=latest", "6=other"]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_failed_gives_way_to_a_newer_one() {
    let harness = harness(FakeApi::default());
    harness.ends(7, [End::FailsAfter(Duration::from_secs(2), CallError::Unreachable)]);
    harness.edit(7, Priority::Interactive, 5, "first").await;
    seconds(1).await;
    harness.edit(7, Priority::Background, 5, "second").await;
    seconds(2).await;
    harness.edit(7, Priority::Background, 5, "third").await;
    seconds(60).await;
    assert_eq!(harness.texts(7), ["5=first", "5=second", "5=third"]);
}

#[tokio::test(start_paused = true)]
async fn of_three_edits_of_a_message_the_last_is_made_last_whatever_failed() {
    let harness = harness(FakeApi::default());
    let pause = Duration::from_secs(2);
    harness.ends(7, [End::Takes(pause), End::Fails(CallError::Unreachable)]);
    harness.edit(7, Priority::Interactive, 5, "first").await;
    seconds(1).await;
    harness.edit(7, Priority::Interactive, 5, "second").await;
    // The second has failed, and waits to be tried again.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(harness.texts(7), ["5=first", "5=second"]);
    harness.edit(7, Priority::Interactive, 5, "third").await;
    seconds(60).await;
    assert_eq!(harness.texts(7), ["5=first", "5=second", "5=third"]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_tried_until_it_is_made_or_replaced() {
    let harness = harness(FakeApi::default());
    harness.ends(7, vec![End::Fails(CallError::Unreachable); 12]);
    harness.edit(7, Priority::Background, 5, "new").await;
    seconds(3_600).await;
    let calls = harness.sent(7);
    assert_eq!(calls.len(), 13);
    let pauses: Vec<u64> = calls.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    assert_eq!(pauses[..7], [1, 2, 4, 8, 16, 32, 60]);
    assert_eq!(pauses[11], 60);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_fails_delays_no_message() {
    let harness = harness(FakeApi::default());
    harness.ends(7, vec![End::Fails(CallError::Unreachable); 3]);
    harness.edit(7, Priority::Interactive, 5, "new").await;
    seconds(0).await;
    harness.api.ends.lock().unwrap().clear();
    harness.post(7, Priority::Interactive, "hello").await;
    seconds(5).await;
    assert_eq!(harness.texts(7)[..2], ["5=new", "hello"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_with_an_unknown_outcome_is_sent_twice_at_most() {
    let harness = harness(FakeApi::default());
    harness.ends(7, vec![End::Fails(CallError::Unknown); 9]);
    harness.post(7, Priority::Interactive, "a").await;
    harness.post(8, Priority::Interactive, "b").await;
    harness.ends(8, vec![End::Fails(CallError::Unreachable); 4]);
    seconds(300).await;
    assert_eq!(harness.texts(7).len(), 2);
    assert_eq!(harness.texts(8).len(), 5, "a call that surely failed is tried again");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_stops_no_chat() {
    let harness = harness(FakeApi::default());
    harness.ends(7, [End::Crashes]);
    harness.post(7, Priority::Interactive, "crash").await;
    harness.post(7, Priority::Interactive, "next").await;
    let sent = harness
        .send_queue
        .send(7, Priority::Interactive, Call::Send(MessageContent::text("last")))
        .await;
    assert_eq!(sent, Ok(1));
    assert_eq!(harness.texts(7), ["crash", "next", "last"]);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_to_callback_queries_delay_no_message() {
    let harness = harness(FakeApi { answer_takes: Duration::from_secs(15), ..FakeApi::default() });
    for number in 0..200 {
        let answer = Call::Answer(number.to_string(), None);
        harness.send_queue.post(0, Priority::Interactive, answer).await;
    }
    harness.post(7, Priority::Interactive, "hello").await;
    seconds(1).await;
    assert_eq!(harness.texts(7), ["hello"]);
    seconds(120).await;
    let answered: HashSet<String> = harness.texts(0).into_iter().collect();
    assert_eq!(answered.len(), 200);
}

#[tokio::test(start_paused = true)]
async fn notifications_are_not_starved_by_guests_nor_delay_them() {
    let harness = harness(FakeApi::default());
    for chat in 1..=2_000 {
        harness.post(chat, Priority::Interactive, "guest").await;
    }
    for number in 0..10 {
        harness.post(GROUP, Priority::Notification, &number.to_string()).await;
    }
    seconds(70).await;
    let notifications: Vec<u64> = harness.sent(GROUP).into_iter().map(|(_, at)| at).collect();
    assert!(notifications[0] <= 3, "{notifications:?}");
    assert_eq!(notifications.len(), 10, "{notifications:?}");
    assert!(*notifications.last().unwrap() <= 40, "{notifications:?}");
    seconds(12).await;
    assert_eq!(harness.api.calls.lock().unwrap().len(), 2_010, "80 s for 2,000 at 25 a second");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_begin_in_time_is_never_made() {
    let harness = harness(FakeApi::default());
    harness.ends(7, [End::Takes(Duration::from_secs(10))]);
    harness.post(7, Priority::Interactive, "slow").await;
    let late = harness
        .send_queue
        .send(7, Priority::Interactive, Call::Send(MessageContent::text("late")))
        .await;
    assert_eq!(late, Err(CallError::Busy));
    assert_eq!((Instant::now() - harness.start).as_secs(), PERMIT_TIMEOUT.as_secs());
    seconds(60).await;
    assert_eq!(harness.texts(7), ["slow"]);
}

#[tokio::test(start_paused = true)]
async fn a_chat_waits_for_a_granted_permit_but_not_for_ever() {
    let harness = harness(FakeApi::default());
    let permit = harness.send_queue.permit(7, Priority::Notification).await.unwrap();
    harness.post(7, Priority::Interactive, "next").await;
    seconds(1).await;
    assert!(harness.texts(7).is_empty());
    drop(harness.send_queue.permit(8, Priority::Notification).await);
    seconds(6).await;
    assert_eq!(harness.texts(7), ["next"]);
    assert_eq!(permit.send(Call::Send(MessageContent::text("late"))).await, Err(CallError::Busy));
}

#[tokio::test(start_paused = true)]
async fn a_closed_chat_refuses_awaited_calls_and_keeps_the_others() {
    let harness = harness(FakeApi::default());
    harness.ends(7, [End::Fails(CallError::Wait(Duration::from_secs(30)))]);
    harness.post(7, Priority::Interactive, "first").await;
    let send = |text: &str| {
        let send_queue = harness.send_queue.clone();
        let call = Call::Send(MessageContent::text(text));
        async move { send_queue.send(7, Priority::Interactive, call).await }
    };
    assert_eq!(send("second").await, Err(CallError::Wait(Duration::from_secs(30))));
    let permit = harness.send_queue.permit(7, Priority::Notification).await.unwrap();
    permit.send(Call::Send(MessageContent::text("patient"))).await.unwrap();
    let calls = harness.sent(7);
    assert_eq!(calls[1..], [("first".to_owned(), 30), ("patient".to_owned(), 30)]);
}

#[tokio::test(start_paused = true)]
async fn a_long_outage_is_reported_and_its_end_is_noticed_without_any_message() {
    let harness = harness(FakeApi::default());
    *harness.api.is_away.lock().unwrap() = true;
    harness.post(7, Priority::Interactive, "lost").await;
    seconds(20).await;
    assert!(harness.health.degraded().is_empty(), "not at once");
    seconds(100).await;
    assert_eq!(
        harness.health.degraded()["telegram"],
        "Telegram tidak bisa dihubungi (Telegram cannot be reached)"
    );
    *harness.api.is_away.lock().unwrap() = false;
    seconds(31).await;
    assert!(harness.health.degraded().is_empty());
}
