-- What a change of many did is kept for as long as it may be taken back; the audit trail keeps it for good.

CREATE INDEX alert_bulk_changes_at ON alert_bulk_changes (at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') AND current_user <> 'wolfsec_app' THEN
        GRANT DELETE ON alert_bulk_changes TO wolfsec_app;
    END IF;
END
$$;
