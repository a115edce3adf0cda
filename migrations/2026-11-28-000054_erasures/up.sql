-- Accounts that are to be erased: SCHEDULED, for a time at which they can still be canceled, or HELD: closed, with their data kept for a
-- legal hold. A row is deleted by the erasure.
CREATE TABLE IF NOT EXISTS erasures (
    user_id      BINARY(16)  NOT NULL,
    state        VARCHAR(9)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    requested_at DATETIME(6) NOT NULL,
    due_at       DATETIME(6) NOT NULL COMMENT 'when the worker attempts it next',
    PRIMARY KEY (user_id),
    KEY erasures_due_at (due_at),
    KEY erasures_requested (requested_at, user_id),
    CONSTRAINT erasures_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT erasures_state CHECK (state IN ('SCHEDULED', 'HELD'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What a legal hold keeps of a closed account: parts of an export, each encrypted with the key of the person.
CREATE TABLE IF NOT EXISTS held_data (
    user_id     BINARY(16)   NOT NULL,
    number      INT UNSIGNED NOT NULL COMMENT 'from 1',
    sealed_part MEDIUMBLOB   NOT NULL,
    PRIMARY KEY (user_id, number),
    CONSTRAINT held_data_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
