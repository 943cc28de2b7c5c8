//! Fuzzes the text of a configuration file.
#![no_main]

use jatah_fuzz::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::from_toml(text, []) {
        Ok(config) => {
            let _ = (config.policy(), config.base_url());
            assert!(config.warnings().iter().all(|line| !line.contains(char::is_control)));
        }
        Err(error) => {
            let line = error.to_string();
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }
});
