-- Working many alerts: tactics to filter by, the order of waiting, and what each bulk change did.

ALTER TABLE alerts ADD COLUMN tactics text[] NOT NULL DEFAULT '{}'
    CONSTRAINT alerts_tactics_check CHECK (tactics <@ ARRAY[
        'reconnaissance', 'resource-development', 'initial-access', 'execution', 'persistence', 'privilege-escalation',
        'defense-evasion', 'credential-access', 'discovery', 'lateral-movement', 'collection', 'command-and-control',
        'exfiltration', 'impact']);

CREATE INDEX alerts_waiting ON alerts (created_at, id) WHERE status <> 'resolved';
CREATE INDEX alerts_waiting_counts ON alerts (severity, status, assignee_id, created_at) WHERE status <> 'resolved';
CREATE INDEX alerts_raised ON alerts (created_at, severity);

CREATE TABLE alert_bulk_changes (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    change json NOT NULL CONSTRAINT alert_bulk_changes_change_check CHECK (json_typeof(change) = 'object')
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') AND current_user <> 'wolfsec_app' THEN
        GRANT SELECT, INSERT ON alert_bulk_changes TO wolfsec_app;
    END IF;
END
$$;
