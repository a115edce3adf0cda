//! Validation of an input: all invalid fields at once.

use super::{Error, InvalidInput, Refusal, Result};

/// The most fields in one response.
const MAX_FIELDS: usize = 100;

/// An invalid field of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// The field, from `input` on.
    pub path: Vec<String>,
    /// The message.
    pub message: String,
}

impl InvalidField {
    /// The field at `path`, which starts below `input`.
    pub fn new(path: &[&str], message: impl Into<String>) -> Self {
        let path = std::iter::once("input").chain(path.iter().copied()).map(str::to_owned).collect();
        Self { path, message: message.into() }
    }
}

impl InvalidInput {
    /// The refusal with `fields`; None when there are none.
    pub fn new(fields: Vec<InvalidField>) -> Option<Self> {
        let mut fields = fields.into_iter();
        Some(Self { first: fields.next()?, others: fields.collect() })
    }

    /// The first invalid field, from `input` on.
    pub fn path(&self) -> &[String] {
        &self.first.path
    }

    /// The message of the first field.
    pub fn message(&self) -> &str {
        &self.first.message
    }

    /// All invalid fields.
    pub fn fields(&self) -> Vec<&InvalidField> {
        std::iter::once(&self.first).chain(&self.others).collect()
    }

    fn into_fields(self) -> impl Iterator<Item = InvalidField> {
        std::iter::once(self.first).chain(self.others)
    }
}

/// Collects the invalid fields of an input, so that one response has all of them.
#[derive(Debug, Default)]
pub struct Validation {
    fields: Vec<InvalidField>,
    /// A refusal that makes the fields irrelevant, such as a listing that does not exist.
    fatal: Option<Error>,
}

impl Validation {
    /// A validation that starts with known invalid fields.
    pub fn of(fields: &[InvalidField]) -> Self {
        Self { fields: fields.to_vec(), fatal: None }
    }

    /// The checked value; None, with its error recorded, when it is invalid.
    pub fn check<T>(&mut self, checked: Result<T>) -> Option<T> {
        match checked {
            Ok(value) => return Some(value),
            Err(Error::Refused(Refusal::InvalidInput(problem))) => self.fields.extend(problem.into_fields()),
            Err(fatal) => self.fatal = self.fatal.take().or(Some(fatal)),
        }
        None
    }

    /// Records an invalid field at `path`, which starts below `input`.
    pub fn refuse(&mut self, path: &[&str], message: impl Into<String>) {
        self.record(InvalidField::new(path, message));
    }

    /// Records an invalid field.
    pub fn record(&mut self, field: InvalidField) {
        self.fields.push(field);
    }

    /// Whether there is no error so far.
    pub fn is_clean(&self) -> bool {
        self.fields.is_empty() && self.fatal.is_none()
    }

    /// The invalid fields so far.
    pub fn into_fields(self) -> Vec<InvalidField> {
        self.fields
    }

    /// Ends the check.
    ///
    /// # Errors
    /// The refusal that makes the fields irrelevant, or else [`Refusal::InvalidInput`] with all invalid fields.
    pub fn finish(mut self) -> Result<()> {
        if let Some(fatal) = self.fatal {
            return Err(fatal);
        }
        self.fields.truncate(MAX_FIELDS);
        match InvalidInput::new(self.fields) {
            None => Ok(()),
            Some(problem) => Err(problem.into()),
        }
    }

    /// Ends the check of an input that was parsed into `value`.
    ///
    /// # Errors
    /// As [`Self::finish`]; [`Error::Internal`] when there is no value and no error.
    pub fn finish_with<T>(self, value: Option<T>) -> Result<T> {
        self.finish()?;
        value.ok_or_else(|| Error::Internal(anyhow::anyhow!("a valid input has no value")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_invalid_fields_are_reported_in_the_order_of_the_checks() {
        let mut validation = Validation::default();
        assert_eq!(validation.check(Ok(1)), Some(1));
        assert!(validation.check::<()>(Err(Error::invalid(&["a"], "First."))).is_none());
        validation.refuse(&["b", "0"], "Second.");
        let Err(Error::Refused(Refusal::InvalidInput(problem))) = validation.finish() else {
            panic!("it was accepted")
        };
        assert_eq!((problem.path(), problem.message()), (&["input".to_owned(), "a".to_owned()][..], "First."));
        assert_eq!(*problem.fields()[1], InvalidField::new(&["b", "0"], "Second."));
    }

    #[test]
    fn a_refusal_that_makes_fields_irrelevant_comes_first() {
        let mut validation = Validation::default();
        validation.refuse(&["a"], "Wrong.");
        assert!(validation.check::<()>(Err(Error::not_found("listingId", "listing"))).is_none());
        assert!(matches!(validation.finish(), Err(Error::Refused(Refusal::NotFound(_)))));
        assert!(Validation::default().finish_with(Some(1)).is_ok());
    }
}
