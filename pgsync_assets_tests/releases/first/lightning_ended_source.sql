--
-- PostgreSQL database dump
--


-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: hightouch_audit; Type: SCHEMA; Schema: -; Owner: pgsync_source
--

CREATE SCHEMA hightouch_audit;


ALTER SCHEMA hightouch_audit OWNER TO pgsync_source;

--
-- Name: hightouch_planner; Type: SCHEMA; Schema: -; Owner: pgsync_source
--

CREATE SCHEMA hightouch_planner;


ALTER SCHEMA hightouch_planner OWNER TO pgsync_source;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: migrations; Type: TABLE; Schema: hightouch_audit; Owner: pgsync_source
--

CREATE TABLE hightouch_audit.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE hightouch_audit.migrations OWNER TO pgsync_source;

--
-- Name: sync_changelog; Type: TABLE; Schema: hightouch_audit; Owner: pgsync_source
--

CREATE TABLE hightouch_audit.sync_changelog (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    row_id text NOT NULL,
    op_type text NOT NULL,
    status text NOT NULL,
    failure_reason text,
    fields jsonb,
    partition text DEFAULT ''::text NOT NULL,
    plan_row bigint NOT NULL,
    CONSTRAINT sync_changelog_op_type_check CHECK ((op_type = ANY (ARRAY['added'::text, 'changed'::text, 'removed'::text]))),
    CONSTRAINT sync_changelog_status_check CHECK ((status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'aborted'::text])))
);


ALTER TABLE hightouch_audit.sync_changelog OWNER TO pgsync_source;

--
-- Name: sync_runs; Type: TABLE; Schema: hightouch_audit; Owner: pgsync_source
--

CREATE TABLE hightouch_audit.sync_runs (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    primary_key text,
    destination text,
    model_name text,
    model_id text,
    error text,
    status text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    num_planned_add bigint DEFAULT 0 NOT NULL,
    num_planned_change bigint DEFAULT 0 NOT NULL,
    num_planned_remove bigint DEFAULT 0 NOT NULL,
    num_attempted_add bigint DEFAULT 0 NOT NULL,
    num_attempted_change bigint DEFAULT 0 NOT NULL,
    num_attempted_remove bigint DEFAULT 0 NOT NULL,
    num_succeeded_add bigint DEFAULT 0 NOT NULL,
    num_succeeded_change bigint DEFAULT 0 NOT NULL,
    num_succeeded_remove bigint DEFAULT 0 NOT NULL,
    num_failed_add bigint DEFAULT 0 NOT NULL,
    num_failed_change bigint DEFAULT 0 NOT NULL,
    num_failed_remove bigint DEFAULT 0 NOT NULL,
    partition text DEFAULT ''::text NOT NULL,
    destination_table text,
    engine text,
    batches bigint,
    row_count bigint,
    CONSTRAINT attempted_is_planned_at_most CHECK (((num_attempted_add <= num_planned_add) AND (num_attempted_change <= num_planned_change) AND (num_attempted_remove <= num_planned_remove))),
    CONSTRAINT attempted_is_succeeded_or_failed CHECK (((num_attempted_add = (num_succeeded_add + num_failed_add)) AND (num_attempted_change = (num_succeeded_change + num_failed_change)) AND (num_attempted_remove = (num_succeeded_remove + num_failed_remove)))),
    CONSTRAINT sync_runs_status_check CHECK ((status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'held'::text])))
);


ALTER TABLE hightouch_audit.sync_runs OWNER TO pgsync_source;

--
-- Name: COLUMN sync_runs.status; Type: COMMENT; Schema: hightouch_audit; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_audit.sync_runs.status IS 'held: a guard stopped it before its first write; its plan waits for somebody to look at it.';


--
-- Name: sync_snapshot; Type: TABLE; Schema: hightouch_audit; Owner: pgsync_source
--

CREATE TABLE hightouch_audit.sync_snapshot (
    sync_id text NOT NULL,
    sync_run_id bigint NOT NULL,
    row_id text NOT NULL,
    op_type text NOT NULL,
    status text NOT NULL,
    failure_reason text,
    fields jsonb,
    partition text DEFAULT ''::text NOT NULL,
    CONSTRAINT sync_snapshot_op_type_check CHECK ((op_type = ANY (ARRAY['added'::text, 'changed'::text, 'removed'::text]))),
    CONSTRAINT sync_snapshot_status_check CHECK ((status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'aborted'::text])))
);


ALTER TABLE hightouch_audit.sync_snapshot OWNER TO pgsync_source;

