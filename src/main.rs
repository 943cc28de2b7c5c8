//! The command line: parses the arguments, loads the configuration, and runs the command. The work
//! itself is in the library.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use jatah::app::{App, OpenStore};
use jatah::auth::{Staff, StaffAuth};
use jatah::backup::{self, Head, Progress};
use jatah::check;
use jatah::clock::Clock;
use jatah::config::{self, Config, StoreUrl};
use jatah::domain::{Email, ReceiptNo, Role, Rupiah, StaffName};
use jatah::init::{self, GivenAnswers};
use jatah::metric_help::{self, METRICS, Metric, MetricKind};
use jatah::personal_data::{self, Person};
use jatah::qris::{self, StaticQris};
use jatah::simulate::{self, SimulationPlan};
use jatah::system::{ServiceState, keep_alive, tell_service_manager};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::time::Instant;
use tracing::{error, info, warn};

/// Faster than the system's allocator for the many small allocations of a request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Holds hotel rooms for guests on the way, and frees them at the exact moment the hold ends.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The configuration file. Default: ./jatah.toml if it exists, otherwise a demo hotel.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server. This is the default command.
    Serve,
    /// Asks for what a first configuration needs, and writes it. Every option answers one question.
    Init(Box<GivenAnswers>),
    /// Prints the GraphQL schema.
    Schema,
    /// Prints a link that signs a member of staff in. It works once, within ten minutes.
    StaffLink {
        /// The role of the member of staff.
        #[arg(long, value_enum, default_value_t = RoleArgument::FrontOffice)]
        role: RoleArgument,
        /// The name of the member of staff, as shown in the history of bookings.
        #[arg(long, default_value = "Front Office")]
        name: String,
    },
    /// Simulates a day of invented guests with the real rules, and counts who keeps the room.
    Simulate {
        /// The number of guests.
        #[arg(long, default_value_t = 100_000)]
        guests: u32,
        /// The seed of the random generator. The same seed gives the same day.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Compares many settings of radius, extension and arrival buffer.
        #[arg(long)]
        sweep: bool,
        /// Also draws the results into this SVG file.
        #[arg(long, value_name = "FILE")]
        plot: Option<PathBuf>,
        /// Replays recorded drives instead of invented guests: a text file, also compressed with
        /// gzip, with one case a line (docs/on-the-way.md).
        #[arg(long, value_name = "FILE", conflicts_with_all = ["guests", "seed", "sweep", "plot"])]
        replay: Option<PathBuf>,
    },
    /// Writes everything that is stored into a file. The server may be running.
    Backup {
        /// The file, which must not exist yet, such as hotel.backup.
        file: PathBuf,
    },
    /// Replaces what is stored by a backup. No server may be running.
    Restore {
        /// The file that `jatah backup` wrote.
        file: PathBuf,
        /// Also replaces a store that has bookings.
        #[arg(long)]
        replace: bool,
    },
    /// Erases a guest from their bookings, which must be over. Dates and prices stay.
    Forget {
        /// A receipt number, an e-mail address or a Telegram id.
        #[arg(value_name = "RECEIPT|EMAIL|TELEGRAM_ID")]
        person: String,
    },
    /// Prints everything that is stored about a guest, as JSON.
    Export {
        /// A receipt number, an e-mail address or a Telegram id.
        #[arg(value_name = "RECEIPT|EMAIL|TELEGRAM_ID")]
        person: String,
    },
    /// Tries everything that the hotel needs, and prints one table of what is well and what to do.
    /// Ends with a failure if something must be mended.
    Check {
        /// Also sends a test e-mail to this address, and prints the conversation with the mail
        /// server. Without it the conversation ends before an e-mail is sent.
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
    },
    /// Prints the fields of a QRIS code, and says whether the hotel can use it.
    Qris {
        /// A picture (PNG or JPEG), a text file, or the payload itself, which starts with 000201.
        #[arg(value_name = "FILE|PAYLOAD")]
        code: String,
        /// Also prints the dynamic code for exactly this amount, next to the static code.
        #[arg(long, value_name = "RUPIAH")]
        amount: Option<u64>,
        /// The receipt number in the dynamic code.
        #[arg(long, value_name = "RESI", requires = "amount", default_value = "RESI-20260104-001")]
        receipt: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArgument {
    #[value(name = "front_office", alias = "front-office")]
    FrontOffice,
    Manager,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::FrontOffice => Self::FrontOffice,
            RoleArgument::Manager => Self::Manager,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(failure) => {
            // One line, with all causes.
            eprintln!("jatah: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode> {
    let file = arguments.config;
    let config = || Config::load(file.as_deref(), config::environment());
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Schema => {
            print(&jatah::web::sdl());
            Ok(ExitCode::SUCCESS)
        }
        Command::Qris { code, amount, receipt } => show_qris(&code, amount, &receipt),
        Command::Init(given) => init(file.as_deref(), *given),
        Command::Serve => serve(config()?).await,
        Command::StaffLink { role, name } => staff_link(&config()?, role.into(), &name).await,
        Command::Simulate { replay: Some(file), .. } => replay(&config()?, &file),
        Command::Simulate { guests, seed, sweep, plot, replay: None } => {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            simulate(&config()?, &SimulationPlan { guests, seed, threads }, sweep, plot.as_deref())
        }
        Command::Backup { file } => write_backup(&config()?, &file).await,
        Command::Forget { person } => forget(&config()?, &person).await,
        Command::Export { person } => export(&config()?, &person).await,
        Command::Restore { file, replace } => restore_backup(&config()?, &file, replace).await,
        Command::Check { mail } => check(&config()?, mail.as_deref()).await,
    }
}

/// Sets up the log on standard error. `RUST_LOG` sets the filter; the default is `info`.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal)
        .with_writer(std::io::stderr)
        .init();
}

/// Prints a line to standard output. A closed pipe is not an error.
fn print(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{}", line.trim_end());
}

async fn serve(config: Config) -> Result<ExitCode> {
    // MongoDB's own clock judges this machine's.
    let clock = match &config.store.url {
        StoreUrl::Sqlite(_) => Clock::steady(),
        StoreUrl::Mongo(_) => Clock::system(),
    };
    let store = OpenStore::to_serve(&config, &clock).await?;
    log();
    for warning in config.warnings() {
        warn!("{warning}");
    }
    let mut metrics = PrometheusBuilder::new();
    for Metric { name, kind, .. } in METRICS {
        if let MetricKind::Histogram(buckets) = kind {
            metrics = metrics.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
        }
    }
    let metrics = metrics.install_recorder()?;
    metric_help::describe();
    let mut app = App::start(&config, store, clock, Some(metrics)).await?;
    info!("listening on http://{}", app.address);
    if config.is_demo {
        let (name, role) = (StaffName::parse("Demo")?, Role::Manager);
        let staff = Staff { name, role, telegram_id: None };
        let code = app.staff.issue_code(staff).await?.code;
        print(&format!("Form:         {}/", app.public_url));
        print(&format!("Front office: {}/fo#code={code}", app.public_url));
    }
    tell_service_manager(ServiceState::Ready);
    let code = tokio::select! {
        signal = signal() => {
            info!(signal = signal?, "stopping");
            ExitCode::SUCCESS
        }
        worker = app.failed_worker() => {
            error!(worker, "stopping, because a part of the hotel died");
            ExitCode::FAILURE
        }
        never = keep_alive() => match never {},
    };
    tell_service_manager(ServiceState::Stopping);
    app.stop().await;
    Ok(code)
}

/// Waits for a signal that asks the process to stop, and returns the name of the signal.
async fn signal() -> Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

fn init(file: Option<&Path>, given: GivenAnswers) -> Result<ExitCode> {
    let file = file.unwrap_or(Path::new(config::DEFAULT_FILE));
    let hides = std::io::IsTerminal::is_terminal(&std::io::stdin());
    init::run(file, given, &mut std::io::stdin().lock(), &mut std::io::stdout().lock(), hides)?;
    Ok(ExitCode::SUCCESS)
}

async fn staff_link(config: &Config, role: Role, name: &str) -> Result<ExitCode> {
    let name = StaffName::parse(name).map_err(|error| anyhow::anyhow!("--name {error}"))?;
    let clock = Clock::system();
    let store = OpenStore::open_without_lock(config, &clock).await?;
    let staff = StaffAuth::new(store.clone(), clock, config.staff.clone());
    let code = staff.issue_code(Staff { name, role, telegram_id: None }).await?.code;
    store.close().await;
    print(&format!("{}/fo#code={code}", config.base_url()));
    Ok(ExitCode::SUCCESS)
}

async fn write_backup(config: &Config, file: &Path) -> Result<ExitCode> {
    let clock = Clock::system();
    let store = OpenStore::open_without_lock(config, &clock).await?;
    let head = backup::write(store.as_ref(), file, clock.now(), progress("written")).await;
    store.close().await;
    print(&format!("{}: {}", file.display(), contents(&head?)));
    Ok(ExitCode::SUCCESS)
}

async fn restore_backup(config: &Config, file: &Path, replace: bool) -> Result<ExitCode> {
    let target = OpenStore::to_restore(config, &Clock::system()).await?;
    let restored = backup::restore(file, target, replace, progress).await?;
    print(&format!("restored: {}", contents(&restored.head)));
    print(&format!("made: {}", restored.head.made_at.with_timezone(&config.hotel.timezone)));
    if let Some(kept) = restored.kept {
        print(&format!("what was replaced is kept as {kept}"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn forget(config: &Config, person: &str) -> Result<ExitCode> {
    let (clock, person) = (Clock::system(), Person::parse(person)?);
    let store = OpenStore::open_without_lock(config, &clock).await?;
    let forgotten = personal_data::forget(store.as_ref(), &person, clock.now()).await;
    store.close().await;
    let numbers: Vec<_> = forgotten?.iter().map(ToString::to_string).collect();
    print(&format!("forgotten: {}", numbers.join(" ")));
    print(
        "backups that were made before still have it; a restore over this store forgets it again",
    );
    Ok(ExitCode::SUCCESS)
}

async fn export(config: &Config, person: &str) -> Result<ExitCode> {
    let (clock, person) = (Clock::system(), Person::parse(person)?);
    let store = OpenStore::open_without_lock(config, &clock).await?;
    let exported = personal_data::export(store.as_ref(), &person).await;
    store.close().await;
    print(&serde_json::to_string_pretty(&exported?)?);
    Ok(ExitCode::SUCCESS)
}

/// What is in a backup, for people.
fn contents(head: &Head) -> String {
    format!(
        "{} bookings, {} changes, {} notifications owed, {} records",
        head.count("booking"),
        head.count("change"),
        head.count("owed"),
        head.records(),
    )
}

/// Says on standard error how far long work is, every few seconds.
fn progress(what: &'static str) -> Progress {
    const EVERY: Duration = Duration::from_secs(3);
    let mut last = Instant::now();
    Box::new(move |records| {
        if last.elapsed() >= EVERY {
            last = Instant::now();
            eprintln!("{records} records {what}");
        }
    })
}

/// Asks the rules about recorded drives and prints what they decide.
fn replay(config: &Config, file: &Path) -> Result<ExitCode> {
    let open = || std::fs::File::open(file);
    let mut magic = [0; 2];
    let is_compressed = open().and_then(|mut file| file.read(&mut magic)).is_ok_and(|read| {
        // The first bytes of a gzip file (RFC 1952, section 2.3.1).
        read == 2 && magic == [0x1f, 0x8b]
    });
    let drives = open().map_err(Into::into).and_then(|file| {
        let lines: Box<dyn Read> = if is_compressed {
            Box::new(flate2::read::MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        simulate::read_drives(std::io::BufReader::new(lines))
    });
    let drives = drives.with_context(|| format!("cannot replay {}", file.display()))?;
    let settings = simulate::settings(&config.policy());
    let tallies: Vec<_> =
        settings.iter().map(|setting| simulate::replay(&drives, setting)).collect();
    print(&format!("{} cases\n", drives.len()));
    print(&simulate::replay_table(&settings, &tallies));
    Ok(ExitCode::SUCCESS)
}

fn simulate(
    config: &Config,
    plan: &SimulationPlan,
    sweep: bool,
    plot: Option<&Path>,
) -> Result<ExitCode> {
    let policy = config.policy();
    let settings = if sweep { simulate::sweep(&policy) } else { simulate::settings(&policy) };
    let tallies = simulate::run(plan, &settings)?;
    print(&format!("{} guests, seed {}\n", plan.guests, plan.seed));
    print(&simulate::table(&settings, &tallies));
    if let Some(file) = plot {
        std::fs::write(file, simulate::plot(&settings, &tallies))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(config: &Config, mail: Option<&str>) -> Result<ExitCode> {
    let mail = mail.map(Email::parse).transpose();
    let mail = mail.map_err(|error| anyhow::anyhow!("--mail {error}"))?;
    let report = check::run(config, mail.as_ref()).await;
    if mail.is_some() || report.must_mend() {
        for line in &report.conversation {
            print(&format!("mail: {line}"));
        }
    }
    print(&report.table());
    Ok(if report.must_mend() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Prints the fields of a code as far as they can be read, and whether it can be used. With an
/// amount prints the static and the dynamic code side by side, then the dynamic payload.
fn show_qris(code: &str, amount: Option<u64>, receipt: &str) -> Result<ExitCode> {
    let payload = qris::payload_of(code)?;
    let checked = StaticQris::parse(payload.as_bytes());
    let Some(amount) = amount else {
        print(&qris::table(&payload));
        for warning in checked.iter().flat_map(StaticQris::warnings) {
            print(&format!("warning: {warning}"));
        }
        checked.context("this code")?;
        print("ok: a static QRIS code that the hotel can use");
        return Ok(ExitCode::SUCCESS);
    };
    let receipt = ReceiptNo::parse(receipt)
        .map_err(|error| anyhow::anyhow!("--receipt {error}"))?
        .to_string();
    let original = checked.context("this code")?;
    let dynamic_code = original.exact(Rupiah(amount), &receipt)?;
    print(&qris::side_by_side(("static", original.as_str()), ("exact", &dynamic_code)));
    print(&dynamic_code);
    Ok(ExitCode::SUCCESS)
}
