-- What the overview needs to know without reading events: when people were here, and how fast ingest was.

CREATE TABLE user_visits (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    last_at timestamptz NOT NULL,
    before timestamptz
) WITH (fillfactor = 50);

-- Minute by measure: how many measurements lie on each step of growing durations.
CREATE TABLE ingest_measures (
    measure text NOT NULL CONSTRAINT ingest_measures_measure_check CHECK (measure IN ('lag', 'detection', 'reject')),
    minute timestamptz NOT NULL,
    step smallint NOT NULL CONSTRAINT ingest_measures_step_check CHECK (step BETWEEN 0 AND 60),
    count bigint NOT NULL CONSTRAINT ingest_measures_count_check CHECK (count > 0),
    PRIMARY KEY (measure, minute, step)
) WITH (fillfactor = 50);

-- Hour by severity: a month of minutes is too much to add up for every look.
CREATE TABLE event_rollups_hourly (
    hour timestamptz NOT NULL,
    severity smallint NOT NULL CONSTRAINT event_rollups_hourly_severity_check CHECK (severity BETWEEN 0 AND 4),
    count bigint NOT NULL CONSTRAINT event_rollups_hourly_count_check CHECK (count > 0),
    PRIMARY KEY (hour, severity)
) WITH (fillfactor = 50);
INSERT INTO event_rollups_hourly (hour, severity, count)
SELECT date_bin('1 hour', bucket, 'epoch'), severity, sum(count) FROM event_rollups GROUP BY 1, 2;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') AND current_user <> 'wolfsec_app' THEN
        GRANT SELECT, INSERT, UPDATE ON user_visits TO wolfsec_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ingest_measures, event_rollups_hourly TO wolfsec_app;
    END IF;
END
$$;
