//! The configuration so far: the text of the example, in which answers take the place of values.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::config::Config;

/// The example, with every key and its explanation.
const EXAMPLE: &str = include_str!("../../jatah.example.toml");

/// A configuration that is being made. It is valid at any time.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    lines: Vec<String>,
    rooms: Vec<String>,
    /// What goes into the file of secrets, by the name of the variable.
    secrets: BTreeMap<String, String>,
}

impl Draft {
    /// The example without the demo hotel's sender of e-mails.
    ///
    /// # Errors
    /// None in practice: a test makes one.
    pub(super) fn new() -> Result<Self> {
        let lines = EXAMPLE.lines().skip_while(|line| line.starts_with('#'));
        let head = "# Configuration of jatah, made by `jatah init`. The values that it did not ask \
                    for are the defaults.\n#\n# Durations are written like 2h, 15m or 1h30m, times \
                    of day as HH:MM, prices in whole rupiah. Lines that start\n# with a # and no \
                    space are keys that are not set. Secrets are in secrets.env beside this file, \
                    as lines\n# JATAH__SECTION__KEY=VALUE; the environment overrides both files.";
        let lines = head.lines().chain(lines).map(str::to_owned).collect();
        let mut draft = Self { lines, rooms: Vec::new(), secrets: BTreeMap::new() };
        let unset = |line: String| format!("#{line}");
        draft.change("email", "from", unset).map_err(anyhow::Error::msg)?;
        Ok(draft)
    }

    /// The text of the configuration file.
    pub(super) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The text of the file of secrets; `None` if there is none.
    pub(super) fn secrets_file(&self) -> Option<String> {
        let lines = self.secrets.iter().map(|(name, value)| format!("{name}={value}\n"));
        (!self.secrets.is_empty()).then(|| lines.collect())
    }

    /// Whether a key is in the file of secrets.
    pub(super) fn has_secret(&self, section: &str, key: &str) -> bool {
        self.secrets.contains_key(&variable(section, key))
    }

