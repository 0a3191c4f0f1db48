-- Rights of the role that reads the models: SELECT on the models' schema, and two schemas of its
-- own. It cannot create anything else. Run as an administrator, in the source's database:
--   create role pgsync_source login;
--   \password pgsync_source
--   psql -d demo_source -v database=demo_source -v role=pgsync_source -f roles_source.sql

revoke all on database :"database" from public;
revoke all on schema public from public;
grant connect on database :"database" to :"role";

grant usage on schema nyc to :"role";
grant select on all tables in schema nyc to :"role";

create schema if not exists hightouch_planner authorization :"role";
create schema if not exists hightouch_audit authorization :"role";