--
-- Name: installation; Type: TABLE; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE TABLE hightouch_planner.installation (
    id uuid NOT NULL,
    only_one boolean DEFAULT true NOT NULL,
    CONSTRAINT installation_only_one_check CHECK (only_one)
);


ALTER TABLE hightouch_planner.installation OWNER TO pgsync_source;

--
-- Name: TABLE installation; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON TABLE hightouch_planner.installation IS 'Who we are in the ledgers of the destinations.';


--
-- Name: migrations; Type: TABLE; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE TABLE hightouch_planner.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE hightouch_planner.migrations OWNER TO pgsync_source;

--
-- Name: rejections; Type: TABLE; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE TABLE hightouch_planner.rejections (
    run_id bigint NOT NULL,
    plan_row bigint NOT NULL,
    operation text NOT NULL,
    row_id text NOT NULL,
    sqlstate text,
    constraint_name text,
    column_name text,
    reason text NOT NULL,
    CONSTRAINT rejections_operation_check CHECK ((operation = ANY (ARRAY['added'::text, 'changed'::text, 'removed'::text])))
);


ALTER TABLE hightouch_planner.rejections OWNER TO pgsync_source;

--
-- Name: COLUMN rejections.plan_row; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.rejections.plan_row IS 'Row of the plan; negative for rows that never got into it (NULL or repeated key).';


--
-- Name: runs; Type: TABLE; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE TABLE hightouch_planner.runs (
    id bigint NOT NULL,
    state_id bigint NOT NULL,
    partition text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'started'::text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    planned_at timestamp with time zone,
    closed_at timestamp with time zone,
    is_full boolean,
    fingerprint text,
    shape jsonb,
    batch_size integer,
    added bigint,
    changed bigint,
    removed bigint,
    invalid bigint,
    base_run bigint,
    cursor text,
    is_whole boolean,
    reason text,
    content text,
    approved_at timestamp with time zone,
    approved_by text,
    stale_because text,
    CONSTRAINT planned_is_counted CHECK (((status <> 'planned'::text) OR (((added + changed) + removed) >= 0))),
    CONSTRAINT runs_status_check CHECK ((status = ANY (ARRAY['started'::text, 'planned'::text, 'held'::text, 'settled'::text, 'superseded'::text, 'failed'::text])))
);


ALTER TABLE hightouch_planner.runs OWNER TO pgsync_source;

--
-- Name: COLUMN runs.status; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.runs.status IS 'planned: under way; held: its plan is there to be looked at, nobody is writing it.';


--
-- Name: COLUMN runs.base_run; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.runs.base_run IS 'The last run of the state that the plan was compared with: a held plan is stale without it.';


--
-- Name: COLUMN runs.is_whole; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.runs.is_whole IS 'The whole model (or partition) was compared, not only what lies past a cursor.';


--
-- Name: COLUMN runs.reason; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.runs.reason IS 'Why the guard holds the plan.';


--
-- Name: COLUMN runs.content; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.runs.content IS 'Fingerprint of the held rows: a plan that is made again keeps the number people know.';


--
-- Name: COLUMN runs.approved_at; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.runs.approved_at IS 'Somebody wants exactly this plan to be written: a sensor, or anybody, may apply it.';


--
-- Name: COLUMN runs.stale_because; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.runs.stale_because IS 'Why a plan that was held cannot be applied any more.';


--
-- Name: runs_id_seq; Type: SEQUENCE; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE hightouch_planner.runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME hightouch_planner.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: snapshot_1; Type: TABLE; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE TABLE hightouch_planner.snapshot_1 (
    _pgsync_row bigint,
    _pgsync_op "char",
    id integer,
    name text,
    price numeric
)
WITH (fillfactor='90');


ALTER TABLE hightouch_planner.snapshot_1 OWNER TO pgsync_source;

--
-- Name: states; Type: TABLE; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE TABLE hightouch_planner.states (
    id bigint NOT NULL,
    sync text NOT NULL,
    partition text DEFAULT ''::text NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    shape jsonb,
    row_count bigint DEFAULT 0 NOT NULL,
    ledger uuid,
    ledger_run bigint,
    installation uuid NOT NULL,
    cursor text,
    full_at timestamp with time zone
);


ALTER TABLE hightouch_planner.states OWNER TO pgsync_source;

--
-- Name: COLUMN states.epoch; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.states.epoch IS 'Counts the runs that took the lock: the fence number.';


--
-- Name: COLUMN states.shape; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.states.shape IS 'Columns, types and key of snapshot_<id>, and whether it holds rows or digests; NULL: none.';


