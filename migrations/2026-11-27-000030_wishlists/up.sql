-- Lists of listings that members keep. The slot has the numbers that a member's wishlists can have, so that the key refuses one too many.
-- `item_count` is written with each item, under the lock of the wishlist.
CREATE TABLE IF NOT EXISTS wishlists (
    id         BINARY(16)        NOT NULL,
    user_id    BINARY(16)        NOT NULL,
    slot       TINYINT UNSIGNED  NOT NULL COMMENT '1 to 50, each once for a member',
    name       VARCHAR(60)       NOT NULL,
    item_count SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    created_at DATETIME(6)       NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY wishlists_slot (user_id, slot),
    CONSTRAINT wishlists_slots CHECK (slot BETWEEN 1 AND 50),
    CONSTRAINT wishlists_items CHECK (item_count <= 200),
    CONSTRAINT wishlists_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- A listing stays on a wishlist when it is unlisted.
CREATE TABLE IF NOT EXISTS wishlist_items (
    id          BINARY(16)  NOT NULL,
    wishlist_id BINARY(16)  NOT NULL,
    listing_id  BINARY(16)  NOT NULL,
    added_at    DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY wishlist_items_listing (wishlist_id, listing_id),
    KEY wishlist_items_added (wishlist_id, added_at, id),
    KEY wishlist_items_of (listing_id),
    CONSTRAINT wishlist_items_wishlist FOREIGN KEY (wishlist_id) REFERENCES wishlists (id),
    CONSTRAINT wishlist_items_of FOREIGN KEY (listing_id) REFERENCES listings (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
