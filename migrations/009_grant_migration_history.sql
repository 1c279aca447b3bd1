-- Readiness compares the newest applied migration with the newest one that the server ships.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') AND current_user <> 'wolfsec_app'
        AND to_regclass('_sqlx_migrations') IS NOT NULL THEN
        GRANT SELECT ON _sqlx_migrations TO wolfsec_app;
    END IF;
END
$$;
