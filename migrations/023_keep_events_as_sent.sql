-- Events and evidence keep the line as it was sent: `jsonb` reorders keys, drops repeated ones and rewrites numbers, and costs more to
-- store (ADR 0007). Rewrites what is stored already; values are read as before.

ALTER TABLE events ALTER COLUMN fields TYPE json USING fields::json;
ALTER TABLE alert_evidence ALTER COLUMN fields TYPE json USING fields::json;

-- Long values are compressed by LZ4, several times as fast as PostgreSQL's own method, where this PostgreSQL was built with it. New
-- days are made like `events`; days that exist are told one by one.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT 'events'::regclass UNION ALL SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'events'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN fields SET COMPRESSION lz4, ALTER COLUMN message SET COMPRESSION lz4', part);
    END LOOP;
    ALTER TABLE alert_evidence ALTER COLUMN fields SET COMPRESSION lz4, ALTER COLUMN message SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'this PostgreSQL has no LZ4: long values are compressed by its own, slower method';
END
$$;
