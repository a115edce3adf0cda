//! What people say of themselves.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use super::{accounts::Me, checked::Checked, context::ContextExt, error::Result, payload::payload};
use domain::users::{self, ProfileChanges};
use types::{
    error::{self, Validation},
    scalars::Url,
};

/// Input of `updateProfile`: omitted fields stay unchanged.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// The name that others see, 1 to 50 characters of plain text.
    display_name: MaybeUndefined<String>,
    /// Self-description, at most 2,000 characters of plain text; null: none.
    about: MaybeUndefined<String>,
    /// Where the viewer lives, at most 100 characters of plain text; null: not given.
    location: MaybeUndefined<String>,
    /// A photo of the viewer on the public web; null: none.
    avatar_url: MaybeUndefined<Checked<Url>>,
    /// The languages that the viewer speaks, as BCP 47 tags such as `de` or `pt-BR`, at most 10; the list replaces the previous one, null clears it.
    languages: MaybeUndefined<Vec<String>>,
}

impl UpdateProfileInput {
    fn read(self) -> ProfileChanges {
        let mut validation = Validation::default();
        if matches!(self.display_name, MaybeUndefined::Null) {
            validation.refuse(&["displayName"], "`displayName` must not be null.");
        }
        let avatar_url = clearable(self.avatar_url).map(|url| {
            let url = url.map(|url| url.at(&["avatarUrl"])).transpose();
            validation.check(url).flatten().map(|Url(url)| url)
        });
        ProfileChanges {
            display_name: self.display_name.take(),
            about: clearable(self.about),
            location: clearable(self.location),
            avatar_url,
            languages: clearable(self.languages).map(Option::unwrap_or_default),
            malformed: validation.into_fields(),
        }
    }
}

/// `None` leaves a field as it is, `Some(None)` clears it.
pub(super) fn clearable<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// The profile was changed.
#[derive(SimpleObject)]
pub struct UpdateProfileSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `updateProfile`.
    UpdateProfilePayload(UpdateProfileSuccess) {
        InvalidInput => InvalidInputProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of profiles.
#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes what others see of the viewer.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateProfileInput,
    ) -> Result<UpdateProfilePayload> {
        UpdateProfilePayload::of(update(ctx, input).await)
    }
}

async fn update(ctx: &Context<'_>, input: UpdateProfileInput) -> error::Result<UpdateProfileSuccess> {
    let owner = ctx.owner()?;
    users::update_profile(ctx.app(), &owner, &input.read()).await?;
    Ok(UpdateProfileSuccess { me: Me::signed_in(*owner) })
}
