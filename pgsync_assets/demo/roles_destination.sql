-- Rights of the role that writes: the rows of the app's tables, temporary tables to stage a batch,
-- and a schema of its own for the ledger. Run as an administrator, in the destination's database:
--   create role pgsync_destination login;
--   \password pgsync_destination
--   psql -d demo_destination -v database=demo_destination -v role=pgsync_destination \
--        -f roles_destination.sql

revoke all on database :"database" from public;
revoke all on schema public from public;
grant connect, temporary on database :"database" to :"role";

grant usage on schema app to :"role";
grant select, insert, update, delete on all tables in schema app to :"role";

create schema if not exists pgsync_ledger authorization :"role";
