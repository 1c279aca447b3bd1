-- Late events look for the alert of their own hour among all unresolved ones of their key, not only the collecting one.

CREATE INDEX alerts_unresolved_of_key ON alerts (key_digest(dedup_key)) WHERE status <> 'resolved';
