-- The app's own role: owns its tables, logs in nowhere here.

do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'app_owner') then
        create role app_owner nologin;
    end if;
end
$$;
