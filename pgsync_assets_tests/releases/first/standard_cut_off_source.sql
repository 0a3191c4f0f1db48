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
-- Name: items; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.items (
    id integer NOT NULL,
    name text,
    price numeric
);


ALTER TABLE public.items OWNER TO postgres;

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
-- Name: items items_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id);


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


