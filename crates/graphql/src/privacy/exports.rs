//! Exports of the viewer's data.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::{
    context::ContextExt,
    error::Result,
    loaders::{PrivateLoaders, keys::keys},
    pages::{self, Cursored, connection},
    payload::payload,
};
use domain::{
    accounts,
    privacy::exports::{self, OfExport, Position},
};
use types::scalars::Cursor;
use types::{
    DataExportId, DataExportKind, DataExportState, Newest, Page, PageOf, Timestamp,
    error::{self, Error},
};

keys! {
    /// A page of the viewer's exports, newest first.
    private OwnExports(Page<Newest<DataExportId>>) => Arc<PageOf<Arc<exports::DataExport>>>, of_parent exports::pages;
    /// A page of the parts of one of the viewer's exports.
    private PartsOf(OfExport) => Arc<PageOf<exports::Part>>, of_parent exports::parts;
}

/// An export of the viewer's data.
#[derive(Debug, Clone)]
pub struct DataExport(Arc<exports::DataExport>);

impl From<Arc<exports::DataExport>> for DataExport {
    fn from(row: Arc<exports::DataExport>) -> Self {
        Self(row)
    }
}

/// A permission to read all data of the viewer, for some days and in the session that requested it. The data are read as they are now.
#[Object]
impl DataExport {
    /// Opaque id, `dex_…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whether it can be read.
    async fn state(&self, ctx: &Context<'_>) -> Result<DataExportState> {
        Ok(exports::state(&self.0, ctx.member()?, ctx.app().now()))
    }

    /// When it was requested.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Until when it can be read.
    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// All kinds of parts: a complete copy has every page of each.
    async fn kinds(&self) -> &'static [DataExportKind] {
        DataExportKind::ALL
    }

    /// The parts of a kind. Empty when the export has expired, and in another session than the one that requested it.
    async fn parts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The kind of parts.")] kind: DataExportKind,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DataExportPartConnection>> {
        Some(parts(ctx, self.0.id, kind, first, after).await)
    }
}

connection! {
    /// A page of exports.
    DataExportConnection,
    /// One export of a page.
    DataExportEdge,
    /// The export.
    DataExport
}

/// A part of an export: one row of the viewer's data.
#[derive(Debug, Clone, SimpleObject)]
pub struct DataExportPart {
    /// What it is.
    pub(super) kind: DataExportKind,
    /// Its data: a JSON object in the format that docs/privacy.md describes.
    pub(super) json: String,
}

impl From<exports::Part> for DataExportPart {
    fn from(part: exports::Part) -> Self {
        Self { kind: part.kind, json: part.data.to_string() }
    }
}

connection! {
    /// A page of parts of an export.
    DataExportPartConnection,
    /// One part of a page.
    DataExportPartEdge,
    /// The part.
    DataExportPart
}

async fn parts(
    ctx: &Context<'_>,
    export: DataExportId,
    kind: DataExportKind,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<DataExportPartConnection> {
    let after = after.map(|cursor| Position::from_cursor(&cursor.0)).transpose().map_err(Error::from)?;
    let page = Page::new(first, after).map_err(Error::from)?;
    let rows = ctx.load_own(PartsOf(OfExport { export, kind, page })).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |part| part.position.to_cursor()).into())
}

/// The exports in `Me`.
pub struct MyExports(pub Arc<PrivateLoaders>);

#[Object]
impl MyExports {
    /// The viewer's exports, newest first.
    async fn data_exports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DataExportConnection>> {
        Some(own_exports(ctx, &self.0, first, after).await)
    }
}

async fn own_exports(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<DataExportConnection> {
    let page = pages::newest(first, after.as_ref())?;
    let rows = own.load(ctx.app(), OwnExports(page)).await?;
    let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
    Ok(Cursored::new(rows, |row| exports::place(row).to_cursor()).into())
}

/// All data of the viewer can be read now.
#[derive(SimpleObject)]
pub struct RequestDataExportSuccess {
    /// The export.
    export: DataExport,
}

payload! {
    /// The result of `requestDataExport`.
    RequestDataExportPayload(RequestDataExportSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// The mutation that exports data.
#[derive(Default)]
pub struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Permits to read all data of the viewer in the current session, through `Me.dataExports`. It is mailed to the viewer. At most 5 a day.
    async fn request_data_export(&self, ctx: &Context<'_>) -> Result<RequestDataExportPayload> {
        RequestDataExportPayload::of(request(ctx).await)
    }
}

async fn request(ctx: &Context<'_>) -> error::Result<RequestDataExportSuccess> {
    let recent = accounts::recent(ctx.app(), &ctx.owner()?).await?;
    let export = Box::pin(exports::request(ctx.app(), &recent)).await?;
    Ok(RequestDataExportSuccess { export: DataExport(Arc::new(export)) })
}
