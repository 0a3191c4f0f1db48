-- Remembers a migration that was just applied, in the same transaction.
INSERT INTO :"schema".:"table" (number, name) VALUES (:'number', :'name');
