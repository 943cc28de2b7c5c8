//! The sources of values: the table of the file and the environment variables.
//!
//! Reading a key removes it from the sources. A key that is left after all sections were read is
//! therefore unknown, and is an error. This module does not decide what a value means: the caller
//! passes the parser.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::ConfigError;

/// The prefix of our environment variables: `JATAH__SECTION__KEY`.
pub(super) const PREFIX: &str = "JATAH__";

/// A value before it is parsed.
pub(super) enum RawValue {
    /// From the file, with its TOML type.
    File(Value),
    /// Plain text: from the environment, or a default. The parser of the key decides its type.
    Plain(String),
}

/// All keys of the file and the environment that were not read yet.
pub(super) struct ConfigSource {
    table: Table,
    variables: BTreeMap<String, String>,
    sections: Vec<String>,
}

impl ConfigSource {
    /// Takes the table of a file, and the variables whose names start with [`PREFIX`] in any case.
    pub(super) fn new(
        table: Table,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let is_ours = |name: &str| {
            name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
        };
        let variables = environment.into_iter().filter(|(name, _)| is_ours(name)).collect();
        Self { table, variables, sections: Vec::new() }
    }

    /// Whether the file or the environment sets `key` of `section`, and it was not read yet.
    pub(super) fn gives(&self, section: &str, key: &str) -> bool {
        self.variables.contains_key(&variable(section, key))
            || self.table.get(section).and_then(|table| table.get(key)).is_some()
    }

    /// Whether the file has the section, and it was not read yet.
    pub(super) fn has(&self, section: &str) -> bool {
        self.table.contains_key(section)
    }

    /// Reads the section `[name]`. A section that is not in the file is read as an empty one.
    pub(super) fn section<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Section<'_>) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        self.sections.push(format!("[{name}]"));
        let table = match self.table.remove(name) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(other) => {
                let problem = format!("is {}; write it as a section, [{name}]", kind(&other));
                return Err(ConfigError::at(name, problem));
            }
        };
        let variables = Some(&mut self.variables);
        Section { path: name.to_owned(), table, variables, keys: Vec::new() }.read(read)
    }

    /// Reads all `[[name]]` entries. `None` if the file does not have the key `name`; an empty list
    /// in the file gives an empty vector.
    pub(super) fn entries<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Section<'_>) -> Result<T, ConfigError>,
    ) -> Result<Option<Vec<T>>, ConfigError> {
        self.sections.push(format!("[[{name}]]"));
        let wrong = |place: &str, value: &Value| {
            let problem = format!("is {}; write [[{name}]] once for each", kind(value));
            ConfigError::at(place, problem)
        };
        let values = match self.table.remove(name) {
            None => return Ok(None),
            Some(Value::Array(values)) => values,
            Some(other) => return Err(wrong(name, &other)),
        };
        let entry = |(index, value): (usize, Value)| {
            let path = format!("{name}[{}]", index + 1);
            match value {
                Value::Table(table) => {
                    Section { path, table, variables: None, keys: Vec::new() }.read(&read)
                }
                other => Err(wrong(&path, &other)),
            }
        };
        values.into_iter().enumerate().map(entry).collect::<Result<_, _>>().map(Some)
    }

    /// Ends the reading: a section or variable that is left is unknown, and is an error.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if let Some(name) = self.table.keys().next() {
            let problem = format!("unknown; the sections are {}", self.sections.join(", "));
            return Err(ConfigError::at(name, problem));
        }
        if let Some(name) = self.variables.keys().next() {
            let problem = "no such key; variables are JATAH__SECTION__KEY in capitals, for every \
                           key of a [section] (not of [[room]] and [[staff]])";
            return Err(ConfigError::at(name, problem));
        }
        Ok(())
    }
}

/// A section, or one entry of a list, that is being read.
pub(super) struct Section<'a> {
    path: String,
    table: Table,
    /// `None` for entries of lists, which the environment cannot set.
    variables: Option<&'a mut BTreeMap<String, String>>,
    /// Every key that was asked for, for the error that lists the known keys.
    keys: Vec<&'static str>,
}

impl Section<'_> {
    fn read<T>(
        mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        let value = read(&mut self)?;
        match self.table.keys().next() {
            None => Ok(value),
            Some(name) => {
                let problem = format!("unknown key; the keys here are {}", self.keys.join(", "));
                Err(ConfigError::at(format!("{}.{name}", self.path), problem))
            }
        }
    }

    /// The value of an optional key. The environment overrides the file.
    pub(super) fn find<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(RawValue) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        self.keys.push(key);
        let in_file = self.table.remove(key);
        let name = variable(&self.path, key);
        let (place, raw) = match self.variables.as_mut().and_then(|all| all.remove(&name)) {
            Some(text) => (name, RawValue::Plain(text)),
            None => match in_file {
                Some(value) => (self.place(key), RawValue::File(value)),
                None => return Ok(None),
            },
        };
        parse(raw).map(Some).map_err(|problem| ConfigError::at(place, problem))
    }

    /// The value of a key, or else `default`, which is parsed by the same parser.
    pub(super) fn get<T>(
        &mut self,
        key: &'static str,
        default: &str,
        parse: impl Fn(RawValue) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        match self.find(key, &parse)? {
            Some(value) => Ok(value),
            None => {
                parse(RawValue::Plain(default.to_owned())).map_err(|text| self.wrong(key, text))
            }
        }
    }

    /// The value of a required key.
    pub(super) fn need<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(RawValue) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        self.find(key, parse)?.ok_or_else(|| self.wrong(key, "is missing"))
    }

    /// The error that `key` of this section is wrong.
    pub(super) fn wrong(&self, key: &str, problem: impl AsRef<str>) -> ConfigError {
        ConfigError::at(self.place(key), problem)
    }

    fn place(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }
}

fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_ascii_uppercase(), key.to_ascii_uppercase())
}

/// The TOML type of a value, in words for an error.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
