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

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') AND current_user <> 'wolfsec_app' THEN
        GRANT SELECT, INSERT, UPDATE ON user_visits TO wolfsec_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ingest_measures TO wolfsec_app;
    END IF;
END
$$;
