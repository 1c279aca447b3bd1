-- Imported rule packs: what they bring beside the YAML, what became of each import, and how often rules changed.

ALTER TABLE rules
    ADD COLUMN license text NOT NULL DEFAULT '',
    ADD COLUMN pack text NOT NULL DEFAULT '';

CREATE TABLE rule_imports (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    pack text NOT NULL,
    used bigint NOT NULL,
    needs_values bigint NOT NULL,
    refused bigint NOT NULL,
    added bigint NOT NULL,
    changed bigint NOT NULL,
    failure text NOT NULL,
    problems jsonb NOT NULL
);
CREATE INDEX rule_imports_at ON rule_imports (at DESC, id);

-- One row: how often rules changed, and up to which change the running server has them loaded.
CREATE TABLE rules_state (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT rules_state_only_row_check CHECK (only_row),
    text_revision bigint NOT NULL DEFAULT 1,
    revision bigint NOT NULL DEFAULT 1,
    loaded_revision bigint NOT NULL DEFAULT 0
);
INSERT INTO rules_state DEFAULT VALUES;

-- Kept by triggers, so that whoever changes a rule cannot forget it. A statement that changes no row is no change.
CREATE FUNCTION note_new_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh) THEN
        UPDATE rules_state SET text_revision = text_revision + 1, revision = revision + 1;
        PERFORM pg_notify('wolfsec_rules', '');
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION note_changed_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    text_changed bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM fresh) THEN
        RETURN NULL;
    END IF;
    SELECT count(*) INTO text_changed FROM fresh JOIN stale USING (id)
        WHERE (fresh.yaml, fresh.state) IS DISTINCT FROM (stale.yaml, stale.state);
    UPDATE rules_state SET text_revision = text_revision + (text_changed > 0)::int, revision = revision + 1;
    PERFORM pg_notify('wolfsec_rules', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER rules_inserted AFTER INSERT ON rules
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_new_rules();
CREATE TRIGGER rules_updated AFTER UPDATE ON rules
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION note_changed_rules();
CREATE TRIGGER rules_deleted AFTER DELETE ON rules
    REFERENCING OLD TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_new_rules();

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wolfsec_app') OR current_user = 'wolfsec_app' THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, DELETE ON rule_imports TO wolfsec_app;
    GRANT SELECT, UPDATE ON rules_state TO wolfsec_app;
END
$$;
