use std::os::unix::fs::PermissionsExt;

use chrono::Duration;
use tempfile::TempDir;

use super::*;
use crate::message;

fn folder(parent: &TempDir) -> MailFolder {
    MailFolder::new(parent.path().join("a/mails"), "no-reply@example.org".parse().unwrap())
}

fn key(text: &str) -> MailKey {
    MailKey::new(text).unwrap()
}

/// The nth mail, one second after the one before it.
fn nth(number: i64) -> Message {
    let (message, _) = message::example(&format!("Mail {number}."));
    Message { date: message.date + Duration::seconds(number), subject: format!("Mail {number}"), ..message }
}

fn files(folder: &MailFolder) -> Vec<String> {
    let files = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_mail_can_be_read_back() {
    let parent = TempDir::new().unwrap();
    let folder = folder(&parent);
    assert_eq!(folder.newest(10).await.unwrap(), [], "there is no folder yet");
    let (message, key) = message::example("Grüße.");
    folder.send(&message, &key).await.unwrap();
    let [entry] = &folder.newest(10).await.unwrap()[..] else { panic!("one mail") };
    assert_eq!(entry.name, "20260701T130000.000000Z-send_mail=3A018f-0001=3A1.eml");
    assert_eq!((entry.to.as_str(), entry.subject.as_str()), ("ada@example.org", "Example"));
    let mail = folder.read(&entry.name).await.unwrap().unwrap();
    assert_eq!((mail.text.trim(), mail.html.trim()), ("Grüße.", "<!DOCTYPE html><p>Grüße.</p>"));
    assert_eq!(mail.message_id, "<send_mail=3A018f-0001=3A1@example.org>");
    assert_eq!(mail.date, "Wed, 01 Jul 2026 13:00:00 +0000");
    assert!(!format!("{mail:?}").contains("Grüße"));
}

#[tokio::test]
async fn only_the_owner_can_read_mails() {
    let parent = TempDir::new().unwrap();
    let folder = folder(&parent);
    folder.send(&nth(1), &key("a")).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(&folder.path().join(&files(&folder)[0])), 0o600);
}

#[tokio::test]
async fn a_mail_that_is_sent_again_replaces_itself() {
    let parent = TempDir::new().unwrap();
    let folder = folder(&parent);
    for message in [nth(1), nth(1), nth(7)] {
        folder.send(&message, &key("a")).await.unwrap();
    }
    folder.send(&nth(2), &key("b")).await.unwrap();
    let subjects: Vec<_> = folder.newest(10).await.unwrap().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Mail 7", "Mail 2"]);
    assert_eq!(files(&folder).len(), 2, "nothing temporary is left");
}

#[tokio::test]
async fn the_oldest_mails_are_deleted() {
    let parent = TempDir::new().unwrap();
    let folder = folder(&parent).with_max_mails(3);
    for number in 1..=5 {
        folder.send(&nth(number), &key(&format!("{number}"))).await.unwrap();
        folder.send(&nth(number), &key(&format!("{number}"))).await.unwrap();
    }
    let newest = |limit| folder.newest(limit);
    let subjects = |mails: Vec<FolderEntry>| mails.into_iter().map(|mail| mail.subject).collect::<Vec<_>>();
    assert_eq!(subjects(newest(10).await.unwrap()), ["Mail 5", "Mail 4", "Mail 3"]);
    assert_eq!(subjects(newest(1).await.unwrap()), ["Mail 5"]);
}

#[tokio::test]
async fn files_of_others_are_left_alone() {
    let parent = TempDir::new().unwrap();
    let folder = folder(&parent).with_max_mails(1);
    fs::create_dir_all(folder.path()).unwrap();
    let others = ["notes.eml", "20260701-a.eml", "20260701T130000.000000Z-a.txt", "20260701T130000.000000Z-.eml"];
    for name in others {
        fs::write(folder.path().join(name), "text").unwrap();
    }
    folder.send(&nth(1), &key("a")).await.unwrap();
    folder.send(&nth(2), &key("b")).await.unwrap();
    assert_eq!(files(&folder).len(), others.len() + 1);
    assert_eq!(folder.newest(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_does_not_leave_the_folder() {
    let parent = TempDir::new().unwrap();
    let folder = folder(&parent);
    folder.send(&nth(1), &key("a")).await.unwrap();
    fs::copy(folder.path().join(&files(&folder)[0]), parent.path().join("20260701T130000.000000Z-a.eml")).unwrap();
    for name in
        ["../../20260701T130000.000000Z-a.eml", "20260701T130000.000000Z-/../../../x.eml", "/etc/passwd", "", "x"]
    {
        assert_eq!(folder.read(name).await.unwrap(), None, "{name}");
    }
    assert_eq!(folder.read("20260701T130000.000000Z-b.eml").await.unwrap(), None, "there is none");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_a_fault_of_the_setup() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "text").unwrap();
    let folder = MailFolder::new(file.join("mails"), "no-reply@example.org".parse().unwrap());
    let sent = folder.send(&nth(1), &key("a")).await;
    assert!(matches!(sent, Err(SendError::Misconfigured(_))), "{sent:?}");
}

#[tokio::test]
async fn many_mails_at_once_are_all_written() {
    let parent = TempDir::new().unwrap();
    let folder = folder(&parent);
    let mails: Vec<_> = (0..20).map(|number| (nth(number), key(&format!("{number}")))).collect();
    let sent = futures_util::future::join_all(mails.iter().map(|(message, key)| folder.send(message, key))).await;
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(folder.newest(100).await.unwrap().len(), 20);
}
