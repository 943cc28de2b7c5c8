//! Writes a closed store as text, and fills a fresh store from that text.

use std::fmt::Write;
use std::path::Path;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::{Client, Collection, Database};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

/// The SQL statements that create the same `SQLite` file.
pub fn of_sqlite(path: &Path) -> String {
    let connection = Connection::open(path).unwrap();
    let version: i64 = connection.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
    let mut text = format!("PRAGMA user_version = {version};\n");
    let query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid";
    for table in texts(&connection, query, 2) {
        let [name, sql] = &table[..] else { panic!("{table:?}") };
        writeln!(text, "{sql};").unwrap();
        let columns =
            texts(&connection, &format!("SELECT name FROM pragma_table_info('{name}')"), 1);
        let quoted: Vec<String> =
            columns.iter().map(|name| format!("quote({})", name[0])).collect();
        let rows = format!("SELECT {} FROM {name}", quoted.join(", "));
        for row in texts(&connection, &rows, columns.len()) {
            writeln!(text, "INSERT INTO {name} VALUES ({});", row.join(", ")).unwrap();
        }
    }
    let query =
        "SELECT sql FROM sqlite_master WHERE type != 'table' AND sql NOT NULL ORDER BY rowid";
    for other in texts(&connection, query, 1) {
        writeln!(text, "{};", other[0]).unwrap();
    }
    text
}

fn texts(connection: &Connection, query: &str, columns: usize) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Creates an `SQLite` file from its statements.
pub fn into_sqlite(path: &Path, text: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(&format!("BEGIN;\n{text}\nCOMMIT;")).unwrap();
}

/// A database as lines of extended JSON: the indexes and documents of every collection.
pub async fn of_mongodb(url: &str) -> String {
    let (client, database) = connect(url).await;
    let mut names = database.list_collection_names().await.unwrap();
    names.sort();
    let mut text = String::new();
    for name in names {
        let collection: Collection<Document> = database.collection(&name);
        let mut line = |kind: &str, body: Document| {
            let body = extended(&Bson::Document(body));
            writeln!(text, "{{\"collection\":{},\"{kind}\":{body}}}", json!(name)).unwrap();
        };
        line("options", Document::new());
        let listed = database.run_command(doc! { "listIndexes": &name }).await.unwrap();
        for index in listed.get_document("cursor").unwrap().get_array("firstBatch").unwrap() {
            line("index", index.as_document().unwrap().clone());
        }
        let found = collection.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        for document in found.try_collect::<Vec<_>>().await.unwrap() {
            line("document", document);
        }
    }
    client.shutdown().immediate(true).await;
    text
}

/// One line of a dump: the start of a collection, an index or a document.
#[derive(Deserialize)]
struct Line {
    collection: String,
    options: Option<Document>,
    index: Option<Document>,
    document: Option<Document>,
}

/// Fills a database that does not exist yet.
pub async fn into_mongodb(url: &str, text: &str) {
    let (client, database) = connect(url).await;
    for line in text.lines() {
        let Line { collection: name, options, index, document } =
            serde_json::from_str(line).unwrap();
        if options.is_some() {
            database.create_collection(&name).await.unwrap();
        }
        if let Some(index) = index {
            let command = doc! { "createIndexes": &name, "indexes": [index] };
            database.run_command(command).await.unwrap();
        }
        if let Some(document) = document {
            database.collection::<Document>(&name).insert_one(document).await.unwrap();
        }
    }
    client.shutdown().immediate(true).await;
}

async fn connect(url: &str) -> (Client, Database) {
    let client = Client::with_uri_str(url).await.unwrap();
    let database = client.default_database().unwrap();
    (client, database)
}

/// A value as canonical extended JSON. It supports the types that the store uses, and keeps the
/// order of fields.
fn extended(value: &Bson) -> String {
    match value {
        Bson::Null => "null".to_owned(),
        Bson::Boolean(is_so) => is_so.to_string(),
        Bson::String(text) => json!(text).to_string(),
        Bson::Int32(number) => format!("{{\"$numberInt\":\"{number}\"}}"),
        Bson::Int64(number) => format!("{{\"$numberLong\":\"{number}\"}}"),
        Bson::Double(number) => format!("{{\"$numberDouble\":\"{number:?}\"}}"),
        Bson::DateTime(at) => {
            format!("{{\"$date\":{{\"$numberLong\":\"{}\"}}}}", at.timestamp_millis())
        }
        Bson::Array(items) => {
            format!("[{}]", items.iter().map(extended).collect::<Vec<_>>().join(","))
        }
        Bson::Document(fields) => {
            let field =
                |(name, value): (&String, &Bson)| format!("{}:{}", json!(name), extended(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
        }
        other => panic!("the store uses another type: {other:?}"),
    }
}
