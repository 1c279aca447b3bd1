-- What peers measure of themselves, by day of the measurement, and how a peer stands.

CREATE TABLE peer_metrics (
    peer_id uuid NOT NULL,
    at timestamptz NOT NULL,
    latency_ms double precision CONSTRAINT peer_metrics_latency_ms_check CHECK (latency_ms BETWEEN 0 AND 86400000),
    messages_sent bigint CONSTRAINT peer_metrics_messages_sent_check CHECK (messages_sent >= 0),
    messages_received bigint CONSTRAINT peer_metrics_messages_received_check CHECK (messages_received >= 0),
    bytes_sent bigint CONSTRAINT peer_metrics_bytes_sent_check CHECK (bytes_sent >= 0),
    bytes_received bigint CONSTRAINT peer_metrics_bytes_received_check CHECK (bytes_received >= 0),
    requests_total bigint CONSTRAINT peer_metrics_requests_total_check CHECK (requests_total >= 0),
    requests_failed bigint CONSTRAINT peer_metrics_requests_failed_check CHECK (requests_failed >= 0),
    cpu_percent double precision CONSTRAINT peer_metrics_cpu_percent_check CHECK (cpu_percent BETWEEN 0 AND 100),
    memory_bytes bigint CONSTRAINT peer_metrics_memory_bytes_check CHECK (memory_bytes >= 0),
    disk_percent double precision CONSTRAINT peer_metrics_disk_percent_check CHECK (disk_percent BETWEEN 0 AND 100),
    uptime_s bigint CONSTRAINT peer_metrics_uptime_s_check CHECK (uptime_s >= 0),
    PRIMARY KEY (peer_id, at)
) PARTITION BY RANGE (at);

-- One row a partition: when something was last put into that day, to the hour.
CREATE TABLE metric_days (
    day date PRIMARY KEY,
    last_received_at timestamptz
) WITH (fillfactor = 50);

ALTER TABLE peers ADD CONSTRAINT peers_interval_most_check CHECK (interval_seconds <= 86400);

-- How a peer stands: the domain's `peer_status`, for questions about all of them.
CREATE FUNCTION peer_status(mark text, last_seen timestamptz, interval_seconds integer, now timestamptz) RETURNS text
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT CASE
        WHEN mark <> 'active' THEN mark
        WHEN last_seen IS NULL THEN 'pending'
        WHEN trunc(extract(epoch FROM now - last_seen)) > 8 * greatest(interval_seconds, 1) THEN 'offline'
        WHEN trunc(extract(epoch FROM now - last_seen)) > 3 * greatest(interval_seconds, 1) THEN 'late'
        ELSE 'online'
    END
$$;

-- How much a counter grew: the domain's `counter_increase`. Null where a reading is missing.
CREATE FUNCTION counter_increase(before bigint, after bigint) RETURNS bigint
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT CASE WHEN after < before THEN after ELSE after - before END
$$;

-- Makes the day's partition; true when it was missing. See `ensure_event_partition`.
CREATE FUNCTION ensure_metric_partition(wanted date) RETURNS boolean
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
        OR (SELECT count(*) FROM metric_days) >= 1000 THEN
        RAISE EXCEPTION 'no partition for day %: outside the calendar or more than 1000 days', wanted
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE peer_metrics INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE peer_metrics ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition,
        wanted::text || ' 00:00:00+00', (wanted + 1)::text || ' 00:00:00+00');
    INSERT INTO metric_days (day) VALUES (wanted);
    RETURN true;
END
$$;

-- Drops a day whose date and whose last insert are both before `cutoff`; true when it was dropped.
CREATE FUNCTION drop_metric_partition(old date, cutoff date) RETURNS boolean
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '10s'
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

-- Stores the samples of many peers, with the partitions that they need: one statement for whoever calls. Returns what was new.
CREATE FUNCTION store_peer_metrics(
    received timestamptz, peers uuid[], times timestamptz[], latencies double precision[], sent bigint[], got bigint[],
    bytes_out bigint[], bytes_in bigint[], requests bigint[], failures bigint[], cpus double precision[],
    memories bigint[], disks double precision[], uptimes bigint[]
) RETURNS TABLE (stored_peer uuid, stored_at timestamptz)
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
DECLARE
    days date[] := ARRAY(SELECT DISTINCT (t AT TIME ZONE 'UTC')::date AS day FROM unnest(times) AS u (t) ORDER BY day);
BEGIN
    PERFORM ensure_metric_partition(day) FROM unnest(days) AS d (day);
    UPDATE metric_days SET last_received_at = received
    WHERE day = ANY(days) AND (last_received_at IS NULL OR last_received_at < received - interval '1 hour');
    RETURN QUERY
        INSERT INTO peer_metrics AS m (peer_id, at, latency_ms, messages_sent, messages_received, bytes_sent,
            bytes_received, requests_total, requests_failed, cpu_percent, memory_bytes, disk_percent, uptime_s)
        SELECT * FROM unnest(peers, times, latencies, sent, got, bytes_out, bytes_in, requests, failures, cpus,
            memories, disks, uptimes)
        ON CONFLICT DO NOTHING
        RETURNING m.peer_id, m.at;
END
$$;

REVOKE ALL ON FUNCTION ensure_metric_partition(date), drop_metric_partition(date, date), store_peer_metrics(timestamptz,
    uuid[], timestamptz[], double precision[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[],
    double precision[], bigint[], double precision[], bigint[]) FROM PUBLIC;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') OR current_user = 'wolfsec_app' THEN
        RETURN;
    END IF;
    GRANT SELECT ON peer_metrics, metric_days TO wolfsec_app;
    GRANT EXECUTE ON FUNCTION ensure_metric_partition(date), drop_metric_partition(date, date),
        store_peer_metrics(timestamptz, uuid[], timestamptz[], double precision[], bigint[], bigint[], bigint[],
        bigint[], bigint[], bigint[], double precision[], bigint[], double precision[], bigint[]) TO wolfsec_app;
END
$$;
