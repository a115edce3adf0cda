use super::ConfigError;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A text that must not appear in logs and errors.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secret, from its own setting or from the file that another setting names. An empty value
/// counts as none, because compose files pass on unset variables as empty.
pub(super) fn read(
    setting: &'static str,
    given: Option<&Secret>,
    file_setting: &'static str,
    file: Option<&PathBuf>,
) -> Result<Option<Secret>, ConfigError> {
    let given = given.filter(|secret| !secret.0.is_empty());
    let file = file.filter(|path| !path.as_os_str().is_empty());
    match (given, file) {
        (Some(_), Some(_)) => Err(ConfigError::Twice(setting)),
        (Some(given), None) => Ok(Some(given.clone())),
        (None, None) => Ok(None),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
                setting: file_setting,
                path: path.clone(),
                source,
            })?;
            let text = text.trim();
            if text.is_empty() {
                return Err(ConfigError::Invalid {
                    setting: file_setting,
                    reason: format!("{} is empty", path.display()),
                });
            }
            Ok(Some(Secret(text.to_owned())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_its_file_without_the_line_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "abc\n").unwrap();
        assert_eq!(read("S", None, "S_FILE", Some(&path)).unwrap().unwrap().expose(), "abc");
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(read("S", None, "S_FILE", Some(&path)), Err(ConfigError::Invalid { .. })));
        let missing = dir.path().join("none");
        assert!(matches!(read("S", None, "S_FILE", Some(&missing)), Err(ConfigError::File { .. })));
    }
}
