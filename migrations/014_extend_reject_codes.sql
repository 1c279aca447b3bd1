-- Refused actions of bulk requests are kept like refused lines.
ALTER TABLE peer_rejects DROP CONSTRAINT peer_rejects_code_check;
ALTER TABLE peer_rejects ADD CONSTRAINT peer_rejects_code_check CHECK (
    code IN ('malformed_json', 'not_an_object', 'line_too_long', 'nesting_too_deep', 'invalid_utf8',
             'malformed_action', 'unsupported_action', 'missing_document'));
