-- The hosts, appliances and services that send events.

-- Half-full pages and no index on what a contact changes: ten thousand peers are updated in place.
CREATE TABLE peers (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT peers_name_check CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    mark text NOT NULL CONSTRAINT peers_mark_check CHECK (mark IN ('active', 'stopped', 'maintenance', 'blocked')),
    interval_seconds integer NOT NULL CONSTRAINT peers_interval_check CHECK (interval_seconds > 0),
    key_digest bytea NOT NULL CONSTRAINT peers_key_digest_key UNIQUE
        CONSTRAINT peers_key_digest_check CHECK (octet_length(key_digest) = 32),
    enrolled_at timestamptz NOT NULL,
    last_seen timestamptz,
    address text,
    event_count bigint NOT NULL CONSTRAINT peers_event_count_check CHECK (event_count >= 0),
    reject_count bigint NOT NULL CONSTRAINT peers_reject_count_check CHECK (reject_count >= 0)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX peers_name_key ON peers (lower(name) COLLATE "C");

CREATE TABLE enrolments (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL CONSTRAINT enrolments_digest_key UNIQUE
        CONSTRAINT enrolments_digest_check CHECK (octet_length(digest) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    created_by text NOT NULL,
    used_at timestamptz
);

CREATE TABLE peer_rejects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    peer_id uuid NOT NULL REFERENCES peers (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    line integer NOT NULL CONSTRAINT peer_rejects_line_check CHECK (line >= 1),
    code text NOT NULL CONSTRAINT peer_rejects_code_check CHECK (
        code IN ('malformed_json', 'not_an_object', 'line_too_long', 'nesting_too_deep', 'invalid_utf8')),
    reason text NOT NULL,
    sample text NOT NULL
);
CREATE INDEX peer_rejects_newest ON peer_rejects (peer_id, id DESC);
