/** Has a ledger that is new take itself for one of 1970, as if it had been there for longer than any token lives. */
export function age({ storage }) {
  storage.sql.exec('CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL)');
  storage.sql.exec("INSERT OR IGNORE INTO kept VALUES ('since', x'00000000000003e8')");
}
