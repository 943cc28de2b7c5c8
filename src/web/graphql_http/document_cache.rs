//! Remembers parsed documents by their text.
//!
//! Pages and clients send the same few documents again and again, with other variables, and parsing
//! one takes longer than most of what its execution does in this process. Only documents that may be
//! executed are remembered; what a text is refused for is computed anew each time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use async_graphql::parser::types::ExecutableDocument;

/// A longer text, in bytes, is not remembered. The pages' longest document has about 2,000.
const MAX_TEXT: usize = 4 * 1024;
/// The most documents of a generation. There are two generations, and a parsed document takes about
/// 20 times the memory of its text, so strangers can fill at most about 20 MB.
const MAX_DOCUMENTS: usize = 128;

/// A document depends on its text alone, so one cache serves every schema and connection of the
/// process.
static CACHE: LazyLock<DocumentCache> = LazyLock::new(DocumentCache::default);

/// The parsed documents.
#[derive(Default)]
pub struct DocumentCache(Mutex<Generations>);

/// Documents are added to the young generation. When it is full, it becomes the old one, whose
/// documents are dropped unless they are used again. Many documents that are sent only once
/// therefore do not displace those that are sent all the time.
#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Arc<ExecutableDocument>>,
    old: HashMap<Box<str>, Arc<ExecutableDocument>>,
}

impl DocumentCache {
    /// The cache of the process.
    pub fn shared() -> &'static Self {
        &CACHE
    }

    /// The document of a text, parsed by `parse` unless it is known.
    ///
    /// # Errors
    /// That of `parse`.
    pub fn get_or_parse<E>(
        &self,
        text: &str,
        parse: impl FnOnce() -> Result<ExecutableDocument, E>,
    ) -> Result<Arc<ExecutableDocument>, E> {
        if text.len() > MAX_TEXT {
            return parse().map(Arc::new);
        }
        if let Some(known) = self.lock().find(text) {
            return Ok(known);
        }
        // Not under the lock: two requests may parse the same text at the same time.
        let parsed = Arc::new(parse()?);
        self.lock().add(text.into(), Arc::clone(&parsed));
        Ok(parsed)
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, text: &str) -> Option<Arc<ExecutableDocument>> {
        if let Some(known) = self.young.get(text) {
            return Some(Arc::clone(known));
        }
        let (text, known) = self.old.remove_entry(text)?;
        self.add(text, Arc::clone(&known));
        Some(known)
    }

    fn add(&mut self, text: Box<str>, document: Arc<ExecutableDocument>) {
        if self.young.len() >= MAX_DOCUMENTS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, document);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use async_graphql::parser::{Error, parse_query};

    use super::*;

    /// How many of these texts are parsed, one after the other.
    fn parsed<'a>(cache: &DocumentCache, texts: impl IntoIterator<Item = &'a str>) -> usize {
        let count = Cell::new(0);
        for text in texts {
            let parse = || {
                count.set(count.get() + 1);
                parse_query(text)
            };
            let document = cache.get_or_parse(text, parse).unwrap();
            assert_eq!(format!("{document:?}"), format!("{:?}", parse_query(text).unwrap()));
        }
        count.get()
    }

    #[test]
    fn a_document_is_parsed_once() {
        let cache = DocumentCache::default();
        assert_eq!(parsed(&cache, ["{ a }", "{ a }", "{ b }", "{ a }"]), 2);
    }

    #[test]
    fn a_document_in_use_outlives_any_number_of_others() {
        let cache = DocumentCache::default();
        for round in 0..20 {
            let others: Vec<_> = (0..100).map(|n| format!("{{ other{round}_{n} }}")).collect();
            assert_eq!(parsed(&cache, others.iter().map(String::as_str)), 100);
            assert_eq!(parsed(&cache, ["{ a }"]), usize::from(round == 0));
        }
        let kept = cache.lock();
        assert!(kept.young.len() <= MAX_DOCUMENTS && kept.old.len() <= MAX_DOCUMENTS);
    }

    #[test]
    fn a_long_text_is_not_remembered() {
        let cache = DocumentCache::default();
        let long = format!("{{ a }} #{}", "x".repeat(MAX_TEXT));
        assert_eq!(parsed(&cache, [long.as_str(), &long]), 2);
    }

    #[test]
    fn a_text_that_is_refused_is_refused_again() {
        let cache = DocumentCache::default();
        for _ in 0..2 {
            let refused: Result<_, Error> = cache.get_or_parse("{", || parse_query("{"));
            assert!(refused.is_err());
        }
    }
}
