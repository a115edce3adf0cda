DROP TABLE IF EXISTS audit_head;
DROP TABLE IF EXISTS audit_entries;
