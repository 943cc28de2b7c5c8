//! Two nodes over one store, with a clock that the test moves.

use std::sync::Mutex;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::domain::tests::build::{moment, policy, time};
use crate::store::sqlite::SqliteStore;

/// A job that notes for which moments it was done.
#[derive(Default)]
struct TestJob {
    done: Mutex<Vec<String>>,
    failures: Mutex<u32>,
    takes: Duration,
    is_short_lived: bool,
}

#[async_trait]
impl DailyJob for TestJob {
    fn name(&self) -> &'static str {
        "test"
    }

    fn at(&self) -> NaiveTime {
        time("06:15:00")
    }

    fn useful_for(&self) -> TimeDelta {
        if self.is_short_lived { TimeDelta::hours(6) } else { TimeDelta::days(1) }
    }

    async fn run(&self, due: Moment) -> Result<(), JobFailed> {
        tokio::time::sleep(self.takes).await;
        {
            let mut failures = self.failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Err(JobFailed::because("as told"));
            }
        }
        self.done.lock().unwrap().push(due.to_rfc3339());
        Ok(())
    }
}

/// A house with a store of its own. Its clock runs with tokio's, which is paused.
struct House {
    store: Arc<SqliteStore>,
    clock: Clock,
    _folder: TempDir,
}

impl House {
    fn at(now: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("jatah.db")).unwrap());
        Self { store, clock: Clock::anchored(moment(now)), _folder: folder }
    }

    /// Starts a node. It dies with what is returned.
    fn start(&self, job: &Arc<TestJob>) -> JoinSet<()> {
        let jobs: Vec<Arc<dyn DailyJob>> = vec![Arc::<TestJob>::clone(job)];
        let values = Arc::<SqliteStore>::clone(&self.store);
        let jobs = DailyJobs::new(jobs, values, policy().hotel, self.clock.clone());
        let mut node = JoinSet::new();
        node.spawn(jobs.run(CancellationToken::new()));
        node
    }
}

async fn pass(minutes: u64) {
    tokio::time::sleep(Duration::from_mins(minutes)).await;
}

fn done(job: &TestJob) -> Vec<String> {
    job.done.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn of_two_nodes_that_start_right_after_the_moment_one_does_the_job() {
    let house = House::at("2026-01-05T06:15:01+07:00");
    let jobs = [Arc::<TestJob>::default(), Arc::<TestJob>::default()];
    let _nodes = jobs.each_ref().map(|job| house.start(job));
    pass(60).await;
    let all = [done(&jobs[0]), done(&jobs[1])].concat();
    assert_eq!(all, ["2026-01-04T23:15:00+00:00"]);
    pass(24 * 60).await;
    let all = [done(&jobs[0]), done(&jobs[1])].concat();
    assert_eq!(all.len(), 2, "once a day: {all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_missed_job_is_done_at_the_start_once_while_it_is_useful() {
    let house = House::at("2026-01-05T20:00:00+07:00");
    let job = Arc::<TestJob>::default();
    let first = house.start(&job);
    pass(1).await;
    assert_eq!(done(&job).len(), 1);
    drop(first);
    let _next = house.start(&job);
    pass(60).await;
    assert_eq!(done(&job).len(), 1, "a restart does not repeat it");
    let house = House::at("2026-01-05T20:00:00+07:00");
    let job = Arc::new(TestJob { is_short_lived: true, ..TestJob::default() });
    let _node = house.start(&job);
    pass(60).await;
    assert!(done(&job).is_empty(), "the morning is over");
    pass(10 * 60).await;
    assert_eq!(done(&job), ["2026-01-05T23:15:00+00:00"], "on time the next day");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_is_tried_again_and_that_of_a_dead_node_is_taken_over() {
    let house = House::at("2026-01-05T06:15:00+07:00");
    let job = Arc::new(TestJob { failures: Mutex::new(2), ..TestJob::default() });
    let _node = house.start(&job);
    pass(15).await;
    assert!(done(&job).is_empty());
    pass(10).await;
    assert_eq!(done(&job).len(), 1);

    let house = House::at("2026-01-05T06:15:00+07:00");
    let long = Duration::from_hours(1);
    let dying = Arc::new(TestJob { takes: long, ..TestJob::default() });
    let other = Arc::<TestJob>::default();
    let first = house.start(&dying);
    pass(1).await;
    let _second = house.start(&other);
    pass(40).await;
    assert!(done(&other).is_empty(), "the first node is at work");
    drop(first);
    pass(15).await;
    assert_eq!(done(&other).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_ahead_is_noticed() {
    let house = House::at("2026-01-05T00:00:00+07:00");
    let job = Arc::new(TestJob { is_short_lived: true, ..TestJob::default() });
    let _node = house.start(&job);
    pass(1).await;
    house.clock.step(TimeDelta::hours(7));
    pass(15).await;
    assert_eq!(done(&job).len(), 1);
}

#[test]
fn the_moments_of_a_day_follow_the_hotels_clock() {
    let hotel = policy().hotel;
    for (now, last, next) in [
        ("2026-01-05T06:15:00+07:00", "2026-01-05", "2026-01-06"),
        ("2026-01-05T06:14:59+07:00", "2026-01-04", "2026-01-05"),
        ("2026-01-06T02:00:00+07:00", "2026-01-05", "2026-01-06"),
    ] {
        let clock = |day: &str| moment(&format!("{day}T06:15:00+07:00"));
        let found = times_around(moment(now), time("06:15:00"), &hotel);
        assert_eq!(found, (clock(last), clock(next)), "{now}");
    }
    // A time before the hotel day turns.
    let (last, _) = times_around(moment("2026-01-05T05:30:00+07:00"), time("05:00:00"), &hotel);
    assert_eq!(last, moment("2026-01-05T05:00:00+07:00"));
}
