//! A real `mongod` for the tests: a replica set of one member. The first test that needs it starts
//! it, and all tests share it. Each test has its own database.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::doc;
use mongodb::options::ClientOptions;
use tokio::time::{Instant, sleep};

const START_DEADLINE: Duration = Duration::from_mins(1);

/// A script that runs `mongod` and stops it when the script's standard input closes. The system
/// closes it however the test process ends. The script removes the files after `mongod` has ended.
const KEEPER: &str = r#"
    trap '' INT TERM HUP
    dir=$1; shift
    "$@" >"$dir/log" 2>&1 </dev/null &
    child=$!
    read -r _
    kill -9 "$child"
    wait "$child" 2>/dev/null
    rm -rf -- "$dir"
"#;

static SHARED: LazyLock<Mongod> = LazyLock::new(|| Mongod::start(Some("rs0")));
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URL of a database that no other test uses.
pub fn fresh_url() -> String {
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    SHARED.url(&format!("jatah_test_{number}"))
}

/// A running server. Dropping this stops it.
pub struct Mongod {
    port: u16,
    keeper: Child,
    lifeline: Option<ChildStdin>,
}

impl Mongod {
    /// Starts a server, as a replica set of one member or standalone, and waits until it accepts
    /// writes. This blocks the thread, so it also works while the runtime's clock is paused.
    pub fn start(replica_set: Option<&'static str>) -> Self {
        let program = program();
        let port = free_port();
        let dir = tempfile::Builder::new().prefix("jatah-mongod-").tempdir().unwrap().keep();
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(KEEPER)
            .arg("keeper")
            .arg(&dir)
            .arg(program)
            .arg("--dbpath")
            .arg(&dir);
        command.args(["--bind_ip", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--wiredTigerCacheSizeGB", "0.25", "--nounixsocket"]);
        // Tests use a clock of their own, so the server must not delete credentials that are
        // expired by its clock. Test commands let a test make the server fail.
        command.args(["--setParameter", "ttlMonitorEnabled=false"]);
        command.args(["--setParameter", "enableTestCommands=1"]);
        command.args(replica_set.into_iter().flat_map(|name| ["--replSet", name]));
        let mut keeper = command.stdin(Stdio::piped()).spawn().expect("sh starts");
        let lifeline = keeper.stdin.take();
        let server = Self { port, keeper, lifeline };
        // This needs a clock that no test has paused, so it runs in its own thread and runtime.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(ready(port, replica_set, &dir));
        })
        .join()
        .expect("mongod becomes ready");
        server
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.keeper.wait();
    }
}

fn program() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/mongod.sh");
    let output = Command::new(script).stderr(Stdio::inherit()).output().expect("mongod.sh runs");
    assert!(output.status.success(), "mongod.sh found no mongod");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn ready(port: u16, replica_set: Option<&str>, dir: &Path) {
    let deadline = Instant::now() + START_DEADLINE;
    let url = format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let mut options = ClientOptions::parse(url).await.unwrap();
    options.server_selection_timeout = Some(Duration::from_millis(200));
    let client = Client::with_options(options).unwrap();
    let admin = client.database("admin");
    let mut initiated = replica_set.is_none();
    loop {
        let hello = admin.run_command(doc! { "hello": 1 }).await;
        if hello.as_ref().is_ok_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false)) {
            break;
        }
        if let (Ok(_), Some(name), false) = (&hello, replica_set, initiated) {
            let member = doc! { "_id": 0, "host": format!("127.0.0.1:{port}") };
            let config = doc! { "_id": name, "members": [member] };
            let command = doc! { "replSetInitiate": config };
            initiated = admin.run_command(command).await.is_ok();
        }
        if Instant::now() > deadline {
            let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            let end: Vec<_> = log.lines().rev().take(5).collect();
            panic!("mongod is not ready after {START_DEADLINE:?}: {hello:?}; its log ends {end:?}");
        }
        sleep(Duration::from_millis(20)).await;
    }
    client.shutdown().immediate(true).await;
}
