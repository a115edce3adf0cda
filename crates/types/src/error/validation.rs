//! What is wrong with an input, all of it at once.

use super::{Error, InvalidInput, Refusal, Result};

/// The most fields that one answer names.
const MAX_FIELDS: usize = 100;

/// An invalid field of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// The field, from `input` on.
    pub path: Vec<String>,
    /// What is wrong.
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
    /// The problem with `fields`; none when there are none.
    pub fn new(fields: Vec<InvalidField>) -> Option<Self> {
        let mut fields = fields.into_iter();
        Some(Self { first: fields.next()?, others: fields.collect() })
    }

    /// The first field at fault, from `input` on.
    pub fn path(&self) -> &[String] {
        &self.first.path
    }

    /// What is wrong with the first field.
    pub fn message(&self) -> &str {
        &self.first.message
    }

    /// Every field at fault.
    pub fn fields(&self) -> Vec<&InvalidField> {
        std::iter::once(&self.first).chain(&self.others).collect()
    }

    fn into_fields(self) -> impl Iterator<Item = InvalidField> {
        std::iter::once(self.first).chain(self.others)
    }
}

/// Collects every field of an input that is not right, so that a client learns of all of them from one answer.
#[derive(Debug, Default)]
pub struct Validation {
    fields: Vec<InvalidField>,
    /// Why the request fails whatever its fields are, such as a listing that does not exist.
    fatal: Option<Error>,
}

impl Validation {
    /// One that starts with fields that were found to be wrong before.
    pub fn of(fields: &[InvalidField]) -> Self {
        Self { fields: fields.to_vec(), fatal: None }
    }

    /// The checked value; none when it is not right, which is noted.
    pub fn take<T>(&mut self, checked: Result<T>) -> Option<T> {
        match checked {
            Ok(value) => return Some(value),
            Err(Error::Refused(Refusal::InvalidInput(problem))) => self.fields.extend(problem.into_fields()),
            Err(fatal) => self.fatal = self.fatal.take().or(Some(fatal)),
        }
        None
    }

    /// Notes that the field at `path`, which starts below `input`, is not right.
    pub fn refuse(&mut self, path: &[&str], message: impl Into<String>) {
        self.note(InvalidField::new(path, message));
    }

    /// Notes a field that is not right.
    pub fn note(&mut self, field: InvalidField) {
        self.fields.push(field);
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.fields.is_empty() && self.fatal.is_none()
    }

    /// The fields noted so far.
    pub fn into_fields(self) -> Vec<InvalidField> {
        self.fields
    }

    /// Ends the check.
    ///
    /// # Errors
    /// What makes the fields irrelevant, or else [`Refusal::InvalidInput`] with every field that is not right.
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

    /// Ends the check of an input that was read into `value`.
    ///
    /// # Errors
    /// As [`Self::finish`]; [`Error::Internal`] when there is no value although nothing is wrong.
    pub fn finish_with<T>(self, value: Option<T>) -> Result<T> {
        self.finish()?;
        value.ok_or_else(|| Error::Internal(anyhow::anyhow!("a valid input has no value")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_in_the_order_of_the_checks() {
        let mut validation = Validation::default();
        assert_eq!(validation.take(Ok(1)), Some(1));
        assert!(validation.take::<()>(Err(Error::invalid(&["a"], "First."))).is_none());
        validation.refuse(&["b", "0"], "Second.");
        let Err(Error::Refused(Refusal::InvalidInput(problem))) = validation.finish() else {
            panic!("it was accepted")
        };
        assert_eq!((problem.path(), problem.message()), (&["input".to_owned(), "a".to_owned()][..], "First."));
        assert_eq!(*problem.fields()[1], InvalidField::new(&["b", "0"], "Second."));
    }

    #[test]
    fn what_makes_fields_irrelevant_comes_first() {
        let mut validation = Validation::default();
        validation.refuse(&["a"], "Wrong.");
        assert!(validation.take::<()>(Err(Error::not_found("listingId", "listing"))).is_none());
        assert!(matches!(validation.finish(), Err(Error::Refused(Refusal::NotFound(_)))));
        assert!(Validation::default().finish_with(Some(1)).is_ok());
    }
}
