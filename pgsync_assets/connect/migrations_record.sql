-- Remembers a migration that was just applied, in the same transaction.
INSERT INTO :"schema".migrations (number, name) VALUES (:'number', :'name');
