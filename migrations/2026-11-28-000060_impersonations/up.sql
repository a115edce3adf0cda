-- When a member of staff acted as a person, in whose account, and why: what that person sees. In force until it expires or ends. The tokens
-- have the id of the row as that of their session, so servers look for ends here as in `sessions`. No foreign key to the session of the
-- member of staff, which is deleted earlier.
CREATE TABLE IF NOT EXISTS impersonations (
    id               BINARY(16)   NOT NULL COMMENT 'UUIDv7',
    person_id        BINARY(16)   NOT NULL,
    staff_id         BINARY(16)   NOT NULL,
    staff_session_id BINARY(16)   NOT NULL COMMENT 'ends with it',
    role             VARCHAR(8)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'as which staff acted',
    reason           VARCHAR(500) NOT NULL,
    started_at       DATETIME(6)  NOT NULL,
    expires_at       DATETIME(6)  NOT NULL,
    ended_at         DATETIME(6)  NULL COMMENT 'when it ended before it expired',
    end_recorded_at  DATETIME(6)  NULL COMMENT 'clock of the database, UTC, when ended_at was written: other servers look for what is new',
    audit_due_at     DATETIME(6)  NULL COMMENT 'when the worker writes the end to the audit log; NULL: it is there',
    PRIMARY KEY (id),
    KEY impersonations_person (person_id, started_at, id),
    KEY impersonations_staff (staff_id, ended_at),
    KEY impersonations_session (staff_session_id, ended_at),
    KEY impersonations_ended (end_recorded_at),
    KEY impersonations_audit (audit_due_at),
    KEY impersonations_expiry (expires_at),
    CONSTRAINT impersonations_person FOREIGN KEY (person_id) REFERENCES users (id),
    CONSTRAINT impersonations_staff FOREIGN KEY (staff_id) REFERENCES users (id),
    CONSTRAINT impersonations_others CHECK (person_id <> staff_id),
    CONSTRAINT impersonations_role CHECK (role IN ('SUPPORT', 'ADMIN')),
    CONSTRAINT impersonations_end CHECK ((ended_at IS NULL) = (end_recorded_at IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
