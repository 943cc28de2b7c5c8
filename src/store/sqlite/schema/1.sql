-- Moments are milliseconds since 1970, dates YYYY-MM-DD, documents JSON (see document.rs).
-- Columns beside a document are what is searched or compared; the document is the truth.

CREATE TABLE bookings (
    id           INTEGER PRIMARY KEY,
    receipt_no   TEXT    NOT NULL UNIQUE,
    revision     INTEGER NOT NULL,
    status       TEXT    NOT NULL,
    booked_at_ms INTEGER NOT NULL,
    check_in     TEXT    NOT NULL,
    wake_at_ms   INTEGER,                    -- pending bookings only
    name_folded  TEXT    NOT NULL,           -- in lower case
    limit_keys   TEXT    NOT NULL,           -- JSON array: what to give back when the hold ends
    document     TEXT    NOT NULL
) STRICT;
CREATE INDEX bookings_page     ON bookings (booked_at_ms DESC, receipt_no);
CREATE INDEX bookings_status   ON bookings (status, booked_at_ms DESC, receipt_no);
CREATE INDEX bookings_check_in ON bookings (check_in, booked_at_ms DESC, receipt_no);
CREATE INDEX bookings_wake     ON bookings (id) WHERE wake_at_ms IS NOT NULL;

-- The log: the row is the cursor.
CREATE TABLE changes (
    id             INTEGER PRIMARY KEY,
    receipt_no     TEXT    NOT NULL,
    revision       INTEGER NOT NULL,
    lease_node     TEXT    NOT NULL,         -- who delivers first, as of the commit
    lease_until_ms INTEGER NOT NULL,
    document       TEXT    NOT NULL,
    UNIQUE (receipt_no, revision)
) STRICT;

CREATE TABLE notices (
    id              INTEGER PRIMARY KEY,
    change_id       INTEGER NOT NULL REFERENCES changes (id),
    receipt_no      TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    recipient       TEXT    NOT NULL,
    useful_until_ms INTEGER NOT NULL,
    lease_node      TEXT    NOT NULL,        -- who delivers, as of now
    lease_until_ms  INTEGER NOT NULL,
    sent_at_ms      INTEGER,
    gave_up_at_ms   INTEGER,
    gave_up_reason  TEXT,
    UNIQUE (receipt_no, revision, recipient)
) STRICT;
CREATE INDEX notices_owed ON notices (id) WHERE sent_at_ms IS NULL AND gave_up_at_ms IS NULL;

CREATE TABLE claims (
    night     TEXT    NOT NULL,
    room      TEXT    NOT NULL,
    taken     INTEGER NOT NULL CHECK (taken >= 0),
    allotment INTEGER CHECK (allotment >= 0),
    PRIMARY KEY (night, room)
) STRICT, WITHOUT ROWID;

CREATE TABLE limits (
    key     TEXT    NOT NULL PRIMARY KEY,
    running INTEGER NOT NULL CHECK (running > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
    request     TEXT NOT NULL PRIMARY KEY,
    receipt_no  TEXT NOT NULL,
    fingerprint TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a running hold; the commit that ends the hold deletes it.
CREATE TABLE tracks (
    receipt_no TEXT NOT NULL PRIMARY KEY,
    fixes      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    day  TEXT    NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
    secret        TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    secret        TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