--
-- Name: COLUMN states.ledger_run; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.states.ledger_run IS 'The last run that the ledger has to know.';


--
-- Name: COLUMN states.installation; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.states.installation IS 'Our name in the ledger. A state that came from another engine keeps the name it wrote under.';


--
-- Name: COLUMN states.cursor; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.states.cursor IS 'Where the last comparison past a cursor ended.';


--
-- Name: COLUMN states.full_at; Type: COMMENT; Schema: hightouch_planner; Owner: pgsync_source
--

COMMENT ON COLUMN hightouch_planner.states.full_at IS 'When the whole model was compared last.';


--
-- Name: states_id_seq; Type: SEQUENCE; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE hightouch_planner.states ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME hightouch_planner.states_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: items; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.items (
    id integer NOT NULL,
    name text,
    price numeric
);


ALTER TABLE public.items OWNER TO postgres;

--
-- Data for Name: migrations; Type: TABLE DATA; Schema: hightouch_audit; Owner: pgsync_source
--

INSERT INTO hightouch_audit.migrations VALUES (1, '001_audit.sql', '2026-11-23 15:36:46.828498+00');


--
-- Data for Name: sync_changelog; Type: TABLE DATA; Schema: hightouch_audit; Owner: pgsync_source
--

INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '3', 'added', 'failed', 'a CHECK constraint is not fulfilled (constraint good)', NULL, '', 3);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '1', 'added', 'succeeded', NULL, NULL, '', 1);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '2', 'added', 'succeeded', NULL, NULL, '', 2);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '4', 'added', 'succeeded', NULL, NULL, '', 4);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '5', 'added', 'succeeded', NULL, NULL, '', 5);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '6', 'added', 'succeeded', NULL, NULL, '', 6);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '7', 'added', 'succeeded', NULL, NULL, '', 7);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 1, '8', 'added', 'succeeded', NULL, NULL, '', 8);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 2, '3', 'added', 'failed', 'a CHECK constraint is not fulfilled (constraint good)', NULL, '', 3);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 2, '8', 'removed', 'succeeded', NULL, NULL, '', 1);
INSERT INTO hightouch_audit.sync_changelog VALUES ('items', 2, '1', 'changed', 'succeeded', NULL, NULL, '', 2);


--
-- Data for Name: sync_runs; Type: TABLE DATA; Schema: hightouch_audit; Owner: pgsync_source
--

INSERT INTO hightouch_audit.sync_runs VALUES ('items', 1, 'id', 'postgresql', 'items', 'items', NULL, 'succeeded', '2026-11-23 15:36:46.887485+00', '2026-11-23 15:36:46.966007+00', 8, 0, 0, 8, 0, 0, 7, 0, 0, 1, 0, 0, '', 'public.items', 'lightning', 1, 7);
INSERT INTO hightouch_audit.sync_runs VALUES ('items', 2, 'id', 'postgresql', 'items', 'items', NULL, 'succeeded', '2026-11-23 15:36:47.072012+00', '2026-11-23 15:36:47.101168+00', 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, '', 'public.items', 'lightning', 1, 6);


--
-- Data for Name: sync_snapshot; Type: TABLE DATA; Schema: hightouch_audit; Owner: pgsync_source
--

INSERT INTO hightouch_audit.sync_snapshot VALUES ('items', 1, '2', 'added', 'succeeded', NULL, NULL, '');
INSERT INTO hightouch_audit.sync_snapshot VALUES ('items', 1, '4', 'added', 'succeeded', NULL, NULL, '');
INSERT INTO hightouch_audit.sync_snapshot VALUES ('items', 1, '5', 'added', 'succeeded', NULL, NULL, '');
INSERT INTO hightouch_audit.sync_snapshot VALUES ('items', 1, '6', 'added', 'succeeded', NULL, NULL, '');
INSERT INTO hightouch_audit.sync_snapshot VALUES ('items', 1, '7', 'added', 'succeeded', NULL, NULL, '');
INSERT INTO hightouch_audit.sync_snapshot VALUES ('items', 2, '1', 'changed', 'succeeded', NULL, NULL, '');
INSERT INTO hightouch_audit.sync_snapshot VALUES ('items', 2, '3', 'added', 'failed', 'a CHECK constraint is not fulfilled (constraint good)', NULL, '');


--
-- Data for Name: installation; Type: TABLE DATA; Schema: hightouch_planner; Owner: pgsync_source
--

INSERT INTO hightouch_planner.installation VALUES ('52cc4db5-baac-2307-46bf-b9decc55e080', true);


--
-- Data for Name: migrations; Type: TABLE DATA; Schema: hightouch_planner; Owner: pgsync_source
--