    /// The configuration, read as the server reads it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn config(&self) -> Result<Config, String> {
        let config = Config::from_toml(&self.text(), self.secrets.clone());
        config.map_err(|error| error.to_string())
    }

    /// Makes a change if the configuration is valid afterwards.
    ///
    /// # Errors
    /// What is wrong otherwise. Nothing has changed then.
    pub(super) fn try_with(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut changed = self.clone();
        change(&mut changed)?;
        changed.config()?;
        *self = changed;
        Ok(())
    }

    /// Sets a key to a text.
    pub(super) fn set(&mut self, section: &str, key: &str, value: &str) -> Result<(), String> {
        self.set_raw(section, key, &quoted(value))
    }

    /// Sets a key to a number.
    pub(super) fn set_number(
        &mut self,
        section: &str,
        key: &str,
        value: impl std::fmt::Display,
    ) -> Result<(), String> {
        self.set_raw(section, key, &value.to_string())
    }

    /// Sets a key to a list of texts.
    pub(super) fn set_list(
        &mut self,
        section: &str,
        key: &str,
        values: &[&str],
    ) -> Result<(), String> {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        self.set_raw(section, key, &format!("[{}]", values.join(", ")))
    }

    /// Sets a key in the file of secrets, and takes it out of the configuration file.
    pub(super) fn set_secret(
        &mut self,
        section: &str,
        key: &str,
        value: &str,
    ) -> Result<(), String> {
        self.secrets.insert(variable(section, key), value.to_owned());
        let note = format!("# {key} is in secrets.env: {}", variable(section, key));
        self.change(section, key, |_| note)
    }

    /// The draft with this mail server.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub(super) fn set_mail_server(mut self, url: &str) -> Result<Self, String> {
        self.try_with(|draft| {
            if url.contains('@') {
                draft.set_secret("email", "url", url)
            } else {
                draft.set("email", "url", url)
            }
        })?;
        Ok(self)
    }

    /// Adds a room type of the form `CODE, NAME, ROOMS, PRICE`. The first one takes the place of the
    /// demo hotel's.
    pub(super) fn add_room(&mut self, answer: &str) -> Result<(), String> {
        const FORM: &str = "write code, name, number of rooms, price: STD, Standard, 10, 350000";
        let parts: Vec<&str> = answer.split(',').map(str::trim).collect();
        let [code, name @ .., rooms, price] = &parts[..] else { return Err(FORM.to_owned()) };
        let name = name.join(", ");
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let price = rupiah(price).ok_or_else(|| format!("the price is no number; {FORM}"))?;
        if !is_number(rooms) {
            return Err(format!("the number of rooms is no number; {FORM}"));
        }
        self.rooms.push(format!(
            "[[room]]\ncode = {}\nname = {}\nrooms = {rooms}\nprice = {price}\n",
            quoted(code),
            quoted(&name)
        ));
        let place = |start: &str| self.lines.iter().position(|line| line.starts_with(start));
        let (Some(from), Some(until)) = (place("[[room]]"), place("[hold]")) else {
            return Err("the example has no rooms".to_owned());
        };
        let rooms = self.rooms.join("\n");
        let rooms = rooms.lines().map(str::to_owned).chain([String::new()]);
        self.lines.splice(from..until, rooms.collect::<Vec<_>>());
        Ok(())
    }

    fn set_raw(&mut self, section: &str, key: &str, value: &str) -> Result<(), String> {
        self.change(section, key, |line| {
            let comment = line.rfind(" # ").map(|at| line[at..].trim_start()).unwrap_or_default();
            let set = format!("{key} = {value}");
            format!("{set:<42} {comment}").trim_end().to_owned()
        })
    }

    /// Changes the line of a key, which may be a comment so far.
    fn change(
        &mut self,
        section: &str,
        key: &str,
        change: impl FnOnce(String) -> String,
    ) -> Result<(), String> {
        let mut current = String::new();
        for line in &mut self.lines {
            if line.starts_with('[') {
                current.clone_from(line);
            }
            let rest = line.trim_start_matches('#');
            let is_line = rest.strip_prefix(key).is_some_and(|rest| rest.starts_with(" = "));
            if current == format!("[{section}]") && is_line {
                *line = change(std::mem::take(line));
                return Ok(());
            }
        }
        Err(format!("{section}.{key} is not in the example"))
    }
}

fn variable(section: &str, key: &str) -> String {
    format!("JATAH__{}__{}", section.to_ascii_uppercase(), key.to_ascii_uppercase())
}

/// A text as TOML. The escapes of JSON are also TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A price as people write it: `350000`, `350.000` or `Rp350.000`.
fn rupiah(text: &str) -> Option<String> {
    let digits = text.trim_start_matches("Rp").trim();
    let mut groups = digits.split('.');
    let first = groups.next()?;
    let is_grouped = groups.all(|group| group.len() == 3);
    let plain = digits.replace('.', "");
    let is_number = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_digit());
    (is_grouped && !first.is_empty() && is_number).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_asked_for_is_in_the_example() {
        let mut draft = Draft::new().unwrap();
        draft.config().unwrap();
        for (section, key) in [
            ("hotel", "name"),
            ("hotel", "timezone"),
            ("hotel", "address"),
            ("server", "public_url"),
            ("store", "url"),
            ("email", "url"),
            ("email", "from"),
            ("qris", "payload"),
        ] {
            draft.set(section, key, "x \"y\" # z").unwrap();
            draft.set(section, key, "again").unwrap();
            let set = format!("\n{key} = \"again\"");
            assert!(draft.text().contains(&set), "{section}.{key}: {}", draft.text());
        }
        draft.set_secret("telegram", "token", "1:a").unwrap();
        assert_eq!(draft.secrets_file().unwrap(), "JATAH__TELEGRAM__TOKEN=1:a\n");
    }

    #[test]
    fn a_price_is_read_as_people_write_it() {
        for text in ["350000", "350.000", "Rp350.000", "Rp 350.000"] {
            assert_eq!(rupiah(text).as_deref(), Some("350000"), "{text}");
        }
        for text in ["", "Rp", "350.00", "350,5", "35 0", ".350", "1.2.3"] {
            assert_eq!(rupiah(text), None, "{text}");
        }
    }
}
