//! The migrations: many at once, down and up again.

use crate::harness::database::{discard, unused_url};
use staygate::store::migrate;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_that_start_together_migrate_once() {
    let url = unused_url();
    let starts = (0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { migrate::up(&url).await })
    });
    let mut applied = Vec::new();
    for start in futures_util::future::join_all(starts).await {
        applied.extend(start.unwrap().unwrap());
    }
    let status = migrate::status(&url).await.unwrap();
    assert_eq!(applied, status.applied, "each once, in order");
    assert!(status.pending.is_empty() && status.unknown.is_empty(), "{status:?}");
    discard(&url);
}

#[tokio::test]
async fn all_migrations_go_down_and_up_again() {
    let url = unused_url();
    let up = migrate::up(&url).await.unwrap();
    let mut down = migrate::down(&url, usize::MAX).await.unwrap();
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(migrate::status(&url).await.unwrap().pending, up);
    assert_eq!(migrate::up(&url).await.unwrap(), up);
    assert!(migrate::up(&url).await.unwrap().is_empty());
    discard(&url);
}

#[tokio::test]
async fn a_url_without_a_name_is_refused_before_anything_is_done() {
    let url = unused_url();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let nameless = format!("{}/?{query}", path.rsplit_once('/').unwrap().0);
    let error = migrate::up(&nameless).await.unwrap_err();
    assert!(matches!(error, migrate::MigrateError::NoName), "{error:?}");
}
