//! Exports of all data of a person.
//!
//! An export is a permission to read the live data, in pages, for a short time and in the session that requested it. There is no copy of
//! the data that would have to be protected, expired and erased, and an export is as complete as the tables.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::sections;
use crate::{
    accounts::verification::locked_open,
    app::App,
    limits,
    mails::{self, Order},
};
use auth::{Member, RecentMember};
pub use sections::{Part, Position};
pub use store::data_exports::DataExport;
use telemetry::logs;
use types::{
    DataExportId, DataExportKind, DataExportState, Newest, Page, PageOf, Timestamp,
    error::{Error, Result},
};

/// Which parts of an export to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OfExport {
    /// The export.
    pub export: DataExportId,
    /// The kind of parts.
    pub kind: DataExportKind,
    /// How many of them.
    pub page: Page<Position>,
}

/// Whether `viewer` can read an export, in their session.
pub fn state(export: &DataExport, viewer: &Member, now: Timestamp) -> DataExportState {
    if export.expires_at <= now {
        DataExportState::Expired
    } else if export.session_id != viewer.session() {
        DataExportState::OtherSession
    } else {
        DataExportState::Ready
    }
}

/// Permits the member to read all their data in the current session, and tells them by mail.
///
/// # Errors
/// Problems of the contract's `requestDataExport`.
pub async fn request(app: &App, member: &RecentMember) -> Result<DataExport> {
    member.verified()?;
    let (user, now) = (member.id(), app.now());
    let export = DataExport {
        id: DataExportId::new(now, &*app.entropy),
        user_id: user,
        session_id: member.session(),
        created_at: now,
        expires_at: now + app.terms.data_export,
    };
    app.database
        .transaction(async |tx| {
            locked_open(tx, user).await?;
            limits::take(tx, &app.limits.data_exports, &[user.as_bytes()], now).await?;
            store::data_exports::insert(tx, &export).await?;
            mails::order(app, tx, user, &Order::DataExportRequested { user, at: now }, now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "data_export_requested", %user, session = %member.session(), "a user exports their data");
    Ok(export)
}

/// Pages of `viewer`'s exports, newest first.
///
/// # Errors
/// When the database fails.
pub async fn pages(
    app: &App,
    viewer: &Member,
    pages: &[Page<Newest<DataExportId>>],
) -> Result<HashMap<Page<Newest<DataExportId>>, PageOf<Arc<DataExport>>>> {
    let rows = store::data_exports::of_user(&mut app.conn().await?, viewer.id(), pages).await?;
    let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
    Ok(pages.iter().map(|page| (page.clone(), page.cut_out(&rows, |row| place(row)))).collect())
}

/// The position of an export in a list, newest first.
pub fn place(export: &DataExport) -> Newest<DataExportId> {
    Newest { at: export.created_at, id: export.id }
}

/// Pages of parts of `viewer`'s exports; nothing of an export that has expired or was requested in another session.
///
/// # Errors
/// When the database fails, or a position is of another kind.
pub async fn parts(app: &App, viewer: &Member, keys: &[OfExport]) -> Result<HashMap<OfExport, PageOf<Part>>> {
    let (conn, now) = (&mut app.conn().await?, app.now());
    let ids: BTreeSet<_> = keys.iter().map(|key| key.export).collect();
    let exports = store::data_exports::visible(conn, viewer.id(), &ids.into_iter().collect::<Vec<_>>()).await?;
    let can_be_read = |key: &&OfExport| {
        let export = exports.iter().find(|export| export.id == key.export);
        export.is_some_and(|export| state(export, viewer, now) == DataExportState::Ready)
    };
    // All exports of a viewer have the same data, so each range is read once.
    let mut ranges: HashMap<(DataExportKind, Option<Position>), Vec<&OfExport>> = HashMap::new();
    for key in keys.iter().filter(can_be_read) {
        ranges.entry((key.kind, key.page.after)).or_default().push(key);
    }
    let mut found = HashMap::new();
    for ((kind, after), keys) in ranges {
        let most = keys.iter().map(|key| key.page.limit()).max().unwrap_or_default();
        let rows = sections::read(conn, viewer.id(), kind, after, most).await?;
        for key in keys {
            found.insert(key.clone(), key.page.cut(rows.iter().take(key.page.first + 1).cloned().collect()));
        }
    }
    Ok(found)
}

/// Everything that is stored about a person, for a legal hold.
pub(super) async fn everything(conn: &mut mysql_engine::Conn, person: types::UserId) -> Result<Vec<Part>> {
    const AT_ONCE: i64 = 100;
    let mut all = Vec::new();
    for kind in DataExportKind::ALL {
        let mut after = None;
        loop {
            let rows = sections::read(conn, person, *kind, after, AT_ONCE).await?;
            let is_last = rows.len() < usize::try_from(AT_ONCE).unwrap_or_default();
            after = rows.last().map(|part| part.position).or(after);
            all.extend(rows);
            if is_last {
                break;
            }
        }
    }
    Ok::<_, Error>(all)
}
