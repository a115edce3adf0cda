-- Events have any subject, and feeds any owner and topic: the tables of booking events and feeds become general. Names change, no row moves.
-- Servers of before do not know these names: stop them first.
ALTER TABLE booking_events RENAME TO events;

ALTER TABLE events DROP FOREIGN KEY booking_events_booking;

ALTER TABLE feed_entries DROP FOREIGN KEY feed_entries_event;

ALTER TABLE events RENAME COLUMN booking_id TO subject_id;

ALTER TABLE events
    MODIFY COLUMN subject_id BINARY(16)   NOT NULL COMMENT 'ids are unique across all kinds of subjects',
    MODIFY COLUMN sequence   INT UNSIGNED NOT NULL COMMENT 'from 1 without gaps; allocated under a lock of the subject';

ALTER TABLE events
    ADD COLUMN subject      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'BOOKING' COMMENT 'kind of subject',
    ADD COLUMN actor        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'PLATFORM' COMMENT 'who caused it',
    ADD COLUMN actor_id     BINARY(16)  NULL COMMENT 'the account, if the actor is a person',
    ADD COLUMN on_behalf_of BINARY(16)  NULL COMMENT 'the account for which the actor did it, if that is another',
    ADD COLUMN cause        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'UNKNOWN' COMMENT 'REQUEST, JOB, PROVIDER_EVENT, IMPORT; UNKNOWN: written before causes were',
    ADD COLUMN cause_id     VARCHAR(100) NOT NULL DEFAULT '' COMMENT 'id of the request or of the provider''s event, name of the job or dataset',
    ADD COLUMN payload      MEDIUMTEXT  NULL COMMENT 'JSON, with the version of its format',
    ADD KEY events_happened (happened_at),
    ADD CONSTRAINT events_payload CHECK (JSON_VALID(payload));

ALTER TABLE feeds DROP FOREIGN KEY feeds_user;

ALTER TABLE feeds DROP CONSTRAINT feeds_role;

ALTER TABLE feeds
    RENAME COLUMN user_id TO owner_id, RENAME COLUMN role TO topic, RENAME COLUMN last_sequence TO last_position;

ALTER TABLE feeds
    MODIFY COLUMN owner_id      BINARY(16)      NOT NULL COMMENT 'an account, a listing, the number of a shard',
    MODIFY COLUMN topic         VARCHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    MODIFY COLUMN last_position BIGINT UNSIGNED NOT NULL;

ALTER TABLE feed_entries
    RENAME COLUMN user_id TO owner_id, RENAME COLUMN role TO topic, RENAME COLUMN sequence TO position,
    RENAME COLUMN booking_id TO subject_id, RENAME COLUMN booking_sequence TO event_sequence;

ALTER TABLE feed_entries
    MODIFY COLUMN topic    VARCHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    MODIFY COLUMN position BIGINT UNSIGNED NOT NULL COMMENT 'from 1 without gaps, in the order of commits; allocated under the lock of the feed';

-- Wake-ups look for new entries of some topics, retention for old ones of others.
ALTER TABLE feed_entries ADD KEY feed_entries_of_topic (topic, appended_at), DROP KEY feed_entries_appended;

ALTER TABLE feed_entries
    ADD CONSTRAINT feed_entries_event FOREIGN KEY (subject_id, event_sequence) REFERENCES events (subject_id, sequence);
