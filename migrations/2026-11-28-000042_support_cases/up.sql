-- What people report, and ask the platform to decide: about a booking, a listing or a person. Not to be confused with `payment_cases`, which
-- the program opens about payments. `open_about` repeats the subject while the case is open, so that the key refuses a second open case.
CREATE TABLE IF NOT EXISTS support_cases (
    id          BINARY(16)    NOT NULL COMMENT 'UUIDv7',
    kind        VARCHAR(8)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status      VARCHAR(20)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    opened_by   BINARY(16)    NOT NULL,
    booking_id  BINARY(16)    NULL,
    listing_id  BINARY(16)    NULL,
    person_id   BINARY(16)    NULL,
    open_about  BINARY(16)    NULL COMMENT 'the booking, listing or person; NULL once it is closed',
    text        VARCHAR(4000) NOT NULL COMMENT 'of the reporter; empty once the account was deleted',
    question    VARCHAR(2000) NULL COMMENT 'the last of staff to the reporter',
    answer      VARCHAR(4000) NULL COMMENT 'the last of the reporter',
    resolution  VARCHAR(2000) NULL COMMENT 'of staff, for the reporter',
    assignee_id BINARY(16)    NULL,
    due_at      DATETIME(6)   NOT NULL,
    opened_at   DATETIME(6)   NOT NULL,
    closed_at   DATETIME(6)   NULL,
    updated_at  DATETIME(6)   NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY support_cases_open (opened_by, kind, open_about),
    KEY support_cases_reporter (opened_by, opened_at, id),
    KEY support_cases_due (status, due_at, id),
    KEY support_cases_assignee (assignee_id, status, due_at, id),
    KEY support_cases_booking (booking_id),
    KEY support_cases_listing (listing_id),
    KEY support_cases_person (person_id),
    CONSTRAINT support_cases_reporter FOREIGN KEY (opened_by) REFERENCES users (id),
    CONSTRAINT support_cases_booking FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT support_cases_listing FOREIGN KEY (listing_id) REFERENCES listings (id),
    CONSTRAINT support_cases_person FOREIGN KEY (person_id) REFERENCES users (id),
    CONSTRAINT support_cases_assignee FOREIGN KEY (assignee_id) REFERENCES users (id),
    CONSTRAINT support_cases_kind CHECK (kind IN ('DISPUTE', 'DAMAGE', 'REPORT')),
    CONSTRAINT support_cases_status CHECK (status IN ('OPEN', 'IN_REVIEW', 'WAITING_FOR_PERSON', 'RESOLVED', 'REJECTED')),
    CONSTRAINT support_cases_about CHECK ((booking_id IS NOT NULL) + (listing_id IS NOT NULL) + (person_id IS NOT NULL) = 1),
    CONSTRAINT support_cases_end CHECK ((status IN ('RESOLVED', 'REJECTED')) = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (open_about IS NOT NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Notes of staff about cases. Rows are added, and never changed while the accounts are there.
CREATE TABLE IF NOT EXISTS support_case_notes (
    case_id    BINARY(16)        NOT NULL,
    number     SMALLINT UNSIGNED NOT NULL COMMENT 'from 1; allocated under the lock of the case',
    author_id  BINARY(16)        NOT NULL,
    text       VARCHAR(2000)     NOT NULL,
    created_at DATETIME(6)       NOT NULL,
    PRIMARY KEY (case_id, number),
    CONSTRAINT support_case_notes_case FOREIGN KEY (case_id) REFERENCES support_cases (id),
    CONSTRAINT support_case_notes_author FOREIGN KEY (author_id) REFERENCES users (id),
    CONSTRAINT support_case_notes_number CHECK (number BETWEEN 1 AND 50)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
