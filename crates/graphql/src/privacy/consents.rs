//! What people agree to.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::{
    accounts::Me,
    context::ContextExt,
    error::Result,
    loaders::{PrivateLoaders, keys::keys},
    pages::{self, Cursored, connection},
    payload::payload,
};
use domain::privacy::consents::{self, Acceptance, is_required};
use types::scalars::Cursor;
use types::{ConsentDocument, ConsentId, Newest, Page, PageOf, Timestamp, error};

keys! {
    /// A page of the viewer's decisions, newest first.
    private OwnConsents(Page<Newest<ConsentId>>) => Arc<PageOf<Arc<consents::Consent>>>, of_parent consents::pages;
    /// The documents that the viewer has to accept.
    private ToAccept(()) => Vec<ConsentDocument>, of_parent consents::to_accept;
}

/// The current version of a document that people agree to.
#[derive(SimpleObject)]
pub struct LegalDocument {
    /// The document.
    document: ConsentDocument,
    /// Its current version, as the platform names it.
    version: String,
    /// Whether it must be accepted before nights are held or listings are published.
    required: bool,
}

/// A decision of the viewer about a document. Decisions are never changed; a later one replaces an earlier one.
#[derive(Debug, Clone, SimpleObject)]
pub struct Consent {
    /// About what.
    document: ConsentDocument,
    /// The version of the document; null when it had none.
    version: Option<String>,
    /// Whether the viewer agreed; false when they withdrew.
    given: bool,
    /// When they decided.
    at: Timestamp,
}

impl From<&consents::Consent> for Consent {
    fn from(row: &consents::Consent) -> Self {
        Self { document: row.document, version: row.version.clone(), given: row.given, at: row.recorded_at }
    }
}

impl From<Arc<consents::Consent>> for Consent {
    fn from(row: Arc<consents::Consent>) -> Self {
        (&*row).into()
    }
}

connection! {
    /// A page of decisions.
    ConsentConnection,
    /// One decision of a page.
    ConsentEdge,
    /// The decision.
    Consent
}

/// The consents in `Me`.
pub struct MyConsents(pub Arc<PrivateLoaders>);

#[Object]
impl MyConsents {
    /// The viewer's decisions about the terms, the privacy policy and marketing, newest first.
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<ConsentConnection>> {
        Some(page(ctx, &self.0, first, after).await)
    }

    /// The documents whose current version the viewer must accept, with `acceptTerms`, before they hold nights or publish listings.
    async fn terms_to_accept(&self, ctx: &Context<'_>) -> Result<Vec<ConsentDocument>> {
        Ok(self.0.load(ctx.app(), ToAccept(())).await?.unwrap_or_default())
    }
}

async fn page(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<ConsentConnection> {
    let page = pages::newest(first, after.as_ref())?;
    let rows = own.load(ctx.app(), OwnConsents(page)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row| consents::place(row).to_cursor()).into())
}

/// Queries about documents.
#[derive(Default)]
pub struct ConsentQuery;

#[Object]
impl ConsentQuery {
    /// The current versions of the documents that people agree to; empty when the platform has named none.
    async fn terms(&self, ctx: &Context<'_>) -> Vec<LegalDocument> {
        let current = ctx.app().legal.current();
        current
            .map(|(document, version)| LegalDocument {
                document,
                version: version.to_owned(),
                required: is_required(document),
            })
            .collect()
    }
}

/// A version of a document that somebody agrees to.
#[derive(InputObject)]
pub struct AcceptedDocumentInput {
    /// The document.
    document: ConsentDocument,
    /// The version that was shown to them; it must be the current one.
    version: String,
}

/// What `inputs` say.
pub(crate) fn acceptances(inputs: Vec<AcceptedDocumentInput>) -> Vec<Acceptance> {
    inputs.into_iter().map(|AcceptedDocumentInput { document, version }| Acceptance { document, version }).collect()
}

/// Input of `acceptTerms`.
#[derive(InputObject)]
pub struct AcceptTermsInput {
    /// The documents, with the versions that were shown to the viewer.
    documents: Vec<AcceptedDocumentInput>,
}

/// The documents are accepted.
#[derive(SimpleObject)]
pub struct AcceptTermsSuccess {
    /// The viewer.
    me: Me,
}

payload! {
    /// The result of `acceptTerms`.
    AcceptTermsPayload(AcceptTermsSuccess) {
        InvalidInput => InvalidInputProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `setConsent`.
#[derive(InputObject)]
pub struct SetConsentInput {
    /// The document: one that is not required.
    document: ConsentDocument,
    /// Whether the viewer agrees; false withdraws.
    given: bool,
}

/// The decision is recorded.
#[derive(SimpleObject)]
pub struct SetConsentSuccess {
    /// The decision; the earlier one when it was the same.
    consent: Consent,
}

payload! {
    /// The result of `setConsent`.
    SetConsentPayload(SetConsentSuccess) {
        InvalidInput => InvalidInputProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Mutations of consents.
#[derive(Default)]
pub struct ConsentMutation;

#[Object]
impl ConsentMutation {
    /// Accepts the current versions of documents. What was accepted before is not recorded again.
    async fn accept_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The documents.")] input: AcceptTermsInput,
    ) -> Result<AcceptTermsPayload> {
        AcceptTermsPayload::of(accept(ctx, input).await)
    }

    /// Agrees to something that is not required, such as mails with offers, or withdraws.
    async fn set_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: SetConsentInput,
    ) -> Result<SetConsentPayload> {
        SetConsentPayload::of(set(ctx, input).await)
    }
}

async fn accept(ctx: &Context<'_>, input: AcceptTermsInput) -> error::Result<AcceptTermsSuccess> {
    let owner = ctx.owner()?;
    Box::pin(consents::accept(ctx.app(), &owner, &acceptances(input.documents))).await?;
    Ok(AcceptTermsSuccess { me: Me::signed_in(*owner) })
}

async fn set(ctx: &Context<'_>, input: SetConsentInput) -> error::Result<SetConsentSuccess> {
    let SetConsentInput { document, given } = input;
    let consent = Box::pin(consents::set(ctx.app(), &ctx.owner()?, document, given)).await?;
    Ok(SetConsentSuccess { consent: (&consent).into() })
}
