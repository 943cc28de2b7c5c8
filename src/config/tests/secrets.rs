//! No error, warning or `{:?}` output contains a secret.

use super::*;

const SECRET: &str = "hunter2";

#[test]
fn debug_hides_every_secret() {
    let config = with(
        "",
        &[
            ("JATAH__STORE__URL", "mongodb://user:hunter2@a/jatah"),
            ("JATAH__EMAIL__URL", "smtp://user:hunter2@a.example?tls=none"),
            ("JATAH__TELEGRAM__TOKEN", "1:hunter2"),
            ("JATAH__TELEGRAM__WEBHOOK", "on"),
            ("JATAH__TELEGRAM__WEBHOOK_SECRET", "hunter2"),
            ("JATAH__SERVER__PUBLIC_URL", "https://a.example"),
            ("JATAH__SERVER__LINK_KEY", "hunter2-hunter2-hunter2-hunter2-hunter2 stored"),
        ],
    )
    .unwrap();
    let shown = format!("{config:?} {config:#?} {:?}", config.warnings());
    assert!(!shown.contains(SECRET), "{shown}");
    assert_eq!(config.telegram.token.unwrap().expose(), "1:hunter2");
}

#[test]
fn no_error_shows_a_secret() {
    let cases = [
        ("server", "link_key", "hunter2"),
        ("server", "link_key", "hunter2-hunter2-hunter2-hunter2-hunter2 hunter2"),
        ("store", "url", "mongo://user:hunter2@a/jatah"),
        ("store", "url", "sqlite://hunter2"),
        ("email", "url", "smtp://user:hunter2@"),
        ("email", "url", "smtp://user:hunter2/@a.example"),
        ("email", "url", "smtp://user:hunter2#@a.example"),
        ("email", "url", "smtp://user:hunter2?@a.example"),
        ("email", "url", "smtp://user:1?hunter2=@a.example"),
        ("email", "url", "smtp://user:1/hunter2@a.example"),
        ("email", "url", "smtp://user:hunter2%00@a.example"),
        ("email", "url", "smtp://user:hunter2 @a.example"),
        ("email", "url", "SMTP://user:hunter2@a.example"),
        ("telegram", "token", "hunter2"),
        ("telegram", "token", "hunter2:hunter2"),
        ("telegram", "webhook_secret", "hunter2!"),
        ("telegram", "api_url", "https://user:hunter2@a.example"),
        ("travel", "routing_url", "https://a.example?key=hunter2"),
    ];
    for (section, key, value) in cases {
        let in_file = Config::from_toml(&format!("[{section}]\n{key} = \"{value}\""), []);
        let name = format!("JATAH__{}__{}", section.to_uppercase(), key.to_uppercase());
        for outcome in [in_file, with("", &[(&name, value)])] {
            let error = outcome.expect_err(value);
            assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
        }
    }
}

#[test]
fn no_error_of_toml_shows_its_text() {
    for text in [
        "[telegram]\ntoken = hunter2",
        "[telegram]\ntoken = \"hunter2",
        "[telegram]\ntoken = 'hunter2' 1",
        "[telegram]\ntoken = \"hunter2\\q\"",
        "[telegram]\ntoken = hunter2 = 1",
        "[telegram]\ntoken \"hunter2\"",
        "[telegram]\ntoken = 1hunter2",
        "[telegram]\ntoken = \"hunter2\"\ntoken = \"hunter2\"",
        "[telegram]\ntoken = [\"hunter2\"]",
        "[telegram]\ntoken = { hunter2 = 1 }",
        "telegram = \"hunter2\"",
        "telegram = [\"hunter2\"]",
        "room = \"hunter2\"",
    ] {
        let error = Config::from_toml(text, []).expect_err(text);
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    }
}
