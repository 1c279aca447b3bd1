-- Sigma rules: the YAML and what the product adds to it.

CREATE TABLE rules (
    id text PRIMARY KEY,
    title text NOT NULL,
    description text NOT NULL,
    author text NOT NULL,
    level smallint NOT NULL CONSTRAINT rules_level_check CHECK (level BETWEEN 0 AND 4),
    kind text NOT NULL CONSTRAINT rules_kind_check CHECK (kind IN ('detection', 'correlation')),
    origin text NOT NULL CONSTRAINT rules_origin_check CHECK (origin IN ('bundled', 'imported', 'own')),
    state text NOT NULL CONSTRAINT rules_state_check CHECK (state IN ('usable', 'needs_values', 'refused')),
    reason text NOT NULL,
    enabled boolean NOT NULL,
    version bigint NOT NULL CONSTRAINT rules_version_check CHECK (version >= 1),
    logsource text NOT NULL,
    techniques text[] NOT NULL,
    links text[] NOT NULL,
    path text NOT NULL,
    yaml text NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX rules_title ON rules (title COLLATE "C", id COLLATE "C");
