//! What an operator can do wrong before the server runs: one line that says so, nothing lost, and an
//! exit code that is not 0.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A working configuration for a server on a free port, with other lines for the store if given.
fn configuration(folder: &Path, store: Option<&str>, listen: &str) -> String {
    let path = folder.display();
    let store = store.map_or_else(|| format!("sqlite:{path}/jatah.db"), str::to_owned);
    format!(
        "[server]\nlisten = \"{listen}\"\n[store]\nurl = \"{store}\"\n[email]\nurl = \
         \"file:{path}/mail\"\n"
    )
}

/// Serves with a configuration that has to fail, and returns the one line.
fn fails(folder: &TempDir, text: &str) -> String {
    let file = folder.path().join("jatah.toml");
    std::fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_jatah"))
        .args(["serve", "--config"])
        .arg(&file)
        .env("RUST_LOG", "error")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("jatah: ") && !said.contains('\n'), "{said}");
    assert!(output.stdout.is_empty(), "{output:?}");
    said
}

#[test]
fn a_port_in_use_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = fails(&folder, &configuration(folder.path(), None, &address));
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

#[test]
fn one_wrong_key_or_value_is_named() {
    let folder = TempDir::new().unwrap();
    let right = configuration(folder.path(), None, "127.0.0.1:0");
    for (more, part) in [
        ("[hold]\ndurration = \"2h\"\n", "hold.durration: unknown key"),
        ("[hold]\nduration = \"soon\"\n", "hold.duration: \"soon\" is no duration"),
        ("[hold\n", "line 7 is no TOML"),
    ] {
        let said = fails(&folder, &format!("{right}{more}"));
        assert!(said.contains(part), "{said}");
    }
    assert!(!folder.path().join("jatah.db").exists(), "nothing was opened");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    // Nobody can make a folder there, not even root.
    let said = fails(
        &folder,
        &configuration(folder.path(), Some("sqlite:/proc/hotel/jatah.db"), "127.0.0.1:0"),
    );
    assert!(said.contains("/proc/hotel"), "{said}");
}

/// Root may write everywhere, so this tests something only for other users.
#[test]
fn a_missing_right_is_named_and_the_database_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("jatah.db"), "").unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(data.join("probe"), "").is_ok() {
        eprintln!("this user may write everywhere, so a missing right cannot be tried");
        return;
    }
    let url = format!("sqlite:{}/jatah.db", data.display());
    let said = fails(&folder, &configuration(folder.path(), Some(&url), "127.0.0.1:0"));
    assert!(said.contains(&data.display().to_string()), "{said}");
}

#[test]
fn a_database_that_is_none_is_named_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("jatah.db");
    let text =
        "this is a letter and no database, and it is long enough to be looked at. ".repeat(20);
    std::fs::write(&file, &text).unwrap();
    let said = fails(&folder, &configuration(folder.path(), None, "127.0.0.1:0"));
    assert!(said.contains("database"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}
