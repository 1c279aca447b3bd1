-- What a rule's author knows to be harmless, shown with its matches; and the tactics that rules look for.

ALTER TABLE rules
    ADD COLUMN false_positives text[] NOT NULL DEFAULT '{}',
    ADD COLUMN tactics text[] NOT NULL DEFAULT '{}';