INSERT INTO hightouch_planner.migrations VALUES (1, '001_planner.sql', '2026-11-23 15:36:46.801118+00');


--
-- Data for Name: rejections; Type: TABLE DATA; Schema: hightouch_planner; Owner: pgsync_source
--

INSERT INTO hightouch_planner.rejections VALUES (1, 3, 'added', '3', '23514', 'good', NULL, 'a CHECK constraint is not fulfilled (constraint good)');
INSERT INTO hightouch_planner.rejections VALUES (2, 3, 'added', '3', '23514', 'good', NULL, 'a CHECK constraint is not fulfilled (constraint good)');


--
-- Data for Name: runs; Type: TABLE DATA; Schema: hightouch_planner; Owner: pgsync_source
--

INSERT INTO hightouch_planner.runs OVERRIDING SYSTEM VALUE VALUES (1, 1, '', 'settled', '2026-11-23 15:36:46.887485+00', '2026-11-23 15:36:46.892843+00', '2026-11-23 15:36:46.966007+00', true, '35d0b0271643bc8d4d49f1a4b8ad393ba94665477621892f2cd462c98d9e8015', '{"key": ["id"], "holds": "rows", "slice": null, "table": "public.items", "types": ["integer", "text", "numeric"], "ledger": "3b5d0753-989e-723a-61fe-916a65d849d2", "stored": ["integer", "text", "numeric"], "columns": ["id", "name", "price"], "targets": ["id", "name", "price"], "algorithm": "record", "key_rules": [""], "is_labelled": false, "key_operators": ["pg_catalog"]}', 50000, 8, 0, 0, 0, NULL, NULL, true, NULL, NULL, NULL, NULL, NULL);
INSERT INTO hightouch_planner.runs OVERRIDING SYSTEM VALUE VALUES (2, 1, '', 'settled', '2026-11-23 15:36:47.072012+00', '2026-11-23 15:36:47.074127+00', '2026-11-23 15:36:47.101168+00', false, '35d0b0271643bc8d4d49f1a4b8ad393ba94665477621892f2cd462c98d9e8015', '{"key": ["id"], "holds": "rows", "slice": null, "table": "public.items", "types": ["integer", "text", "numeric"], "ledger": "3b5d0753-989e-723a-61fe-916a65d849d2", "stored": ["integer", "text", "numeric"], "columns": ["id", "name", "price"], "targets": ["id", "name", "price"], "algorithm": "record", "key_rules": [""], "is_labelled": false, "key_operators": ["pg_catalog"]}', 50000, 1, 1, 1, 0, 1, NULL, true, NULL, NULL, NULL, NULL, NULL);


--
-- Data for Name: snapshot_1; Type: TABLE DATA; Schema: hightouch_planner; Owner: pgsync_source
--

INSERT INTO hightouch_planner.snapshot_1 VALUES (2, 'a', 2, 'name 2', 3.0);
INSERT INTO hightouch_planner.snapshot_1 VALUES (4, 'a', 4, 'name 4', 6.0);
INSERT INTO hightouch_planner.snapshot_1 VALUES (5, 'a', 5, 'name 5', 7.5);
INSERT INTO hightouch_planner.snapshot_1 VALUES (6, 'a', 6, 'name 6', 9.0);
INSERT INTO hightouch_planner.snapshot_1 VALUES (7, 'a', 7, 'name 7', 10.5);
INSERT INTO hightouch_planner.snapshot_1 VALUES (1, 'c', 1, 'new', 1.5);


--
-- Data for Name: states; Type: TABLE DATA; Schema: hightouch_planner; Owner: pgsync_source
--

INSERT INTO hightouch_planner.states OVERRIDING SYSTEM VALUE VALUES (1, 'items', '', 2, '{"key": ["id"], "holds": "rows", "slice": null, "table": "public.items", "types": ["integer", "text", "numeric"], "ledger": "3b5d0753-989e-723a-61fe-916a65d849d2", "stored": ["integer", "text", "numeric"], "columns": ["id", "name", "price"], "targets": ["id", "name", "price"], "algorithm": "record", "key_rules": [""], "is_labelled": false, "key_operators": ["pg_catalog"]}', 6, '3b5d0753-989e-723a-61fe-916a65d849d2', 2, '52cc4db5-baac-2307-46bf-b9decc55e080', NULL, '2026-11-23 15:36:47.074127+00');


