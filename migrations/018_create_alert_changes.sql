-- What each transaction did to alerts, in the order of their commits: the number is drawn under a lock that is held until
-- the commit, so that whoever has seen a number has seen all below it. Browsers catch up by it.

CREATE TABLE alert_changes (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    raised bigint NOT NULL CONSTRAINT alert_changes_raised_check CHECK (raised >= 0),
    changed bigint NOT NULL CONSTRAINT alert_changes_changed_check CHECK (changed >= 0)
);
-- The newest row is never forgotten: there is always a place to start from.
INSERT INTO alert_changes (at, raised, changed) VALUES (now(), 0, 0);

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') OR current_user = 'wolfsec_app' THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, DELETE ON alert_changes TO wolfsec_app;
END
$$;
