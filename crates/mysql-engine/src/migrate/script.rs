//! The statements of a migration, and which errors of a statement mean that it was done already.

use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::Migration;
use diesel::mysql::Mysql;
use std::any::Any;

/// A migration: its name and its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The name of its folder.
    pub name: String,
    /// Its version in the table of applied migrations.
    pub version: String,
    /// The statements that apply it.
    pub up: Vec<String>,
    /// The statements that revert it.
    pub down: Vec<String>,
}

impl Script {
    pub(super) fn of(migration: &dyn Migration<Mysql>) -> diesel::migration::Result<Self> {
        let (mut up, mut down) = (SqlCollector(String::new()), SqlCollector(String::new()));
        migration.run(&mut up)?;
        migration.revert(&mut down)?;
        let name = migration.name();
        let (name, version) = (name.to_string(), name.version().to_string());
        Ok(Self { name, version, up: statements(&up.0), down: statements(&down.0) })
    }
}

/// A connection that collects the SQL of a migration instead of running it.
struct SqlCollector(String);

impl SimpleConnection for SqlCollector {
    fn batch_execute(&mut self, query: &str) -> diesel::QueryResult<()> {
        self.0.push_str(query);
        Ok(())
    }
}

impl BoxableConnection<Mysql> for SqlCollector {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// Whether the server's error `code` means that the definition which `statement` creates or drops
/// already exists, or is already gone: an earlier run did it and was interrupted before the
/// migration was recorded. Such a statement is atomic.
pub(super) fn is_already_done(statement: &str, code: u16) -> bool {
    const TABLE_EXISTS: u16 = 1050;
    const UNKNOWN_TABLE: u16 = 1051;
    const UNKNOWN_COLUMN: u16 = 1054;
    const DUPLICATE_COLUMN: u16 = 1060;
    const DUPLICATE_KEY: u16 = 1061;
    const SECOND_PRIMARY_KEY: u16 = 1068;
    const NO_SUCH_TABLE: u16 = 1146;
    const NOTHING_TO_DROP: u16 = 1091;
    const DUPLICATE_CONSTRAINT: u16 = 1826;
    const CONSTRAINT_NOT_FOUND: u16 = 3821;
    const DUPLICATE_CHECK: u16 = 3822;
    const CONSTRAINT_TO_DROP_NOT_FOUND: u16 = 3940;
    match keyword(statement).as_str() {
        "ALTER" if code == UNKNOWN_COLUMN => statement.contains("RENAME COLUMN"),
        // The earlier run has renamed the table. A wrong name is found by a test that runs all
        // migrations without this rule.
        "ALTER" if code == NO_SUCH_TABLE => true,
        "ALTER" | "CREATE" | "DROP" => matches!(
            code,
            TABLE_EXISTS
                | UNKNOWN_TABLE
                | DUPLICATE_COLUMN
                | DUPLICATE_KEY
                | SECOND_PRIMARY_KEY
                | NOTHING_TO_DROP
                | DUPLICATE_CONSTRAINT
                | CONSTRAINT_NOT_FOUND
                | DUPLICATE_CHECK
                | CONSTRAINT_TO_DROP_NOT_FOUND
        ),
        _ => false,
    }
}

/// The first word after comments.
fn keyword(statement: &str) -> String {
    let mut rest = statement.trim_start();
    while let Some(length) = comment(rest) {
        rest = rest[length..].trim_start();
    }
    rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase()
}

/// The statements of `text`, without those that are only comments.
fn statements(text: &str) -> Vec<String> {
    let (mut found, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let end_of_statement = rest.starts_with(';');
        if end_of_statement {
            found.push(&text[start..at]);
            start = at + 1;
        }
        at += comment(rest).or_else(|| quoted(rest)).unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8));
    }
    found.push(&text[start..]);
    let found = found.into_iter().map(str::trim).filter(|statement| !keyword(statement).is_empty());
    found.map(str::to_owned).collect()
}

/// The length of the comment at the start of `text`. A conditional comment (`/*! */`) is not a
/// comment here.
fn comment(text: &str) -> Option<usize> {
    let until = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
    if text.starts_with('#') || text.starts_with("-- ") || text.starts_with("--\n") {
        return Some(until("\n"));
    }
    let is_block = text.starts_with("/*") && !text.starts_with("/*!") && !text.starts_with("/*M!");
    is_block.then(|| until("*/"))
}

/// The length of the quoted string or name at the start of `text`.
fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"' | '`'))?;
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote != '`' => {
                letters.next();
            }
            // A doubled quote ends one string and begins the next.
            letter if letter == quote => return Some(at + letter.len_utf8()),
            _ => {}
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_split_only_between_statements() {
        let text = "-- A; comment.\nCREATE TABLE a (b INT COMMENT 'it''s; \\'b\\';'); /* and; */ INSERT INTO `a;` VALUES (\";\");\n# end;\n";
        assert_eq!(
            statements(text),
            [
                "-- A; comment.\nCREATE TABLE a (b INT COMMENT 'it''s; \\'b\\';')",
                "/* and; */ INSERT INTO `a;` VALUES (\";\")"
            ]
        );
        assert_eq!(statements(" ;; -- nothing"), Vec::<String>::new());
        assert_eq!(
            statements("/*!50700 SET a = 'ü;' */ ; DROP TABLE b").len(),
            1,
            "a conditional comment alone is not a statement"
        );
    }

    #[test]
    fn only_a_definition_can_be_done_already() {
        assert!(is_already_done("-- New.\nalter table a ADD COLUMN b INT", 1060));
        assert!(is_already_done("DROP TABLE a", 1051));
        assert!(!is_already_done("ALTER TABLE a ADD COLUMN b INT", 1064));
        assert!(is_already_done("ALTER TABLE a RENAME COLUMN b TO c", 1054), "the column has its new name");
        assert!(is_already_done("ALTER TABLE a RENAME TO b", 1146), "the table has its new name");
        assert!(!is_already_done("UPDATE a SET b = 1", 1146));
        assert!(!is_already_done("INSERT INTO a VALUES (1)", 1060));
    }
}
