//! What was found, as one table.

use std::fmt::Write;

/// How well a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// It works.
    Ok,
    /// It works or is left out, and is probably not what the hotel wants.
    Look,
    /// It does not work.
    Mend,
}

/// What was found out about one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How well it is.
    pub grade: Grade,
    /// The part.
    pub part: &'static str,
    /// What is there, and what to do about it.
    pub words: String,
}

/// Everything that was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The findings, in the order in which the parts were tried.
    pub findings: Vec<Finding>,
    /// The conversation with the mail server.
    pub conversation: Vec<String>,
}

impl Report {
    pub(super) fn ok(&mut self, part: &'static str, words: impl Into<String>) {
        self.add(Grade::Ok, part, words);
    }

    pub(super) fn look(&mut self, part: &'static str, words: impl Into<String>) {
        self.add(Grade::Look, part, words);
    }

    pub(super) fn mend(&mut self, part: &'static str, words: impl Into<String>) {
        self.add(Grade::Mend, part, words);
    }

    fn add(&mut self, grade: Grade, part: &'static str, words: impl Into<String>) {
        // One row is one line, whatever another program answered.
        let words = words.into().split_whitespace().collect::<Vec<_>>().join(" ");
        self.findings.push(Finding { grade, part, words });
    }

    /// Whether something does not work.
    #[must_use]
    pub fn must_mend(&self) -> bool {
        self.count(Grade::Mend) > 0
    }

    fn count(&self, grade: Grade) -> usize {
        self.findings.iter().filter(|finding| finding.grade == grade).count()
    }

    /// One line for each finding, what does not work first, and a last line with the counts.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = String::new();
        for (grade, mark) in [(Grade::Mend, "MEND"), (Grade::Look, "look"), (Grade::Ok, "ok")] {
            for finding in self.findings.iter().filter(|finding| finding.grade == grade) {
                // Writing to a String does not fail.
                let _ = writeln!(table, "{mark:<5} {:<14} {}", finding.part, finding.words);
            }
        }
        let (mend, look) = (self.count(Grade::Mend), self.count(Grade::Look));
        let last = match (mend, look) {
            (0, 0) => "Everything is well.".to_owned(),
            (0, look) => format!("Nothing must be mended. To look at: {look}."),
            (mend, look) => format!("To mend: {mend}. To look at: {look}."),
        };
        format!("{table}{last}")
    }
}
