-- Tables of the ledger get names of their own: its schema may be the application's, which has a
-- table `migrations` often enough. A new ledger begins with baseline/002_ledger.sql instead.

ALTER TABLE :"schema".identity RENAME TO pgsync_identity;
ALTER TABLE :"schema".ledger RENAME TO pgsync_ledger;
ALTER TABLE :"schema".rejects RENAME TO pgsync_rejects;

CREATE TABLE :"schema".pgsync_migrations (LIKE :"schema".migrations INCLUDING ALL);
INSERT INTO :"schema".pgsync_migrations SELECT * FROM :"schema".migrations;
REVOKE ALL ON :"schema".pgsync_migrations FROM PUBLIC;

-- The old one stays: code that knows no other would begin a second ledger, and is refused by this.
INSERT INTO :"schema".migrations (number, name) VALUES (2, '002_own_names.sql');
COMMENT ON TABLE :"schema".migrations IS
    'Replaced by pgsync_migrations; it keeps older versions of pgsync-assets out.';
