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
-- Name: pgsync_ledger; Type: SCHEMA; Schema: -; Owner: pgsync_destination
--

CREATE SCHEMA pgsync_ledger;


ALTER SCHEMA pgsync_ledger OWNER TO pgsync_destination;

--
-- Name: log_write(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.log_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public'
    AS $$
    begin
        insert into public.writes values (tg_op, coalesce(new.id, old.id)::text);
        return null;
    end $$;


ALTER FUNCTION public.log_write() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: identity; Type: TABLE; Schema: pgsync_ledger; Owner: pgsync_destination
--

CREATE TABLE pgsync_ledger.identity (
    id uuid NOT NULL,
    only_one boolean DEFAULT true NOT NULL,
    CONSTRAINT identity_only_one_check CHECK (only_one)
);


ALTER TABLE pgsync_ledger.identity OWNER TO pgsync_destination;

--
-- Name: TABLE identity; Type: COMMENT; Schema: pgsync_ledger; Owner: pgsync_destination
--

COMMENT ON TABLE pgsync_ledger.identity IS 'Which destination this is; a copy of it keeps the name.';


--
-- Name: ledger; Type: TABLE; Schema: pgsync_ledger; Owner: pgsync_destination
--

CREATE TABLE pgsync_ledger.ledger (
    installation uuid NOT NULL,
    sync text NOT NULL,
    partition text NOT NULL,
    fence bigint NOT NULL,
    run bigint NOT NULL,
    batch bigint NOT NULL,
    applied bigint NOT NULL,
    rejected bigint NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE pgsync_ledger.ledger OWNER TO pgsync_destination;

--
-- Name: COLUMN ledger.fence; Type: COMMENT; Schema: pgsync_ledger; Owner: pgsync_destination
--

COMMENT ON COLUMN pgsync_ledger.ledger.fence IS 'Epoch of the run that may write; older ones may not.';


--
-- Name: migrations; Type: TABLE; Schema: pgsync_ledger; Owner: pgsync_destination
--

CREATE TABLE pgsync_ledger.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE pgsync_ledger.migrations OWNER TO pgsync_destination;

--
-- Name: rejects; Type: TABLE; Schema: pgsync_ledger; Owner: pgsync_destination
--

CREATE TABLE pgsync_ledger.rejects (
    installation uuid NOT NULL,
    sync text NOT NULL,
    partition text NOT NULL,
    run bigint NOT NULL,
    plan_row bigint NOT NULL,
    sqlstate text,
    constraint_name text,
    column_name text,
    reason text NOT NULL
);


ALTER TABLE pgsync_ledger.rejects OWNER TO pgsync_destination;

--
-- Name: items; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.items (
    id integer NOT NULL,
    name text,
    price numeric,
    CONSTRAINT good CHECK ((name <> 'bad'::text))
);


ALTER TABLE public.items OWNER TO postgres;

--
-- Name: writes; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.writes (
    operation text,
    row_id text
);


ALTER TABLE public.writes OWNER TO postgres;

--
-- Data for Name: identity; Type: TABLE DATA; Schema: pgsync_ledger; Owner: pgsync_destination
--

INSERT INTO pgsync_ledger.identity VALUES ('e038c4b5-10b5-6397-d2f6-32adc656d44e', true);


--
-- Data for Name: ledger; Type: TABLE DATA; Schema: pgsync_ledger; Owner: pgsync_destination
--

INSERT INTO pgsync_ledger.ledger VALUES ('93dfe139-18eb-c348-d895-68b23e91d819', 'items', '', 3, 3, 1, 2, 0, '2026-11-23 15:36:49.015651+00');


--
-- Data for Name: migrations; Type: TABLE DATA; Schema: pgsync_ledger; Owner: pgsync_destination
--

INSERT INTO pgsync_ledger.migrations VALUES (1, '001_ledger.sql', '2026-11-23 15:36:48.48535+00');


--
-- Data for Name: rejects; Type: TABLE DATA; Schema: pgsync_ledger; Owner: pgsync_destination
--



--
-- Data for Name: items; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.items VALUES (2, 'name 2', 3.0);
INSERT INTO public.items VALUES (4, 'name 4', 6.0);
INSERT INTO public.items VALUES (5, 'name 5', 7.5);
INSERT INTO public.items VALUES (6, 'name 6', 9.0);
INSERT INTO public.items VALUES (1, 'newer', 1.5);


--
-- Data for Name: writes; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.writes VALUES ('INSERT', '1');
INSERT INTO public.writes VALUES ('INSERT', '2');
INSERT INTO public.writes VALUES ('INSERT', '4');
INSERT INTO public.writes VALUES ('INSERT', '5');
INSERT INTO public.writes VALUES ('INSERT', '6');
INSERT INTO public.writes VALUES ('INSERT', '7');
INSERT INTO public.writes VALUES ('INSERT', '8');
INSERT INTO public.writes VALUES ('DELETE', '8');
INSERT INTO public.writes VALUES ('UPDATE', '1');
INSERT INTO public.writes VALUES ('DELETE', '7');
INSERT INTO public.writes VALUES ('UPDATE', '1');


--
-- Name: identity identity_pkey; Type: CONSTRAINT; Schema: pgsync_ledger; Owner: pgsync_destination
--

ALTER TABLE ONLY pgsync_ledger.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (only_one);


--
-- Name: ledger ledger_pkey; Type: CONSTRAINT; Schema: pgsync_ledger; Owner: pgsync_destination
--

ALTER TABLE ONLY pgsync_ledger.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (installation, sync, partition);


--
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: pgsync_ledger; Owner: pgsync_destination
--

ALTER TABLE ONLY pgsync_ledger.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);


--
-- Name: rejects rejects_pkey; Type: CONSTRAINT; Schema: pgsync_ledger; Owner: pgsync_destination
--

ALTER TABLE ONLY pgsync_ledger.rejects
    ADD CONSTRAINT rejects_pkey PRIMARY KEY (installation, sync, partition, run, plan_row);


--
-- Name: items items_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id);


--
-- Name: items log_write; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER log_write AFTER INSERT OR DELETE OR UPDATE ON public.items FOR EACH ROW EXECUTE FUNCTION public.log_write();


--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner
--

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO pgsync_destination;


--
-- Name: TABLE items; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.items TO pgsync_destination;


--
-- PostgreSQL database dump complete
--


