//! Measures how long the database takes to answer.

use tokio::time::Instant;

/// Runs a call to the database, and records how long it took, with the wait for a connection.
pub(super) async fn timed<T>(call: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let answer = call.await;
    metrics::histogram!("jatah_store_call_ms").record(started.elapsed().as_secs_f64() * 1_000.0);
    answer
}
