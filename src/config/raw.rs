//! Where values come from: the file's table and the environment's variables. Whoever reads a key
//! here declares it, so what nobody read is unknown, and is an error.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::ConfigError;

/// What the names of our variables start with: `JATAH__SECTION__KEY`.
const PREFIX: &str = "JATAH__";

/// A value as somebody gave it.
pub(super) enum RawValue {
    /// In the file, with TOML's type.
    File(Value),
    /// As plain text: in the environment, or built in. What it is depends on the key.
    Plain(String),
}

/// Everything given, less what was read already.
pub(super) struct ConfigSource {
    table: Table,
    variables: BTreeMap<String, String>,
    sections: Vec<String>,
}

impl ConfigSource {
    /// A file's table, and of the environment what is meant for us.
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

    /// Whether a key (of a section) is given and was not read yet.
    pub(super) fn gives(&self, section: &str, key: &str) -> bool {
        self.variables.contains_key(&variable(section, key))
            || self.table.get(section).and_then(|table| table.get(key)).is_some()
    }

    /// Whether anything of a section is in the file and was not read yet.
    pub(super) fn has(&self, section: &str) -> bool {
        self.table.contains_key(section)
    }

    /// Reads `[name]`, which is empty if it is not there.
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

    /// Reads each `[[name]]`; `None` if the file has not one and no empty list either.
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

    /// Whatever is left was read by nobody.
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

/// A section that is being read.
pub(super) struct Section<'a> {
    path: String,
    table: Table,
    /// None for entries of lists: the environment has no way to name them.
    variables: Option<&'a mut BTreeMap<String, String>>,
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

    /// A key's value, if there is one.
    pub(super) fn find<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(RawValue) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        self.keys.push(key);
        let in_file = self.table.remove(key);
        let name = variable(&self.path, key);
        let (place, given) = match self.variables.as_mut().and_then(|all| all.remove(&name)) {
            Some(text) => (name, RawValue::Plain(text)),
            None => match in_file {
                Some(value) => (self.place(key), RawValue::File(value)),
                None => return Ok(None),
            },
        };
        parse(given).map(Some).map_err(|problem| ConfigError::at(place, problem))
    }

    /// A key's value, else the built-in one, which is read in the same way.
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

    /// The value of a key that has to be there.
    pub(super) fn need<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(RawValue) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        self.find(key, parse)?.ok_or_else(|| self.wrong(key, "is missing"))
    }

    /// A key of this section is wrong.
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

/// What TOML took a value for.
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
