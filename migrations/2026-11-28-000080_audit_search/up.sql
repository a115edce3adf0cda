-- The audit log is searched by time and by request. It is listed newest first by its time, so each index ends with the time and the number.
-- The request is a part of the content, computed by the database, so that it cannot differ from what was hashed.
ALTER TABLE audit_entries
    ADD COLUMN request_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin GENERATED ALWAYS AS
        (JSON_UNQUOTE(JSON_EXTRACT(content, '$.request'))) STORED
        COMMENT 'the id of the request, or the name of the command',
    ADD KEY audit_entries_time (happened_at, sequence),
    ADD KEY audit_entries_request (request_id, happened_at, sequence),
    DROP KEY audit_entries_actor,
    ADD KEY audit_entries_actor (actor_id, happened_at, sequence),
    DROP KEY audit_entries_action,
    ADD KEY audit_entries_action (action, happened_at, sequence),
    DROP KEY audit_entries_subject,
    ADD KEY audit_entries_subject (subject_id, happened_at, sequence);
