-- Short texts by name, until they expire.
CREATE TABLE memos (
    name          TEXT    NOT NULL PRIMARY KEY,
    text          TEXT    NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
