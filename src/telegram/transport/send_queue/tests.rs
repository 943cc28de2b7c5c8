use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::lifecycle::Health;

const GROUP: i64 = -100;

/// Takes calls down, and does with them as told.
#[derive(Default)]
struct Pen {
    taken: Mutex<Vec<(i64, String, Instant)>>,
    /// How the next calls of a chat end.
    ends: Mutex<HashMap<i64, VecDeque<End>>>,
    /// Answers take so long.
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
impl BotApi for Pen {
    async fn call(&self, chat: i64, call: &Call) -> Result<i32, CallError> {
        let origin = match call {
            Call::Send(shown) => shown.html.clone(),
            Call::Picture(sheet) => sheet.html.clone(),
            Call::Edit(message, shown) => format!("{message}={}", shown.html),
            Call::Answer(query, _) => {
                tokio::time::sleep(self.answer_takes).await;
                query.clone()
            }
        };
        let taken = (chat, origin, Instant::now());
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
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

/// A sender at work.
struct Office {
    send_queue: SendQueue,
    pen: Arc<Pen>,
    health: Health,
    start: Instant,
    _work: JoinSet<()>,
}

fn office(pen: Pen) -> Office {
    let pen = Arc::new(pen);
    let (send_queue, work) = SendQueue::new(Arc::clone(&pen) as Arc<dyn BotApi>);
    let health = Health::default();
    let mut running = JoinSet::new();
    running.spawn(work.run(CancellationToken::new(), BotHealth::new(health.clone())));
    Office { send_queue, pen, health, start: Instant::now(), _work: running }
}

impl Office {
    /// The next calls into a chat end like this.
    fn ends(&self, chat: i64, ends: impl IntoIterator<Item = End>) {
        self.pen.ends.lock().unwrap().entry(chat).or_default().extend(ends);
    }

    async fn says(&self, chat: i64, priority: Priority, text: &str) {
        self.send_queue.post(chat, priority, Call::Send(MessageContent::text(text))).await;
    }

    async fn edits(&self, chat: i64, priority: Priority, message: i32, text: &str) {
        self.send_queue.post(chat, priority, Call::Edit(message, MessageContent::text(text))).await;
    }

    /// What was taken from a chat, with the seconds since the start.
    fn taken(&self, chat: i64) -> Vec<(String, u64)> {
        let taken = self.pen.taken.lock().unwrap();
        let of = |(into, origin, at): &(i64, String, Instant)| {
            (*into == chat).then(|| (origin.clone(), (*at - self.start).as_secs()))
        };
        taken.iter().filter_map(of).collect()
    }

    fn words(&self, chat: i64) -> Vec<String> {
        self.taken(chat).into_iter().map(|(origin, _)| origin).collect()
    }
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_gets_at_most_twenty_in_any_minute_edits_and_all() {
    let office = office(Pen::default());
    for number in 0..40 {
        office.says(GROUP, Priority::Notification, &number.to_string()).await;
        office.edits(GROUP, Priority::Notification, number, "new").await;
    }
    seconds(600).await;
    let mut taken: Vec<Instant> =
        office.pen.taken.lock().unwrap().iter().map(|(.., at)| *at).collect();
    taken.sort();
    assert_eq!(taken.len(), 80);
    for window in taken.windows(21) {
        assert!(window[20] - window[0] >= Duration::from_mins(1));
    }
    let words = office.words(GROUP);
    let is_edit = |origin: &&String| origin.contains('=');
    let last = words.iter().rposition(|origin| !origin.contains('=')).unwrap();
    let before = words[..last].iter().filter(is_edit).count();
    assert!((5..=20).contains(&before), "messages first, an edit every 15 s: {words:?}");
}

#[tokio::test(start_paused = true)]
async fn all_chats_get_at_most_thirty_in_any_second() {
    let office = office(Pen::default());
    for chat in 1..=200 {
        office.says(chat, Priority::Interactive, "a").await;
    }
    seconds(20).await;
    let taken = office.pen.taken.lock().unwrap();
    assert_eq!(taken.len(), 200);
    for window in taken.windows(31) {
        assert!(window[30].2 - window[0].2 >= Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_upkeep_edit_leaves_a_group_room_for_messages() {
    let office = office(Pen::default());
    for number in 0..20 {
        office.edits(GROUP, Priority::Background, number, "new").await;
    }
    seconds(1).await;
    assert_eq!(office.taken(GROUP).len(), 9, "one is left for a message");
    office.says(GROUP, Priority::Notification, "hello").await;
    office.edits(GROUP, Priority::Interactive, 90, "tapped").await;
    seconds(7).await;
    assert_eq!(office.words(GROUP)[9..11], ["hello", "90=tapped"]);
}

#[tokio::test(start_paused = true)]
async fn only_the_latest_content_of_a_message_is_sent_and_the_more_urgent_reader_counts() {
    let office = office(Pen::default());
    office.ends(7, [End::Takes(Duration::from_secs(5))]);
    office.says(7, Priority::Interactive, "slow").await;
    for text in ["one", "two", "three"] {
        office.edits(7, Priority::Background, 5, text).await;
    }
    office.edits(7, Priority::Background, 6, "other").await;
    office.edits(7, Priority::Interactive, 5, "tapped").await;
    office.edits(7, Priority::Background, 5, "latest").await;
    seconds(6).await;
    assert_eq!(office.words(7), ["slow", "5=latest", "6=other"]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_failed_gives_way_to_a_newer_one() {
    let office = office(Pen::default());
    office.ends(7, [End::FailsAfter(Duration::from_secs(2), CallError::Unreachable)]);
    office.edits(7, Priority::Interactive, 5, "first").await;
    seconds(1).await;
    office.edits(7, Priority::Background, 5, "second").await;
    seconds(2).await;
    office.edits(7, Priority::Background, 5, "third").await;
    seconds(60).await;
    assert_eq!(office.words(7), ["5=first", "5=second", "5=third"]);
}

#[tokio::test(start_paused = true)]
async fn of_three_edits_of_a_message_the_last_is_shown_last_whatever_failed() {
    let office = office(Pen::default());
    let pause = Duration::from_secs(2);
    office.ends(7, [End::Takes(pause), End::Fails(CallError::Unreachable)]);
    office.edits(7, Priority::Interactive, 5, "first").await;
    seconds(1).await;
    office.edits(7, Priority::Interactive, 5, "second").await;
    // The second has failed, and waits for another try.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(office.words(7), ["5=first", "5=second"]);
    office.edits(7, Priority::Interactive, 5, "third").await;
    seconds(60).await;
    assert_eq!(office.words(7), ["5=first", "5=second", "5=third"]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_lives_until_it_is_shown_or_replaced() {
    let office = office(Pen::default());
    office.ends(7, vec![End::Fails(CallError::Unreachable); 12]);
    office.edits(7, Priority::Background, 5, "new").await;
    seconds(3_600).await;
    let taken = office.taken(7);
    assert_eq!(taken.len(), 13);
    let pauses: Vec<u64> = taken.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    assert_eq!(pauses[..7], [1, 2, 4, 8, 16, 32, 60]);
    assert_eq!(pauses[11], 60);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_fails_holds_no_message_up() {
    let office = office(Pen::default());
    office.ends(7, vec![End::Fails(CallError::Unreachable); 3]);
    office.edits(7, Priority::Interactive, 5, "new").await;
    seconds(0).await;
    office.pen.ends.lock().unwrap().clear();
    office.says(7, Priority::Interactive, "hello").await;
    seconds(5).await;
    assert_eq!(office.words(7)[..2], ["5=new", "hello"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_fate_stays_unknown_is_sent_twice_at_most() {
    let office = office(Pen::default());
    office.ends(7, vec![End::Fails(CallError::Unknown); 9]);
    office.says(7, Priority::Interactive, "a").await;
    office.says(8, Priority::Interactive, "b").await;
    office.ends(8, vec![End::Fails(CallError::Unreachable); 4]);
    seconds(300).await;
    assert_eq!(office.words(7).len(), 2);
    assert_eq!(office.words(8).len(), 5, "what was surely not taken is tried on");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_crashes_stops_no_chat() {
    let office = office(Pen::default());
    office.ends(7, [End::Crashes]);
    office.says(7, Priority::Interactive, "crash").await;
    office.says(7, Priority::Interactive, "next").await;
    let sent = office
        .send_queue
        .send(7, Priority::Interactive, Call::Send(MessageContent::text("last")))
        .await;
    assert_eq!(sent, Ok(1));
    assert_eq!(office.words(7), ["crash", "next", "last"]);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_to_taps_block_no_message() {
    let office = office(Pen { answer_takes: Duration::from_secs(15), ..Pen::default() });
    for number in 0..200 {
        let answer = Call::Answer(number.to_string(), None);
        office.send_queue.post(0, Priority::Interactive, answer).await;
    }
    office.says(7, Priority::Interactive, "hello").await;
    seconds(1).await;
    assert_eq!(office.words(7), ["hello"]);
    seconds(120).await;
    let answered: HashSet<String> = office.words(0).into_iter().collect();
    assert_eq!(answered.len(), 200);
}

#[tokio::test(start_paused = true)]
async fn notifications_are_not_starved_by_guests_nor_delay_them() {
    let office = office(Pen::default());
    for chat in 1..=2_000 {
        office.says(chat, Priority::Interactive, "guest").await;
    }
    for number in 0..10 {
        office.says(GROUP, Priority::Notification, &number.to_string()).await;
    }
    seconds(70).await;
    let notifications: Vec<u64> = office.taken(GROUP).into_iter().map(|(_, at)| at).collect();
    assert!(notifications[0] <= 3, "{notifications:?}");
    assert_eq!(notifications.len(), 10, "{notifications:?}");
    assert!(*notifications.last().unwrap() <= 40, "{notifications:?}");
    seconds(12).await;
    assert_eq!(office.pen.taken.lock().unwrap().len(), 2_010, "80 s for 2,000 at 25 a second");
}

#[tokio::test(start_paused = true)]
async fn whose_turn_does_not_come_has_surely_sent_nothing() {
    let office = office(Pen::default());
    office.ends(7, [End::Takes(Duration::from_secs(10))]);
    office.says(7, Priority::Interactive, "slow").await;
    let late = office
        .send_queue
        .send(7, Priority::Interactive, Call::Send(MessageContent::text("late")))
        .await;
    assert_eq!(late, Err(CallError::Busy));
    assert_eq!((Instant::now() - office.start).as_secs(), PERMIT_TIMEOUT.as_secs());
    seconds(60).await;
    assert_eq!(office.words(7), ["slow"]);
}

#[tokio::test(start_paused = true)]
async fn who_has_a_turn_is_waited_for_but_not_for_ever() {
    let office = office(Pen::default());
    let permit = office.send_queue.permit(7, Priority::Notification).await.unwrap();
    office.says(7, Priority::Interactive, "next").await;
    seconds(1).await;
    assert!(office.words(7).is_empty());
    drop(office.send_queue.permit(8, Priority::Notification).await);
    seconds(6).await;
    assert_eq!(office.words(7), ["next"]);
    assert_eq!(permit.send(Call::Send(MessageContent::text("late"))).await, Err(CallError::Busy));
}

#[tokio::test(start_paused = true)]
async fn a_closed_chat_tells_those_who_cannot_wait_and_keeps_the_others() {
    let office = office(Pen::default());
    office.ends(7, [End::Fails(CallError::Wait(Duration::from_secs(30)))]);
    office.says(7, Priority::Interactive, "first").await;
    let send = |text: &str| {
        let send_queue = office.send_queue.clone();
        let call = Call::Send(MessageContent::text(text));
        async move { send_queue.send(7, Priority::Interactive, call).await }
    };
    assert_eq!(send("second").await, Err(CallError::Wait(Duration::from_secs(30))));
    let permit = office.send_queue.permit(7, Priority::Notification).await.unwrap();
    permit.send(Call::Send(MessageContent::text("patient"))).await.unwrap();
    let taken = office.taken(7);
    assert_eq!(taken[1..], [("first".to_owned(), 30), ("patient".to_owned(), 30)]);
}

#[tokio::test(start_paused = true)]
async fn telegram_being_away_for_long_is_said_and_healed_without_any_message() {
    let office = office(Pen::default());
    *office.pen.is_away.lock().unwrap() = true;
    office.says(7, Priority::Interactive, "lost").await;
    seconds(20).await;
    assert!(office.health.degraded().is_empty(), "not at once");
    seconds(100).await;
    assert_eq!(office.health.degraded()["telegram"], "Telegram cannot be reached");
    *office.pen.is_away.lock().unwrap() = false;
    seconds(31).await;
    assert!(office.health.degraded().is_empty());
}
