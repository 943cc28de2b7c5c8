//! Asks one question after the other, as lines of text, until each has an answer.

use std::io::{self, BufRead, Write};

use anyhow::{Result, bail};

use super::Setter;
use super::draft::Draft;
use crate::system;

/// One question.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// The option of the command line that answers it.
    flag: &'static str,
    words: &'static str,
    /// The answer of an empty line. `None` if there must be one.
    default: Option<String>,
    is_hidden: bool,
}

impl Question {
    /// A question that must be answered.
    pub(super) fn needed(flag: &'static str, words: &'static str) -> Self {
        Self { flag, words, default: None, is_hidden: false }
    }

    /// A question that may be left unanswered.
    pub(super) fn optional(flag: &'static str, words: &'static str) -> Self {
        Self::with_default(flag, words, "")
    }

    /// A question with an answer that counts if the line is empty.
    pub(super) fn with_default(flag: &'static str, words: &'static str, default: &str) -> Self {
        Self { default: Some(default.to_owned()), ..Self::needed(flag, words) }
    }

    /// The same question; the answer is not shown while it is typed.
    pub(super) fn hidden(self) -> Self {
        Self { is_hidden: true, ..self }
    }
}

/// Where questions are written and answers are read.
pub(super) struct Questions<'a> {
    pub(super) input: &'a mut dyn BufRead,
    pub(super) output: &'a mut dyn Write,
    /// Whether hidden answers are typed at a terminal.
    pub(super) hides: bool,
}

impl Questions<'_> {
    /// Asks until the answer can be set, and returns it. An empty answer is not set.
    ///
    /// # Errors
    /// If the given answer is wrong, or the input ends before there is one.
    pub(super) fn ask(
        &mut self,
        draft: &mut Draft,
        question: &Question,
        given: Option<String>,
        set: Setter<'_>,
    ) -> Result<String> {
        let is_given = given.is_some();
        let mut answer = self.text(question, given)?;
        loop {
            if answer.is_empty() && question.default.is_some() {
                return Ok(answer);
            }
            match draft.try_with(|draft| set(draft, &answer)) {
                Ok(()) => return Ok(answer),
                Err(problem) if is_given => bail!("--{}: {problem}", question.flag),
                Err(problem) => answer = self.again(question, &problem)?,
            }
        }
    }

    /// The given answer, or that of the next line.
    ///
    /// # Errors
    /// If the input ends before a question without a default.
    pub(super) fn text(&mut self, question: &Question, given: Option<String>) -> Result<String> {
        if let Some(answer) = given {
            return Ok(answer.trim().to_owned());
        }
        loop {
            match (self.line(question)?, &question.default) {
                (Some(line), _) if !line.is_empty() => return Ok(line),
                (_, Some(default)) => return Ok(default.clone()),
                (Some(_), None) => writeln!(self.output, "  an answer is needed")?,
                (None, None) => bail!(
                    "no answer to \"{}\"; the option --{} gives it too",
                    question.words,
                    question.flag
                ),
            }
        }
    }

    /// Says what was wrong with the last answer, and asks again. Nothing is left out here: whoever
    /// gave a wrong answer wanted to give one.
    ///
    /// # Errors
    /// If the input ends.
    pub(super) fn again(&mut self, question: &Question, problem: &str) -> Result<String> {
        writeln!(self.output, "  {problem}")?;
        match self.line(question)? {
            Some(line) if line.is_empty() => Ok(question.default.clone().unwrap_or_default()),
            Some(line) => Ok(line),
            None => bail!("{}: {problem}", question.words),
        }
    }

    /// The next line without white space around it; `None` if the input has ended.
    fn line(&mut self, question: &Question) -> io::Result<Option<String>> {
        let default = question.default.as_deref().filter(|default| !default.is_empty());
        let default = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        write!(self.output, "{}{default}: ", question.words)?;
        self.output.flush()?;
        let is_hidden = question.is_hidden && self.hides;
        if is_hidden {
            system::show_typing(false);
        }
        let mut line = String::new();
        let read = self.input.read_line(&mut line);
        if is_hidden {
            system::show_typing(true);
            writeln!(self.output)?;
        }
        Ok((read? > 0).then(|| line.trim().to_owned()))
    }
}