--
-- Data for Name: items; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.items VALUES (3, 'bad', 4.5);
INSERT INTO public.items VALUES (6, 'name 6', 9.0);
INSERT INTO public.items VALUES (1, 'newer', 1.5);
INSERT INTO public.items VALUES (2, 'newer', 3.0);
INSERT INTO public.items VALUES (4, 'newer', 6.0);
INSERT INTO public.items VALUES (5, 'newer', 7.5);
INSERT INTO public.items VALUES (9, 'nine', 9);


--
-- Name: runs_id_seq; Type: SEQUENCE SET; Schema: hightouch_planner; Owner: pgsync_source
--

SELECT pg_catalog.setval('hightouch_planner.runs_id_seq', 2, true);


--
-- Name: states_id_seq; Type: SEQUENCE SET; Schema: hightouch_planner; Owner: pgsync_source
--

SELECT pg_catalog.setval('hightouch_planner.states_id_seq', 2, true);


--
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: hightouch_audit; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_audit.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);


--
-- Name: sync_changelog sync_changelog_pkey; Type: CONSTRAINT; Schema: hightouch_audit; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_audit.sync_changelog
    ADD CONSTRAINT sync_changelog_pkey PRIMARY KEY (sync_run_id, plan_row);


--
-- Name: sync_runs sync_runs_pkey; Type: CONSTRAINT; Schema: hightouch_audit; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_audit.sync_runs
    ADD CONSTRAINT sync_runs_pkey PRIMARY KEY (sync_run_id);


--
-- Name: sync_snapshot sync_snapshot_pkey; Type: CONSTRAINT; Schema: hightouch_audit; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_audit.sync_snapshot
    ADD CONSTRAINT sync_snapshot_pkey PRIMARY KEY (sync_id, row_id);


--
-- Name: installation installation_pkey; Type: CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (only_one);


--
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);


--
-- Name: states one_state_per_partition; Type: CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.states
    ADD CONSTRAINT one_state_per_partition UNIQUE (sync, partition);


--
-- Name: rejections rejections_pkey; Type: CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.rejections
    ADD CONSTRAINT rejections_pkey PRIMARY KEY (run_id, plan_row);


--
-- Name: runs runs_pkey; Type: CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);


--
-- Name: states states_pkey; Type: CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.states
    ADD CONSTRAINT states_pkey PRIMARY KEY (id);


--
-- Name: items items_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id);


--
-- Name: sync_changelog_of_a_row; Type: INDEX; Schema: hightouch_audit; Owner: pgsync_source
--

CREATE INDEX sync_changelog_of_a_row ON hightouch_audit.sync_changelog USING btree (sync_id, row_id);


--
-- Name: sync_runs_of_a_sync; Type: INDEX; Schema: hightouch_audit; Owner: pgsync_source
--

CREATE INDEX sync_runs_of_a_sync ON hightouch_audit.sync_runs USING btree (sync_id, sync_run_id);


--
-- Name: sync_snapshot_of_failures; Type: INDEX; Schema: hightouch_audit; Owner: pgsync_source
--

CREATE INDEX sync_snapshot_of_failures ON hightouch_audit.sync_snapshot USING btree (sync_id, partition) WHERE (status <> 'succeeded'::text);


--
-- Name: key_1; Type: INDEX; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE UNIQUE INDEX key_1 ON hightouch_planner.snapshot_1 USING btree (id);


--
-- Name: one_plan_held; Type: INDEX; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE UNIQUE INDEX one_plan_held ON hightouch_planner.runs USING btree (state_id) WHERE (status = 'held'::text);


--
-- Name: one_run_under_way; Type: INDEX; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE UNIQUE INDEX one_run_under_way ON hightouch_planner.runs USING btree (state_id) WHERE (status = ANY (ARRAY['started'::text, 'planned'::text]));


--
-- Name: runs_of_a_state; Type: INDEX; Schema: hightouch_planner; Owner: pgsync_source
--

CREATE INDEX runs_of_a_state ON hightouch_planner.runs USING btree (state_id, id);


--
-- Name: rejections rejections_run_id_fkey; Type: FK CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.rejections
    ADD CONSTRAINT rejections_run_id_fkey FOREIGN KEY (run_id) REFERENCES hightouch_planner.runs(id);


--
-- Name: runs runs_state_id_fkey; Type: FK CONSTRAINT; Schema: hightouch_planner; Owner: pgsync_source
--

ALTER TABLE ONLY hightouch_planner.runs
    ADD CONSTRAINT runs_state_id_fkey FOREIGN KEY (state_id) REFERENCES hightouch_planner.states(id);


--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner
--

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO pgsync_source;


--
-- Name: TABLE items; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.items TO pgsync_source;


--
-- PostgreSQL database dump complete
--


