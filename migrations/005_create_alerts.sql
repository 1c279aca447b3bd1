-- Alerts: what rules found, folded per dedup key, worked by people to an end.

-- Group-by values are as long as the events make them: keys are compared and indexed by their digest.
CREATE FUNCTION key_digest(key text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(key, 'UTF8'));

CREATE TABLE alerts (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CONSTRAINT alerts_version_check CHECK (version >= 1),
    dedup_key text NOT NULL,
    -- Repeats of the key are counted here.
    collecting boolean NOT NULL,
    peer_id uuid NOT NULL REFERENCES peers (id),
    rule_id text NOT NULL,
    rule_title text NOT NULL,
    severity smallint NOT NULL CONSTRAINT alerts_severity_check CHECK (severity BETWEEN 0 AND 4),
    status text NOT NULL CONSTRAINT alerts_status_check
        CHECK (status IN ('open', 'acknowledged', 'in_progress', 'resolved')),
    resolution text CONSTRAINT alerts_resolution_check
        CHECK (resolution IN ('true_positive', 'false_positive', 'benign', 'duplicate')),
    count bigint NOT NULL CONSTRAINT alerts_count_check CHECK (count >= 1),
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    assignee_id uuid REFERENCES users (id),
    previous_id uuid REFERENCES alerts (id),
    entities jsonb NOT NULL CONSTRAINT alerts_entities_check CHECK (jsonb_typeof(entities) = 'array'),
    techniques text[] NOT NULL,
    CONSTRAINT alerts_seen_check CHECK (last_seen >= first_seen),
    CONSTRAINT alerts_resolved_check CHECK ((status = 'resolved') = (resolution IS NOT NULL)),
    CONSTRAINT alerts_collecting_check CHECK (NOT (collecting AND status = 'resolved'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX alerts_collecting_key ON alerts (key_digest(dedup_key)) WHERE collecting AND status <> 'resolved';
CREATE INDEX alerts_resolved_of_key ON alerts (key_digest(dedup_key), last_seen DESC, id DESC)
    WHERE status = 'resolved';
CREATE INDEX alerts_newest ON alerts (last_seen DESC, id DESC);
CREATE INDEX alerts_newest_unresolved ON alerts (last_seen DESC, id DESC) WHERE status <> 'resolved';
CREATE INDEX alerts_newest_of_peer ON alerts (peer_id, last_seen DESC, id DESC);
CREATE INDEX alerts_newest_of_rule ON alerts (rule_id, last_seen DESC, id DESC);
CREATE INDEX alerts_newest_of_assignee ON alerts (assignee_id, last_seen DESC, id DESC) WHERE assignee_id IS NOT NULL;
CREATE INDEX alerts_unresolved_counts ON alerts (severity, status) WHERE status <> 'resolved';

-- A frozen copy of an alert's first events.
CREATE TABLE alert_evidence (
    alert_id uuid NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    event_id uuid NOT NULL,
    ts timestamptz NOT NULL,
    message text NOT NULL,
    fields jsonb NOT NULL,
    -- json, not jsonb: matched values may hold an escaped NUL.
    matched json NOT NULL CONSTRAINT alert_evidence_matched_check CHECK (json_typeof(matched) = 'array'),
    PRIMARY KEY (alert_id, event_id)
);

CREATE TABLE alert_activity (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL CONSTRAINT alert_activity_kind_check CHECK (kind IN ('transition', 'comment')),
    from_status text,
    to_status text,
    resolution text CONSTRAINT alert_activity_resolution_check
        CHECK (resolution IN ('true_positive', 'false_positive', 'benign', 'duplicate')),
    note text NOT NULL CONSTRAINT alert_activity_note_check CHECK (char_length(note) <= 4000),
    CONSTRAINT alert_activity_transition_check CHECK (
        CASE kind
            WHEN 'transition' THEN coalesce((from_status, to_status) IN (
                ('open', 'acknowledged'), ('open', 'in_progress'), ('open', 'resolved'),
                ('acknowledged', 'in_progress'), ('acknowledged', 'resolved'),
                ('in_progress', 'resolved'),
                ('resolved', 'open')), false)
                AND (to_status = 'resolved') = (resolution IS NOT NULL)
                AND (from_status <> 'resolved' OR note ~ '\S')
            ELSE from_status IS NULL AND to_status IS NULL AND resolution IS NULL
        END)
);
CREATE INDEX alert_activity_of_alert ON alert_activity (alert_id, at, id);
