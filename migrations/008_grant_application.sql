-- The application reads and writes rows; it owns nothing. On a database with a single role there is nothing to grant.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') OR current_user = 'wolfsec_app' THEN
        RETURN;
    END IF;
    IF NOT has_schema_privilege('wolfsec_app', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO wolfsec_app;
    END IF;
    GRANT SELECT, INSERT, UPDATE ON users, api_tokens, peers, enrolments, event_days, event_rollups, rules, alerts,
        audit_head TO wolfsec_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, settings TO wolfsec_app;
    GRANT SELECT, INSERT, DELETE ON peer_rejects, ingest_requests, correlation_hits TO wolfsec_app;
    GRANT SELECT, INSERT ON logsources, events, alert_evidence, alert_activity, audit_log TO wolfsec_app;
    GRANT EXECUTE ON FUNCTION ensure_event_partition(date), drop_event_partition(date, date), key_digest(text)
        TO wolfsec_app;
END
$$;
