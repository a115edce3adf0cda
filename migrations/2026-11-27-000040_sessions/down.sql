ALTER TABLE sessions ADD KEY sessions_user (user_id, created_at);

ALTER TABLE sessions DROP KEY sessions_live, DROP KEY sessions_ended;

ALTER TABLE sessions DROP COLUMN user_agent, DROP COLUMN network, DROP COLUMN last_used_at, DROP COLUMN end_recorded_at;
