-- Events by day of their own time, and what the ingest transaction keeps beside them.
-- No foreign key points into or out of `events`: a day is dropped whole.

CREATE TABLE logsources (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product text,
    category text,
    service text,
    -- One text that an equality join finds, absent parts being told from empty ones; parts hold no unit separator.
    key text NOT NULL GENERATED ALWAYS AS (
        coalesce('=' || product, '') || E'\x1f' || coalesce('=' || category, '') || E'\x1f' || coalesce('=' || service, '')
    ) STORED CONSTRAINT logsources_key UNIQUE
);

CREATE TABLE events (
    ts timestamptz NOT NULL,
    id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    peer_id uuid NOT NULL,
    logsource_id integer NOT NULL,
    severity smallint NOT NULL CONSTRAINT events_severity_check CHECK (severity BETWEEN 0 AND 4),
    time_adjusted boolean NOT NULL,
    sanitised boolean NOT NULL,
    source_ip inet,
    destination_ip inet,
    host_name text,
    user_name text,
    process_name text,
    event_code text,
    event_outcome text,
    message text NOT NULL,
    fields jsonb NOT NULL,
    PRIMARY KEY (ts, id)
) PARTITION BY RANGE (ts);
CREATE INDEX events_peer_id_ts ON events (peer_id, ts);

-- One row a partition: when something was last put into that day.
CREATE TABLE event_days (
    day date PRIMARY KEY,
    last_received_at timestamptz
) WITH (fillfactor = 50);

-- Minute by severity, for charts.
CREATE TABLE event_rollups (
    bucket timestamptz NOT NULL,
    severity smallint NOT NULL CONSTRAINT event_rollups_severity_check CHECK (severity BETWEEN 0 AND 4),
    count bigint NOT NULL CONSTRAINT event_rollups_count_check CHECK (count > 0),
    PRIMARY KEY (bucket, severity)
) WITH (fillfactor = 50);

CREATE TABLE ingest_requests (
    peer_id uuid NOT NULL,
    body_digest bytea NOT NULL CONSTRAINT ingest_requests_digest_check CHECK (octet_length(body_digest) = 32),
    received_at timestamptz NOT NULL,
    answer json NOT NULL,
    PRIMARY KEY (peer_id, body_digest)
);
CREATE INDEX ingest_requests_received_at ON ingest_requests (received_at);

CREATE TABLE correlation_hits (
    ts timestamptz NOT NULL,
    event_id uuid NOT NULL,
    peer_id uuid NOT NULL,
    rule_ids json NOT NULL,
    fields text NOT NULL,
    PRIMARY KEY (ts, event_id)
);

-- Makes the day's partition; true when it was missing. Safe against a twin that does the same.
-- The table is made apart and then attached: attaching lets readers and writers of other days go on.
CREATE FUNCTION ensure_event_partition(wanted date) RETURNS boolean
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
DECLARE
    partition text := 'events_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('wolfsec.event_partitions', 0));
    -- An advisory lock brings no news of the catalogue; this table's rows are read afresh.
    IF EXISTS (SELECT FROM event_days WHERE day = wanted) THEN
        RETURN false;
    END IF;
    IF wanted IS NULL OR wanted NOT BETWEEN date '1970-01-01' AND date '2999-12-31'
        OR (SELECT count(*) FROM event_days) >= 1000 THEN
        RAISE EXCEPTION 'no partition for day %: outside the calendar or more than 1000 days', wanted
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition,
        wanted::text || ' 00:00:00+00', (wanted + 1)::text || ' 00:00:00+00');
    INSERT INTO event_days (day) VALUES (wanted);
    RETURN true;
END
$$;

-- Drops a day whose date and whose last insert are both before `cutoff`; true when it was dropped.
CREATE FUNCTION drop_event_partition(old date, cutoff date) RETURNS boolean
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '10s'
AS $$
DECLARE
    partition text := 'events_' || to_char(old, 'YYYYMMDD');
    begins timestamptz := old::timestamp AT TIME ZONE 'UTC';
    last_insert timestamptz;
BEGIN
    IF cutoff > (now() AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'events of today and later are not retired' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF old >= cutoff THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('wolfsec.event_partitions', 0));
    IF NOT EXISTS (SELECT FROM event_days WHERE day = old) THEN
        RETURN false;
    END IF;
    -- Writers of this day are out before the last insert is looked at.
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', partition);
    SELECT last_received_at INTO last_insert FROM event_days WHERE day = old;
    IF last_insert >= cutoff::timestamp AT TIME ZONE 'UTC' THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', partition);
    DELETE FROM event_days WHERE day = old;
    DELETE FROM event_rollups WHERE bucket >= begins AND bucket < begins + interval '24 hours';
    RETURN true;
END
$$;

REVOKE ALL ON FUNCTION ensure_event_partition(date), drop_event_partition(date, date) FROM PUBLIC;
