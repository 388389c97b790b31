-- What a store's file holds, version 1. Safe to run by several processes at once.
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS streams (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  last INTEGER NOT NULL              -- stays when entries are trimmed, so that positions go on
);
-- One tree in the order of reading and no index beside it: place = stream * 2^40 + position. A table without rowid and
-- with two columns as its key would put every entry from 1 KB on into a page of its own.
CREATE TABLE IF NOT EXISTS entries (
  place INTEGER PRIMARY KEY,
  entry BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS parts (
  bucket TEXT NOT NULL,
  field TEXT NOT NULL,
  value BLOB NOT NULL,
  ends_at INTEGER NOT NULL,          -- nanoseconds since the epoch
  PRIMARY KEY (bucket, field)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS parts_by_end ON parts (ends_at);
CREATE TABLE IF NOT EXISTS leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  ttl INTEGER NOT NULL,              -- nanoseconds
  boot TEXT NOT NULL,                -- which run of which machine `granted` belongs to; empty where none can be told
  granted INTEGER NOT NULL,          -- by the machine's monotonic clock, nanoseconds
  granted_at INTEGER NOT NULL        -- by the wall clock, nanoseconds since the epoch
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS saved (
  name TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  value BLOB NOT NULL
);
PRAGMA application_id = 1866550356;  -- 'oALT', by which `file` and other programs can tell whose it is
PRAGMA user_version = 1;
COMMIT;
