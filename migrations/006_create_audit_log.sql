-- The audit trail: entries are added, never changed or taken away. The bytes are what the chain seals; the other
-- columns are for reading.

CREATE TABLE audit_log (
    seq bigint PRIMARY KEY CONSTRAINT audit_log_seq_check CHECK (seq >= 1),
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CONSTRAINT audit_log_actor_kind_check
        CHECK (actor_kind IN ('user', 'api_token', 'peer', 'command_line', 'system', 'anonymous')),
    actor_name text NOT NULL,
    address text,
    action text NOT NULL,
    object_kind text NOT NULL,
    object text NOT NULL,
    success boolean NOT NULL,
    changes json NOT NULL CONSTRAINT audit_log_changes_check CHECK (json_typeof(changes) = 'array'),
    note text NOT NULL,
    bytes bytea NOT NULL,
    prev_mac bytea NOT NULL CONSTRAINT audit_log_prev_mac_check CHECK (octet_length(prev_mac) = 32),
    mac bytea NOT NULL CONSTRAINT audit_log_mac_check CHECK (octet_length(mac) = 32)
);
CREATE INDEX audit_log_action ON audit_log (action text_pattern_ops, seq DESC);
CREATE INDEX audit_log_actor ON audit_log (actor_name, seq DESC);

-- The chain's end: how many entries there are and the last one's MAC, sealed itself.
CREATE TABLE audit_head (
    single boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_head_single_check CHECK (single),
    count bigint NOT NULL CONSTRAINT audit_head_count_check CHECK (count >= 1),
    last_mac bytea NOT NULL CONSTRAINT audit_head_last_mac_check CHECK (octet_length(last_mac) = 32),
    seal bytea NOT NULL CONSTRAINT audit_head_seal_check CHECK (octet_length(seal) = 32)
) WITH (fillfactor = 50);

CREATE FUNCTION refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = public, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
