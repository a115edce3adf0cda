DROP TABLE IF EXISTS provider_attempts;
DROP TABLE IF EXISTS provider_links;
