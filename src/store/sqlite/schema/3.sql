-- When a booking was paid or cancelled, for lists of what was settled lately.
CREATE INDEX bookings_settled ON bookings (json_extract(document, '$.status.at_ms'))
    WHERE json_extract(document, '$.status.at_ms') IS NOT NULL;
