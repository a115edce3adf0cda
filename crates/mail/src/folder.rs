//! A folder that receives every mail as a file, for development and for tests.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{MailKey, MailTransport, Message, SendError, Sender, Sending, StoredMail};

/// Most mails of a folder: the oldest are deleted.
pub const MAX_MAILS: usize = 1000;

/// What the time of a name looks like; `0` is any digit.
const TIME: &str = "00000000T000000.000000Z";

/// Writes each mail into a folder, as `TIME-KEY.eml`. Names sort by the date of the mail.
#[derive(Debug, Clone)]
pub struct MailFolder {
    path: PathBuf,
    sender: Sender,
    max_mails: usize,
    /// One mail at a time, so that a key has one file.
    writing: Arc<Mutex<()>>,
}

/// A mail in the list of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderEntry {
    /// The name of the file, for [`MailFolder::read`].
    pub name: String,
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The `Date` header.
    pub date: String,
}

impl MailFolder {
    /// A folder, which is created with the first mail.
    pub fn new(path: impl Into<PathBuf>, sender: Sender) -> Self {
        Self { path: path.into(), sender, max_mails: MAX_MAILS, writing: Arc::default() }
    }

    /// Sets how many mails the folder keeps, at least one. Default: [`MAX_MAILS`].
    #[must_use]
    pub fn with_max_mails(self, max_mails: usize) -> Self {
        Self { max_mails: max_mails.max(1), ..self }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest mails, newest first. Empty if there is no folder yet.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn newest(&self, limit: usize) -> io::Result<Vec<FolderEntry>> {
        let folder = self.clone();
        blocking(move || {
            let names = folder.names()?.into_iter().rev();
            let mails = names.filter_map(|name| folder.read_file(&name).transpose()).take(limit);
            let entry =
                |mail: StoredMail| FolderEntry { name: mail.name, to: mail.to, subject: mail.subject, date: mail.date };
            mails.map(|mail| mail.map(entry)).collect()
        })
        .await
    }

    /// Reads a mail by the name of its file. `None`: there is none, or the name is not one of a
    /// mail.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn read(&self, name: &str) -> io::Result<Option<StoredMail>> {
        let (folder, name) = (self.clone(), name.to_owned());
        blocking(move || folder.read_file(&name)).await
    }

    fn read_file(&self, name: &str) -> io::Result<Option<StoredMail>> {
        // The name comes from a URL: it must not leave the folder.
        if key_of(name).is_none() {
            return Ok(None);
        }
        match fs::read_to_string(self.path.join(name)) {
            Ok(mail) => Ok(StoredMail::parse(name, &mail)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names of the mails, oldest first. Files of others are not listed.
    fn names(&self) -> io::Result<Vec<String>> {
        let files = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            files => files?,
        };
        let names: io::Result<Vec<_>> = files.map(|file| Ok(file?.file_name().into_string().ok())).collect();
        let mut names: Vec<_> = names?.into_iter().flatten().filter(|name| key_of(name).is_some()).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn write(&self, message: &Message, key: &MailKey) -> Result<(), SendError> {
        let mail = message.encode(&self.sender, key)?;
        let key = key.escaped();
        let name = format!("{}-{key}.eml", message.date.utc().format("%Y%m%dT%H%M%S%.6fZ"));
        self.replace(&name, &key, &mail.bytes).map_err(|error| {
            let reason = format!("the folder of mails cannot be written: {error}");
            match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory => SendError::Misconfigured(reason),
                _ => SendError::Temporary(reason),
            }
        })
    }

    /// Writes a file at once or not at all, and deletes what it replaces and what is too old.
    fn replace(&self, name: &str, key: &str, mail: &[u8]) -> io::Result<()> {
        // A panic leaves at most a temporary file, which the next attempt overwrites.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let temporary = self.path.join(format!(".{key}.tmp"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(mail)?;
        file.sync_all()?;
        fs::rename(&temporary, self.path.join(name))?;
        let names = self.names()?;
        let (same, mut others): (Vec<_>, Vec<_>) = names.into_iter().partition(|other| key_of(other) == Some(key));
        others.extend(same.iter().filter(|other| *other == name).cloned());
        others.sort_unstable();
        let oldest = others.len().saturating_sub(self.max_mails);
        let replaced = same.iter().filter(|other| *other != name);
        replaced.chain(&others[..oldest]).try_for_each(|name| self.delete(name))
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            // Another process was faster.
            _ => Ok(()),
        }
    }
}

impl MailTransport for MailFolder {
    fn name(&self) -> &'static str {
        "file"
    }

    fn send<'a>(&'a self, message: &'a Message, key: &'a MailKey) -> Sending<'a> {
        let (folder, message, key) = (self.clone(), message.clone(), key.clone());
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || folder.write(&message, &key)).await;
            written.unwrap_or_else(|error| Err(SendError::Temporary(error.to_string())))
        })
    }
}

/// The escaped key in the name of a mail; `None`: not the name of a mail.
fn key_of(name: &str) -> Option<&str> {
    let (time, key) = name.strip_suffix(".eml")?.split_once('-')?;
    let is_same = |(a, b): (u8, u8)| if b == b'0' { a.is_ascii_digit() } else { a == b };
    let is_time = time.len() == TIME.len() && time.bytes().zip(TIME.bytes()).all(is_same);
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
    (is_time && is_key).then_some(key)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests;
