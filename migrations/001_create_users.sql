-- People, their sessions in the browser, and the tokens of programs.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT users_name_check CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$'),
    role text NOT NULL CONSTRAINT users_role_check CHECK (role IN ('viewer', 'operator', 'admin')),
    enabled boolean NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    last_sign_in timestamptz
);
CREATE UNIQUE INDEX users_name_key ON users (lower(name) COLLATE "C");

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest bytea NOT NULL CONSTRAINT sessions_digest_key UNIQUE
        CONSTRAINT sessions_digest_check CHECK (octet_length(digest) = 32),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    address text NOT NULL,
    user_agent text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sessions_user_id ON sessions (user_id);

CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CONSTRAINT api_tokens_role_check CHECK (role IN ('viewer', 'operator', 'admin')),
    digest bytea NOT NULL CONSTRAINT api_tokens_digest_key UNIQUE
        CONSTRAINT api_tokens_digest_check CHECK (octet_length(digest) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
) WITH (fillfactor = 70);
-- A revoked token gives its name back.
CREATE UNIQUE INDEX api_tokens_name_key ON api_tokens (lower(name) COLLATE "C") WHERE revoked_at IS NULL;
CREATE INDEX api_tokens_created_at ON api_tokens (created_at DESC, id DESC);
