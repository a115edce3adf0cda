ALTER TABLE audit_entries
    DROP KEY audit_entries_time,
    DROP KEY audit_entries_request,
    DROP KEY audit_entries_actor,
    ADD KEY audit_entries_actor (actor_id, sequence),
    DROP KEY audit_entries_action,
    ADD KEY audit_entries_action (action, sequence),
    DROP KEY audit_entries_subject,
    ADD KEY audit_entries_subject (subject_id, sequence),
    DROP COLUMN request_id;
