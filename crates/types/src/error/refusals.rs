//! The table of refusals: each with its data, its code in the contract, its message, and the problem type of a mutation's payload.

/// Passes the table to the macro `consume`. `types` makes `Refusal` and `ErrorCode` of it, `graphql` the problem types.
///
/// A problem: its description in the contract, its data, and the problem type; `plain` when the data are fields of that type as they are,
/// `complex` when `graphql/problems.rs` resolves its fields. Then its code, new (with a description and a text) or shared, and its message
/// for people; by default it is not retryable and concerns no single field of the input. `errors` are refusals of queries and
/// subscriptions, which have no payload. `codes` are those of other errors.
#[macro_export]
macro_rules! refusals {
    ($consume:ident) => { $consume! {
        problems {
            /// A value of the input is missing, too long, out of range or malformed. Nothing was changed.
            InvalidInput {
                pub(super) first: InvalidField,
                pub(super) others: Vec<InvalidField>,
            } => InvalidInputProblem (complex) {
                /// A value is missing, too long, out of range or malformed.
                code: InvalidInput = "INVALID_INPUT",
                message: |refusal| refusal.message().to_owned(),
                path: |refusal| refusal.path().to_vec(),
            }
            /// Nothing with this id exists, or the viewer may not see it.
            NotFound {
                /// The field that named it.
                pub path: Vec<String>,
                /// What was not found: `booking`.
                pub what: &'static str,
            } => NotFoundProblem {
                /// Nothing with this id exists, or the viewer may not see it.
                code: NotFound = "NOT_FOUND",
                message: |refusal| format!("No such {}, or you do not have access to it.", refusal.what),
                path: |refusal| refusal.path.clone(),
            }
            /// An account with this email already exists.
            EmailTaken {} => EmailTakenProblem {
                /// An account with this email already exists.
                code: EmailTaken = "EMAIL_TAKEN",
                message: |_| "An account with this email already exists. Sign in instead.".into(),
            }
            /// Incorrect email or password; of somebody who is signed in, incorrect password.
            InvalidCredentials {
                /// The field with the password of somebody who is signed in; empty: at sign-in.
                pub path: Vec<String>,
            } => InvalidCredentialsProblem {
                /// Incorrect email or password; of somebody who is signed in, incorrect password.
                code: InvalidCredentials = "INVALID_CREDENTIALS",
                message: |refusal| if refusal.path.is_empty() {
                    "Incorrect email or password.".into()
                } else {
                    "Incorrect password.".into()
                },
                path: |refusal| refusal.path.clone(),
            }
            /// Staff have suspended the account. The password or the passkey was right.
            AccountSuspended {} => AccountSuspendedProblem {
                /// Staff have suspended the account.
                code: AccountSuspended = "ACCOUNT_SUSPENDED",
                message: |_| "This account is suspended. Contact support.".into(),
            }
            /// The email of the account is not verified yet. Enter the code that was sent to it, or request another one.
            EmailNotVerified {} => EmailNotVerifiedProblem {
                /// The email of the account is not verified yet.
                code: EmailNotVerified = "EMAIL_NOT_VERIFIED",
                message: |_| "Verify your email first. Enter the code that we sent to you.".into(),
            }
            /// The code is wrong, expired or already used. Request a new one.
            InvalidCode {} => InvalidCodeProblem {
                /// A code from a mail is wrong, expired or already used.
                code: InvalidCode = "INVALID_CODE",
                message: |_| "The code is wrong or has expired. Request a new one.".into(),
            }
            /// The current version of a required document is not accepted yet. Show it, and call `acceptTerms`.
            TermsNotAccepted {
                /// The documents to accept, in the versions of `Query.terms`.
                pub documents: Vec<ConsentDocument>,
            } => TermsNotAcceptedProblem (plain) {
                /// The current version of a required document is not accepted yet.
                code: TermsNotAccepted = "TERMS_NOT_ACCEPTED",
                message: |_| "Accept the current terms first.".into(),
            }
            /// The account has open bookings, as a guest or as a host. Cancel them, or wait until they have ended.
            AccountInUse {
                /// Open bookings.
                pub bookings: Vec<BookingId>,
            } => AccountInUseProblem (complex) {
                /// The account has open bookings.
                code: AccountInUse = "ACCOUNT_IN_USE",
                message: |_| "You have open bookings. Cancel them, or wait until they have ended.".into(),
            }
            /// The viewer has not proved for some time who they are. Ask them to with `confirmIdentity`, then repeat the request.
            RecentSignInRequired {
                /// What `confirmIdentity` takes from this viewer. Empty for an account with neither password nor second factor: sign in again with an identity provider.
                pub methods: Vec<IdentityMethod>,
            } => RecentSignInRequiredProblem (plain) {
                /// The viewer has not proved for some time who they are.
                code: RecentSignInRequired = "RECENT_SIGN_IN_REQUIRED",
                message: |_| "Confirm that it is you, then try again.".into(),
            }
            /// Staff act as the person whose account it is. Only the person can do this.
            Impersonated {} => ImpersonatedProblem {
                /// Staff act as the person, who alone can do this.
                code: Impersonated = "IMPERSONATED",
                message: |_| "Only the person can do this. You act as them.".into(),
            }
            /// The password is right, and the account has a second factor. There is no session yet: ask for a code, and pass it with the challenge to `completeSignIn`.
            SecondFactorRequired {
                /// The text that proves that the password was right.
                pub challenge: Hidden,
                /// What `completeSignIn` takes.
                pub methods: Vec<IdentityMethod>,
                /// Until when the challenge can be used.
                pub expires_at: Timestamp,
            } => SecondFactorRequiredProblem (complex) {
                /// The password is right; a second factor is missing.
                code: SecondFactorRequired = "SECOND_FACTOR_REQUIRED",
                message: |_| "Enter the code from your authenticator app, or a recovery code.".into(),
            }
            /// The code is wrong or was used before; or the sign-in that it is to complete has expired, was completed, or ended with a new password.
            InvalidSecondFactor {} => InvalidSecondFactorProblem {
                /// The code of an authenticator app or a recovery code is wrong or already used, or the sign-in has expired.
                code: InvalidSecondFactor = "INVALID_SECOND_FACTOR",
                message: |_| "The code is wrong or has already been used. Enter the next one, or sign in again.".into(),
            }
            /// The passkey was not accepted: it is not known here, was made for another page, did not verify its user, or answers a challenge that has expired or was used before. Begin again, or use another way.
            InvalidPasskey {} => InvalidPasskeyProblem {
                /// A passkey is not known, or what it signed is not what was asked for.
                code: InvalidPasskey = "INVALID_PASSKEY",
                message: |_| "The passkey was not accepted. Try again, or use another way.".into(),
            }
            /// This server does not offer passkeys: it is not set up for them.
            PasskeysUnavailable {} => PasskeysUnavailableProblem {
                /// The server is not set up for passkeys.
                code: PasskeysUnavailable = "PASSKEYS_UNAVAILABLE",
                message: |_| "Passkeys are not available here. Use your password.".into(),
            }
            /// The identity provider does not respond. Other ways to sign in work. Retry, or begin again.
            ProviderUnavailable {} => ProviderUnavailableProblem {
                /// An identity provider does not respond.
                code: ProviderUnavailable = "PROVIDER_UNAVAILABLE",
                message: |_| "The sign-in provider is not responding. Try again, or sign in another way.".into(),
                retryable: |_| true,
            }
            /// The person has canceled at the identity provider, or it did not let them sign in.
            ProviderDenied {} => ProviderDeniedProblem {
                /// The sign-in was canceled or refused at the identity provider.
                code: ProviderDenied = "PROVIDER_DENIED",
                message: |_| "The sign-in was canceled. Try again, or sign in another way.".into(),
            }
            /// What the identity provider has sent does not complete anything that was begun by this page: it has expired, was completed before, or is not valid. Begin again.
            InvalidProviderSignIn {} => InvalidProviderSignInProblem {
                /// A sign-in with an identity provider has expired, was completed before, or is not valid.
                code: InvalidProviderSignIn = "INVALID_PROVIDER_SIGN_IN",
                message: |_| "This sign-in has expired or is not valid. Start again.".into(),
            }
            /// An account has the email of the person, and it is not linked with the identity provider. Its owner signs in to it, then links it.
            LinkRequired {} => LinkRequiredProblem {
                /// An account has the email, and its owner must link it with the identity provider.
                code: LinkRequired = "LINK_REQUIRED",
                message: |_| "An account with your email already exists. Sign in to it, then link this provider in its settings.".into(),
            }
            /// The identity provider does not vouch for an email of the person, so no account was made. They can register, then link it.
            ProviderEmailNotVerified {} => ProviderEmailNotVerifiedProblem {
                /// An identity provider does not vouch for an email of the person.
                code: ProviderEmailNotVerified = "PROVIDER_EMAIL_NOT_VERIFIED",
                message: |_| "The provider does not confirm an email of yours. Register with your email, then link the provider.".into(),
            }
            /// The person at the identity provider is linked with another account here.
            ProviderTaken {} => ProviderTakenProblem {
                /// The person at an identity provider is linked with another account.
                code: ProviderTaken = "PROVIDER_TAKEN",
                message: |_| "This account of the provider is linked with another account here. Unlink it there first.".into(),
            }
            /// The refresh token is unknown, expired, revoked or already used. Sign in again.
            InvalidSession {} => InvalidSessionProblem {
                /// The refresh token is unknown, expired, revoked or already used.
                code: InvalidSession = "INVALID_SESSION",
                message: |_| "Your session has ended. Sign in again.".into(),
            }
            /// Too many attempts by this viewer, session or device, on this account, or from this address; or too many unpaid bookings.
            TooManyAttempts {
                /// Seconds to wait.
                pub retry_after_seconds: i32,
            } => TooManyAttemptsProblem (plain) {
                /// Too many attempts, or too many unpaid bookings; retry later.
                code: TooManyAttempts = "TOO_MANY_ATTEMPTS",
                message: |refusal| format!("Too many attempts. Try again in {} seconds.", refusal.retry_after_seconds),
                retryable: |_| true,
            }
            /// Some of the nights are not available: they are booked or blocked.
            NightsUnavailable {
                /// The nights in conflict, in order; all are nights of the request.
                pub conflicts: Vec<NightConflict>,
            } => NightsUnavailableProblem (complex) {
                /// Some of the nights are not available.
                code: NightsUnavailable = "NIGHTS_UNAVAILABLE",
                message: |refusal| match refusal.conflicts.as_slice() {
                    [NightConflict { night, reason: UnavailableReason::Preparation }] => {
                        format!("The night of {night} is too close to another stay.")
                    }
                    [NightConflict { night, .. }] => format!("The night of {night} is taken."),
                    nights => format!("{} of the nights are taken.", nights.len()),
                },
            }
            /// The stay breaks rules of the listing.
            StayNotAllowed {
                /// Every rule that it breaks.
                pub violations: Vec<Violation>,
            } => StayNotAllowedProblem (complex) {
                /// The stay breaks a rule of the listing.
                code: StayNotAllowed = "STAY_NOT_ALLOWED",
                message: |refusal| refusal.violations.first().map_or_else(String::new, |violation| violation.message.clone()),
            }
            /// The quote has expired. Nothing was booked; a new quote for the same stay is attached.
            QuoteExpired {
                /// The new quote, if the stay can still be booked.
                pub quote: Option<QuoteId>,
                /// How its price differs.
                pub differences: Vec<PriceDifference>,
            } => QuoteExpiredProblem (complex) {
                /// The quote has expired; a new quote is attached.
                code: QuoteExpired = "QUOTE_EXPIRED",
                message: |refusal| match refusal.quote {
                    Some(_) => "This quote has expired. Review the new quote and book with it.".into(),
                    None => "This quote has expired, and the stay can no longer be booked.".into(),
                },
            }
            /// The state of the booking does not allow this.
            StateConflict {
                /// The booking as it is.
                pub booking: Option<BookingId>,
                /// Why not.
                pub message: String,
                /// Whether it may work later.
                pub retryable: bool,
            } => StateConflictProblem (complex) {
                /// The booking's or listing's state does not allow this.
                code: StateConflict = "STATE_CONFLICT",
                message: |refusal| refusal.message.clone(),
                retryable: |refusal| refusal.retryable,
            }
            /// The state of the listing does not allow this.
            ListingState {
                /// The current status.
                pub status: ListingStatus,
            } => ListingStateProblem (plain) {
                code: StateConflict,
                message: |refusal| format!("The listing is {}.", refusal.status.as_str().to_lowercase()),
            }
            /// The payment provider declined the payment. The booking is unchanged; another method can be used until its deadline.
            PaymentDeclined {
                /// The payment.
                pub payment: PaymentId,
                /// Why.
                pub reason: DeclineReason,
            } => PaymentDeclinedProblem (complex) {
                /// The payment provider declined the payment.
                code: PaymentDeclined = "PAYMENT_DECLINED",
                message: |_| "The payment was declined. Try another payment method.".into(),
            }
            /// The payment provider did not respond. Retry with the same key.
            PaymentUnavailable {} => PaymentUnavailableProblem {
                /// The payment provider did not respond; retry with the same key.
                code: PaymentUnavailable = "PAYMENT_UNAVAILABLE",
                message: |_| "The payment provider is not responding. Retry with the same idempotency key.".into(),
                retryable: |_| true,
            }
            /// The idempotency key was already used with another input.
            IdempotencyConflict {} => IdempotencyConflictProblem {
                /// The idempotency key was already used with another input.
                code: IdempotencyConflict = "IDEMPOTENCY_CONFLICT",
                message: |_| "This idempotency key was already used with another input. Use a new key.".into(),
            }
            /// The listing lacks fields that are required for publishing.
            ListingIncomplete {
                /// The fields that are missing.
                pub missing: Vec<String>,
            } => ListingIncompleteProblem (plain) {
                /// The listing lacks fields that are required for publishing.
                code: ListingIncomplete = "LISTING_INCOMPLETE",
                message: |refusal| format!("These fields are missing: {}.", refusal.missing.join(", ")),
            }
            /// The viewer cannot review the booking: it is not completed, the 14 days have passed, or it is already reviewed.
            NotReviewable {
                /// Why not.
                pub message: String,
            } => NotReviewableProblem {
                /// The viewer cannot review this booking now.
                code: NotReviewable = "NOT_REVIEWABLE",
                message: |refusal| refusal.message.clone(),
            }
            /// Only staff with a certain role may do this.
            RoleRequired {
                /// A role that suffices; `ADMIN` does too.
                pub role: StaffRole,
            } => RoleRequiredProblem (plain) {
                /// Only staff with a certain role may do this.
                code: RoleRequired = "ROLE_REQUIRED",
                message: |refusal| format!("Only staff with the role {} may do this.", refusal.role),
            }
            /// The platform has turned this off for the time being.
            FeatureOff {
                /// What is off.
                pub feature: Feature,
            } => FeatureOffProblem (plain) {
                /// The platform has turned this off for the time being.
                code: FeatureOff = "FEATURE_OFF",
                message: |_| "This is not available at the moment. Try again later.".into(),
                retryable: |_| true,
            }
            /// The viewer has as many of these as one can have. Remove one first.
            LimitReached {
                /// Of what, in plural.
                pub what: &'static str,
                /// How many one can have.
                pub limit: i32,
            } => LimitReachedProblem (complex) {
                /// The viewer has as many of these as one can have.
                code: LimitReached = "LIMIT_REACHED",
                message: |refusal| {
                    format!("You have {} {}, which is the limit. Remove one first.", refusal.limit, refusal.what)
                },
            }
        }
        errors {
            /// An id is malformed, or of another kind.
            BadId {
                /// The id, shortened.
                pub id: String,
            } {
                /// Top-level: an id is malformed.
                code: BadId = "BAD_ID",
                message: |refusal| format!("`{}` is not a valid id here.", refusal.id),
            }
            /// A cursor is malformed, or belongs to another list.
            BadCursor {} {
                /// Top-level: a cursor is malformed, or belongs to another order or filter.
                code: BadCursor = "BAD_CURSOR",
                message: |_| "The cursor is not valid for this list, order or filter.".into(),
            }
            /// Events after the cursor were deleted, because they are older than they are kept.
            CursorExpired {} {
                /// Top-level: events after a cursor have been deleted.
                code: CursorExpired = "CURSOR_EXPIRED",
                message: |_| "Events after this cursor have been deleted. Load the current state, and subscribe from its \
                              event cursor.".into(),
            }
            /// The viewer has too many open subscriptions on this server.
            TooManySubscriptions {
                /// The most that may be open.
                pub limit: usize,
            } {
                /// Top-level: the viewer has too many open subscriptions.
                code: TooManySubscriptions = "TOO_MANY_SUBSCRIPTIONS",
                message: |refusal| {
                    format!("You have {} open subscriptions. Close one before you start another.", refusal.limit)
                },
                retryable: |_| true,
            }
            /// Only the search index can answer, and this server has none at the moment.
            SearchIndexRequired {} {
                /// Top-level: the server cannot search with flexible dates, because its search index is off or not filled yet.
                code: SearchIndexRequired = "SEARCH_INDEX_REQUIRED",
                message: |_| "Flexible dates are not available at the moment. Choose fixed dates, or try again later.".into(),
                retryable: |_| true,
            }
            /// An argument of a query is out of range or contradicts another.
            BadUserInput {
                /// The argument and its limit.
                pub message: String,
            } {
                /// Top-level: an argument of a query is out of range or contradicts another.
                code: BadUserInput = "BAD_USER_INPUT",
                message: |refusal| refusal.message.clone(),
            }
        }
        codes {
            /// Top-level: the operation requires a signed-in viewer.
            Unauthenticated = "UNAUTHENTICATED",
            /// Never returned: what the viewer may not see is not found, and what the viewer may not do is a problem of the mutation.
            Forbidden = "FORBIDDEN",
            /// Top-level: the server is too busy, or the service is temporarily unavailable; retry in a moment.
            Unavailable = "UNAVAILABLE",
            /// Top-level: a server error; include the request id when you report it.
            Internal = "INTERNAL",
        }
    } };
}
