//! The file of secrets beside the configuration file: lines `JATAH__SECTION__KEY=VALUE`, as they
//! would stand in the environment. The environment overrides them. A value is never quoted in an
//! error.

use std::io::ErrorKind;
use std::path::Path;

use super::ConfigError;
use super::raw::PREFIX;

/// The name of the file. It is read from the folder of the configuration file, if it is there.
pub const SECRETS_FILE: &str = "secrets.env";

/// The variables in the file of secrets beside `configuration`. Empty if there is no such file.
///
/// # Errors
/// [`ConfigError`] if the file cannot be read, or a line is no variable.
pub(super) fn secrets_beside(configuration: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let path = configuration.with_file_name(SECRETS_FILE);
    let wrong = |problem: String| ConfigError::at(path.to_string_lossy(), problem);
    match std::fs::read_to_string(&path) {
        Ok(text) => variables(&text).map_err(|line| {
            wrong(format!("line {line} is not of the form JATAH__SECTION__KEY=VALUE"))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(wrong(format!("the file of secrets cannot be read: {error}"))),
    }
}

/// The variables of a text, or the number of the first line that is none. Empty lines and lines
/// that start with `#` are left out; quotes around a value are taken off.
fn variables(text: &str) -> Result<Vec<(String, String)>, usize> {
    let is_variable = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines = text.lines().map(str::trim).enumerate();
    lines
        .filter(|(_, line)| is_variable(line))
        .map(|(at, line)| {
            let (name, value) = line.split_once('=').ok_or(at + 1)?;
            let (name, value) = (name.trim(), value.trim());
            if !name.starts_with(PREFIX) {
                return Err(at + 1);
            }
            let unquoted = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
            let value = unquoted('"').or_else(|| unquoted('\'')).unwrap_or(value);
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_variable_and_quotes_are_taken_off() {
        let text = "# token\n\nJATAH__TELEGRAM__TOKEN=1:a=b\r\nJATAH__STORE__URL = \"x y\"\n";
        let read = variables(text).unwrap();
        assert_eq!(
            read,
            [("JATAH__TELEGRAM__TOKEN", "1:a=b"), ("JATAH__STORE__URL", "x y")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(variables("JATAH__A__B=1\nPATH=/bin"), Err(2), "would have no effect");
        assert_eq!(variables("secret"), Err(1));
    }
}
