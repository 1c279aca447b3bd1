-- Days: ten years of retention and 400 days of backfill fit; dropping a day neither deadlocks with readers nor holds them up for long.

CREATE OR REPLACE FUNCTION ensure_event_partition(wanted date) RETURNS boolean
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
        OR (SELECT count(*) FROM event_days) >= 4200 THEN
        RAISE EXCEPTION 'no partition for day %: outside the calendar or more than 4200 days', wanted
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition,
        wanted::text || ' 00:00:00+00', (wanted + 1)::text || ' 00:00:00+00');
    INSERT INTO event_days (day) VALUES (wanted);
    RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION drop_event_partition(old date, cutoff date) RETURNS boolean
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '2s'
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
    -- Dropping takes the whole table's lock: first, in the order in which readers take them, or the two wait for each other.
    LOCK TABLE ONLY events IN ACCESS EXCLUSIVE MODE;
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

CREATE OR REPLACE FUNCTION ensure_metric_partition(wanted date) RETURNS boolean
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
DECLARE
    partition text := 'peer_metrics_' || to_char(wanted, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('wolfsec.metric_partitions', 0));
    IF EXISTS (SELECT FROM metric_days WHERE day = wanted) THEN
        RETURN false;
    END IF;
    IF wanted IS NULL OR wanted NOT BETWEEN date '1970-01-01' AND date '2999-12-31'
        OR (SELECT count(*) FROM metric_days) >= 4200 THEN
        RAISE EXCEPTION 'no partition for day %: outside the calendar or more than 4200 days', wanted
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE peer_metrics INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE peer_metrics ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition,
        wanted::text || ' 00:00:00+00', (wanted + 1)::text || ' 00:00:00+00');
    INSERT INTO metric_days (day) VALUES (wanted);
    RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION drop_metric_partition(old date, cutoff date) RETURNS boolean
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '2s'
AS $$
DECLARE
    last_insert timestamptz;
BEGIN
    IF cutoff > (now() AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'samples of today and later are not retired' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF old >= cutoff THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('wolfsec.metric_partitions', 0));
    LOCK TABLE ONLY peer_metrics IN ACCESS EXCLUSIVE MODE;
    -- A writer of this day holds the row: it is out before its insert is looked at.
    SELECT last_received_at INTO last_insert FROM metric_days WHERE day = old FOR UPDATE;
    IF NOT FOUND OR last_insert >= cutoff::timestamp AT TIME ZONE 'UTC' THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', 'peer_metrics_' || to_char(old, 'YYYYMMDD'));
    DELETE FROM metric_days WHERE day = old;
    RETURN true;
END
$$;
