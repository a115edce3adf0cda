//! The tables that the program uses, as the migrations make them. Not written by hand: see `tests/it/tables.rs`.

diesel::table! {
    amenities (slug) {
        slug -> Text,
        name -> Text,
        name_key -> Nullable<Text>,
    }
}

diesel::table! {
    audit_entries (sequence) {
        sequence -> Unsigned<BigInt>,
        hash -> Binary,
        previous_sequence -> Nullable<Unsigned<BigInt>>,
        previous_hash -> Nullable<Binary>,
        happened_at -> Datetime,
        actor_id -> Nullable<Binary>,
        action -> Text,
        subject_id -> Binary,
        content -> Text,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    audit_head (id) {
        id -> Unsigned<TinyInt>,
        sequence -> Nullable<Unsigned<BigInt>>,
        hash -> Nullable<Binary>,
    }
}

diesel::table! {
    bookings (id) {
        id -> Binary,
        listing_id -> Binary,
        guest_id -> Binary,
        host_id -> Binary,
        quote_id -> Binary,
        status -> Text,
        check_in -> Date,
        check_out -> Date,
        check_in_at -> Datetime,
        check_out_at -> Datetime,
        adults -> Unsigned<TinyInt>,
        children -> Unsigned<TinyInt>,
        infants -> Unsigned<TinyInt>,
        pets -> Unsigned<TinyInt>,
        currency -> Text,
        price_lines -> Text,
        total -> BigInt,
        host_payout -> BigInt,
        rules -> Text,
        cancellation_policy -> Text,
        cancellation_timeline -> Nullable<Text>,
        deadline_at -> Nullable<Datetime>,
        decline_message -> Nullable<Text>,
        event_sequence -> Unsigned<Integer>,
        created_at -> Datetime,
        confirmed_at -> Nullable<Datetime>,
        cancelled_at -> Nullable<Datetime>,
        updated_at -> Datetime,
        time_zone -> Nullable<Text>,
        check_in_from -> Nullable<Time>,
        check_out_by -> Nullable<Time>,
        address -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        held_since -> Nullable<Datetime>,
        held_until -> Nullable<Datetime>,
        hidden_from_host -> Bool,
        time_zone_rules -> Text,
        confirmation_number -> Nullable<Unsigned<BigInt>>,
        staff_refunded -> BigInt,
    }
}

diesel::table! {
    co_hosts (id) {
        id -> Binary,
        listing_id -> Binary,
        access -> Text,
        email -> Nullable<Text>,
        user_id -> Nullable<Binary>,
        invited_by -> Binary,
        invited_at -> Datetime,
        expires_at -> Nullable<Datetime>,
        accepted_at -> Nullable<Datetime>,
        ended_at -> Nullable<Datetime>,
        ended_by -> Nullable<Binary>,
        in_force -> Nullable<Unsigned<TinyInt>>,
    }
}

diesel::table! {
    consents (id) {
        id -> Binary,
        user_id -> Binary,
        document -> Text,
        version -> Nullable<Text>,
        given -> Bool,
        recorded_at -> Datetime,
    }
}

diesel::table! {
    data_exports (id) {
        id -> Binary,
        user_id -> Binary,
        session_id -> Binary,
        created_at -> Datetime,
        expires_at -> Datetime,
    }
}

diesel::table! {
    devices (token_hash) {
        token_hash -> Binary,
        user_id -> Binary,
        created_at -> Datetime,
        used_at -> Datetime,
        expires_at -> Datetime,
    }
}

diesel::table! {
    erasures (user_id) {
        user_id -> Binary,
        state -> Text,
        requested_at -> Datetime,
        due_at -> Datetime,
    }
}

diesel::table! {
    events (subject_id, sequence) {
        subject_id -> Binary,
        sequence -> Unsigned<Integer>,
        kind -> Text,
        happened_at -> Datetime,
        subject -> Text,
        actor -> Text,
        actor_id -> Nullable<Binary>,
        on_behalf_of -> Nullable<Binary>,
        cause -> Text,
        cause_id -> Text,
        payload -> Text,
    }
}

diesel::table! {
    feature_switches (feature) {
        feature -> Text,
        is_on -> Bool,
        changed_at -> Datetime,
    }
}

diesel::table! {
    feed_entries (owner_id, topic, position) {
        owner_id -> Binary,
        topic -> Text,
        position -> Unsigned<BigInt>,
        subject_id -> Binary,
        event_sequence -> Unsigned<Integer>,
        appended_at -> Datetime,
    }
}

diesel::table! {
    feeds (owner_id, topic) {
        owner_id -> Binary,
        topic -> Text,
        last_position -> Unsigned<BigInt>,
    }
}

diesel::table! {
    guest_holds (guest_id) {
        guest_id -> Binary,
        holds -> Unsigned<BigInt>,
    }
}

diesel::table! {
    held_data (user_id, number) {
        user_id -> Binary,
        number -> Unsigned<Integer>,
        sealed_part -> Binary,
    }
}

diesel::table! {
    idempotency_keys (user_id, operation, idempotency_key) {
        user_id -> Binary,
        operation -> Text,
        idempotency_key -> Text,
        input_hash -> Binary,
        answer -> Text,
        created_at -> Datetime,
    }
}

diesel::table! {
    impersonations (id) {
        id -> Binary,
        person_id -> Binary,
        staff_id -> Binary,
        staff_session_id -> Binary,
        role -> Text,
        reason -> Text,
        started_at -> Datetime,
        expires_at -> Datetime,
        ended_at -> Nullable<Datetime>,
        end_recorded_at -> Nullable<Datetime>,
        audit_due_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    imports (dataset, file) {
        dataset -> Text,
        file -> Text,
        fingerprint -> Binary,
        records -> Unsigned<BigInt>,
        finished -> Bool,
        updated_at -> Datetime,
    }
}

diesel::table! {
    inbox (provider, event_id) {
        provider -> Text,
        event_id -> Text,
        payment_id -> Binary,
        payload -> Text,
        outcome -> Nullable<Text>,
        attempts -> Unsigned<Integer>,
        due_at -> Datetime,
        received_at -> Datetime,
    }
}

diesel::table! {
    legal_holds (id) {
        id -> Binary,
        user_id -> Binary,
        reason -> Text,
        placed_by -> Binary,
        placed_at -> Datetime,
        expires_at -> Datetime,
        ended_at -> Nullable<Datetime>,
        ended_by -> Nullable<Binary>,
    }
}

diesel::table! {
    limits (bucket) {
        bucket -> Binary,
        used_until -> BigInt,
    }
}

diesel::table! {
    listing_amenities (listing_id, amenity_slug) {
        listing_id -> Binary,
        amenity_slug -> Text,
    }
}

diesel::table! {
    listing_imports (listing_id) {
        listing_id -> Binary,
        dataset -> Text,
        seen_in -> Binary,
        fingerprints -> Text,
        calendar -> Nullable<Text>,
        tracked -> Bool,
        unlisted_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    listing_suspensions (listing_id) {
        listing_id -> Binary,
        status_before -> Text,
        suspended_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    listing_words (word, listing_id) {
        word -> Text,
        listing_id -> Binary,
    }
}

diesel::table! {
    listings (id) {
        id -> Binary,
        host_id -> Binary,
        status -> Text,
        title -> Text,
        description -> Text,
        neighborhood_overview -> Nullable<Text>,
        room_type -> Text,
        property_type -> Text,
        property_label -> Text,
        max_guests -> Unsigned<SmallInt>,
        bedrooms -> Nullable<Unsigned<SmallInt>>,
        beds -> Nullable<Unsigned<SmallInt>>,
        bathroom_halves -> Nullable<Unsigned<SmallInt>>,
        bathrooms_shared -> Bool,
        city -> Text,
        neighborhood -> Nullable<Text>,
        region -> Nullable<Text>,
        country_code -> Nullable<Text>,
        address -> Nullable<Text>,
        latitude -> Double,
        longitude -> Double,
        area_latitude -> Double,
        area_longitude -> Double,
        time_zone -> Text,
        check_in_from -> Time,
        check_out_by -> Time,
        currency -> Text,
        base_price -> BigInt,
        weekend_price -> Nullable<BigInt>,
        cleaning_fee -> BigInt,
        extra_guest_fee -> BigInt,
        guests_included -> Unsigned<SmallInt>,
        pet_fee -> BigInt,
        weekly_discount -> Unsigned<SmallInt>,
        monthly_discount -> Unsigned<SmallInt>,
        min_nights -> Unsigned<SmallInt>,
        max_nights -> Unsigned<SmallInt>,
        advance_notice_hours -> Unsigned<SmallInt>,
        preparation_nights -> Unsigned<SmallInt>,
        booking_window_days -> Unsigned<SmallInt>,
        pets_allowed -> Bool,
        instant_book -> Bool,
        cancellation_policy -> Text,
        review_count -> Unsigned<Integer>,
        rating_count -> Unsigned<Integer>,
        rating_total -> Unsigned<BigInt>,
        category_count -> Unsigned<Integer>,
        cleanliness_total -> Unsigned<BigInt>,
        accuracy_total -> Unsigned<BigInt>,
        check_in_total -> Unsigned<BigInt>,
        communication_total -> Unsigned<BigInt>,
        location_total -> Unsigned<BigInt>,
        value_total -> Unsigned<BigInt>,
        rating -> Nullable<Unsigned<SmallInt>>,
        source -> Nullable<Text>,
        source_id -> Nullable<Unsigned<BigInt>>,
        created_at -> Datetime,
        updated_at -> Datetime,
        published_at -> Nullable<Datetime>,
        shortest_stay -> Unsigned<SmallInt>,
        city_key -> Nullable<Text>,
        region_key -> Nullable<Text>,
        neighborhood_key -> Nullable<Text>,
        recommendation -> Nullable<Unsigned<SmallInt>>,
    }
}

diesel::table! {
    night_rates (listing_id, night) {
        listing_id -> Binary,
        night -> Date,
        price -> Nullable<BigInt>,
        min_nights -> Nullable<Unsigned<SmallInt>>,
        max_nights -> Nullable<Unsigned<SmallInt>>,
        closed_to_arrival -> Bool,
        closed_to_departure -> Bool,
    }
}

diesel::table! {
    nights (listing_id, night) {
        listing_id -> Binary,
        night -> Date,
        kind -> Text,
        booking_id -> Nullable<Binary>,
        expires_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    one_time_codes (id) {
        id -> Binary,
        user_id -> Binary,
        purpose -> Text,
        email -> Text,
        attempts -> Unsigned<TinyInt>,
        created_at -> Datetime,
        expires_at -> Datetime,
        used_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    outbox (object_id, kind) {
        object_id -> Binary,
        kind -> Text,
        generation -> Unsigned<Integer>,
        group_id -> Binary,
        payload -> Text,
        state -> Text,
        attempts -> Unsigned<Integer>,
        due_at -> Datetime,
        leased_until -> Nullable<Datetime>,
        error -> Nullable<Text>,
        created_at -> Datetime,
        updated_at -> Datetime,
    }
}

diesel::table! {
    passkey_challenges (challenge_hash) {
        challenge_hash -> Binary,
        purpose -> Text,
        user_id -> Nullable<Binary>,
        expires_at -> Datetime,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Binary,
        user_id -> Binary,
        credential_hash -> Binary,
        credential_id -> Binary,
        public_key -> Binary,
        sign_count -> Unsigned<Integer>,
        is_backup_eligible -> Bool,
        transports -> Text,
        name -> Text,
        created_at -> Datetime,
        last_used_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    payment_cards (payment_id) {
        payment_id -> Binary,
        brand -> Text,
        last_four -> Text,
    }
}

diesel::table! {
    payment_cases (id) {
        id -> Binary,
        kind -> Text,
        payment_id -> Binary,
        booking_id -> Nullable<Binary>,
        detail -> Text,
        opened_at -> Datetime,
        closed_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    payments (id) {
        id -> Binary,
        booking_id -> Binary,
        currency -> Text,
        amount -> BigInt,
        captured -> BigInt,
        refunded -> BigInt,
        status -> Text,
        provider -> Text,
        method -> Text,
        provider_ref -> Nullable<Text>,
        decline_reason -> Nullable<Text>,
        action_url -> Nullable<Text>,
        created_at -> Datetime,
        updated_at -> Datetime,
    }
}

diesel::table! {
    person_keys (user_id) {
        user_id -> Binary,
        key_id -> Text,
        sealed_key -> Binary,
        created_at -> Datetime,
    }
}

diesel::table! {
    photos (listing_id, position) {
        listing_id -> Binary,
        position -> Unsigned<SmallInt>,
        url -> Text,
        caption -> Nullable<Text>,
    }
}

diesel::table! {
    provider_attempts (handle_hash) {
        handle_hash -> Binary,
        provider -> Text,
        redirect_uri -> Text,
        user_id -> Nullable<Binary>,
        created_at -> Datetime,
        expires_at -> Datetime,
        claimed_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    provider_links (identity) {
        identity -> Binary,
        user_id -> Binary,
        provider -> Text,
        linked_at -> Datetime,
    }
}

diesel::table! {
    quotes (id) {
        id -> Binary,
        listing_id -> Binary,
        guest_id -> Binary,
        check_in -> Date,
        check_out -> Date,
        adults -> Unsigned<TinyInt>,
        children -> Unsigned<TinyInt>,
        infants -> Unsigned<TinyInt>,
        pets -> Unsigned<TinyInt>,
        currency -> Text,
        price_lines -> Text,
        total -> BigInt,
        host_payout -> BigInt,
        rules -> Text,
        cancellation_policy -> Text,
        instant_book -> Bool,
        content_hash -> Binary,
        created_at -> Datetime,
        expires_at -> Datetime,
    }
}

diesel::table! {
    recovery_codes (user_id, code_hash) {
        user_id -> Binary,
        code_hash -> Binary,
        used_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Binary,
        issued_at -> Datetime,
        expires_at -> Datetime,
        used_at -> Nullable<Datetime>,
        child_hash -> Nullable<Binary>,
        used_from -> Nullable<Binary>,
    }
}

diesel::table! {
    refunds (id) {
        id -> Binary,
        payment_id -> Binary,
        booking_id -> Binary,
        currency -> Text,
        amount -> BigInt,
        reason -> Text,
        status -> Text,
        created_at -> Datetime,
        updated_at -> Datetime,
    }
}

diesel::table! {
    reviews (id) {
        id -> Binary,
        listing_id -> Binary,
        author_id -> Binary,
        booking_id -> Nullable<Binary>,
        rating -> Nullable<Unsigned<TinyInt>>,
        cleanliness -> Nullable<Unsigned<TinyInt>>,
        accuracy -> Nullable<Unsigned<TinyInt>>,
        check_in -> Nullable<Unsigned<TinyInt>>,
        communication -> Nullable<Unsigned<TinyInt>>,
        location -> Nullable<Unsigned<TinyInt>>,
        value -> Nullable<Unsigned<TinyInt>>,
        text -> Text,
        created_at -> Datetime,
        publish_at -> Datetime,
        revealed -> Bool,
        source -> Nullable<Text>,
        source_id -> Nullable<Unsigned<BigInt>>,
        hidden_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    role_grants (id) {
        id -> Binary,
        user_id -> Binary,
        role -> Text,
        reason -> Text,
        granted_by -> Nullable<Binary>,
        granted_at -> Datetime,
        expires_at -> Nullable<Datetime>,
        ended_at -> Nullable<Datetime>,
        ended_by -> Nullable<Binary>,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Binary,
        key_id -> Text,
        sealed_secret -> Binary,
        last_step -> Unsigned<BigInt>,
        created_at -> Datetime,
        enabled_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
        created_at -> Datetime,
        expires_at -> Datetime,
        revoked_at -> Nullable<Datetime>,
        device_hash -> Nullable<Binary>,
        user_agent -> Nullable<Text>,
        network -> Nullable<Text>,
        last_used_at -> Datetime,
        end_recorded_at -> Nullable<Datetime>,
        authenticated_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    sign_in_challenges (token_hash) {
        token_hash -> Binary,
        user_id -> Binary,
        password_epoch -> Binary,
        expires_at -> Datetime,
    }
}

diesel::table! {
    support_case_notes (case_id, number) {
        case_id -> Binary,
        number -> Unsigned<SmallInt>,
        author_id -> Binary,
        text -> Text,
        created_at -> Datetime,
    }
}

diesel::table! {
    support_cases (id) {
        id -> Binary,
        kind -> Text,
        status -> Text,
        opened_by -> Binary,
        booking_id -> Nullable<Binary>,
        listing_id -> Nullable<Binary>,
        person_id -> Nullable<Binary>,
        open_about -> Nullable<Binary>,
        text -> Text,
        question -> Nullable<Text>,
        answer -> Nullable<Text>,
        resolution -> Nullable<Text>,
        assignee_id -> Nullable<Binary>,
        due_at -> Datetime,
        opened_at -> Datetime,
        closed_at -> Nullable<Datetime>,
        updated_at -> Datetime,
    }
}

diesel::table! {
    users (id) {
        id -> Binary,
        email -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        display_name -> Text,
        about -> Nullable<Text>,
        location -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
        member_since -> Date,
        is_superhost -> Bool,
        source -> Nullable<Text>,
        source_id -> Nullable<Unsigned<BigInt>>,
        created_at -> Datetime,
        updated_at -> Datetime,
        unverified_email -> Nullable<Text>,
        locale -> Nullable<Text>,
        mail_refused_at -> Nullable<Datetime>,
        languages -> Text,
        deleted_at -> Nullable<Datetime>,
        suspended_at -> Nullable<Datetime>,
    }
}

diesel::table! {
    wishlist_items (id) {
        id -> Binary,
        wishlist_id -> Binary,
        listing_id -> Binary,
        added_at -> Datetime,
    }
}

diesel::table! {
    wishlists (id) {
        id -> Binary,
        user_id -> Binary,
        slot -> Unsigned<TinyInt>,
        name -> Text,
        item_count -> Unsigned<SmallInt>,
        created_at -> Datetime,
    }
}

diesel::joinable!(bookings -> listings (listing_id));
diesel::joinable!(bookings -> quotes (quote_id));
diesel::joinable!(co_hosts -> listings (listing_id));
diesel::joinable!(consents -> users (user_id));
diesel::joinable!(data_exports -> users (user_id));
diesel::joinable!(devices -> users (user_id));
diesel::joinable!(erasures -> users (user_id));
diesel::joinable!(guest_holds -> users (guest_id));
diesel::joinable!(held_data -> users (user_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(listing_amenities -> amenities (amenity_slug));
diesel::joinable!(listing_amenities -> listings (listing_id));
diesel::joinable!(listing_imports -> listings (listing_id));
diesel::joinable!(listing_suspensions -> listings (listing_id));
diesel::joinable!(listing_words -> listings (listing_id));
diesel::joinable!(listings -> users (host_id));
diesel::joinable!(night_rates -> listings (listing_id));
diesel::joinable!(nights -> bookings (booking_id));
diesel::joinable!(nights -> listings (listing_id));
diesel::joinable!(one_time_codes -> users (user_id));
diesel::joinable!(passkey_challenges -> users (user_id));
diesel::joinable!(passkeys -> users (user_id));
diesel::joinable!(payment_cards -> payments (payment_id));
diesel::joinable!(payments -> bookings (booking_id));
diesel::joinable!(person_keys -> users (user_id));
diesel::joinable!(photos -> listings (listing_id));
diesel::joinable!(provider_attempts -> users (user_id));
diesel::joinable!(provider_links -> users (user_id));
diesel::joinable!(quotes -> listings (listing_id));
diesel::joinable!(quotes -> users (guest_id));
diesel::joinable!(recovery_codes -> users (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(refunds -> bookings (booking_id));
diesel::joinable!(refunds -> payments (payment_id));
diesel::joinable!(reviews -> bookings (booking_id));
diesel::joinable!(reviews -> listings (listing_id));
diesel::joinable!(reviews -> users (author_id));
diesel::joinable!(second_factors -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sign_in_challenges -> users (user_id));
diesel::joinable!(support_case_notes -> support_cases (case_id));
diesel::joinable!(support_case_notes -> users (author_id));
diesel::joinable!(support_cases -> bookings (booking_id));
diesel::joinable!(support_cases -> listings (listing_id));
diesel::joinable!(wishlist_items -> listings (listing_id));
diesel::joinable!(wishlist_items -> wishlists (wishlist_id));
diesel::joinable!(wishlists -> users (user_id));

diesel::allow_tables_to_appear_in_same_query! {
    amenities, audit_entries, audit_head, bookings, co_hosts, consents,
    data_exports, devices, erasures, events, feature_switches, feed_entries,
    feeds, guest_holds, held_data, idempotency_keys, impersonations, imports,
    inbox, legal_holds, limits, listing_amenities, listing_imports, listing_suspensions,
    listing_words, listings, night_rates, nights, one_time_codes, outbox,
    passkey_challenges, passkeys, payment_cards, payment_cases, payments, person_keys,
    photos, provider_attempts, provider_links, quotes, recovery_codes, refresh_tokens,
    refunds, reviews, role_grants, second_factors, sessions, sign_in_challenges,
    support_case_notes, support_cases, users, wishlist_items, wishlists,
}
