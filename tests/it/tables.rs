//! `crates/store/src/schema.rs` matches the migrations: every table, column, type, NULL and key that Diesel supports.
//!
//! The file equals the output of `diesel print-schema`, which needs a C client of the database. These tests print it themselves:
//! `UPDATE_SCHEMA=1 cargo test --test it tables::` renews it.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use diesel::{prelude::*, sql_types::Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use mysql_engine::Conn;

use crate::harness::database::TestDatabase;

/// The file, below the folder of the crate.
const FILE: &str = "crates/store/src/schema.rs";

const HEAD: &str = "//! The tables that the program uses, as the migrations make them. Not written by hand: see `tests/it/tables.rs`.\n";

/// Tables without queries in the program: the list of applied migrations, and one that only older servers use.
const UNUSED: [&str; 2] = ["__diesel_schema_migrations", "attempts"];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    nullable: String,
}

/// A column of a primary key or of a foreign one, which has a `parent`.
#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    constraint: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    parent: String,
}

/// Diesel's name for a type of MariaDB or MySQL. Their names for one type differ: `int(10) unsigned` and `int unsigned`.
fn sql_type(column: &Column) -> String {
    let Column { kind, nullable, .. } = column;
    let name = kind.split(['(', ' ']).next().unwrap_or_default();
    let name = match name {
        _ if kind == "tinyint(1)" => "Bool",
        "tinyint" => "TinyInt",
        "smallint" => "SmallInt",
        "int" => "Integer",
        "bigint" => "BigInt",
        "double" => "Double",
        "char" | "varchar" | "text" | "mediumtext" | "longtext" => "Text",
        "binary" | "varbinary" | "blob" | "mediumblob" => "Binary",
        "date" => "Date",
        "time" => "Time",
        "datetime" => "Datetime",
        _ => panic!("{}.{} is {kind}: teach this function its type", column.table, column.name),
    };
    let name = if kind.contains("unsigned") { format!("Unsigned<{name}>") } else { name.to_owned() };
    if nullable == "YES" { format!("Nullable<{name}>") } else { name }
}

/// The columns of the primary key of each table.
fn primary_keys(keys: &[Key]) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for key in keys.iter().filter(|key| key.constraint == "PRIMARY") {
        found.entry(&key.table).or_default().push(&key.name);
    }
    found
}

/// `(child, parent, column)` of each foreign key by which Diesel may join: of one column, and the only one between its two tables.
fn joinables(keys: &[Key]) -> Vec<(&str, &str, &str)> {
    let foreign: Vec<_> = keys.iter().filter(|key| !key.parent.is_empty() && key.parent != key.table).collect();
    let between = |key: &Key, other: &Key| {
        (&key.table, &key.parent) == (&other.table, &other.parent)
            || (&key.table, &key.parent) == (&other.parent, &other.table)
    };
    let is_only = |key: &Key| foreign.iter().filter(|other| between(key, other)).count() == 1;
    let mut found: Vec<_> = foreign
        .iter()
        .filter(|key| is_only(key))
        .map(|key| (key.table.as_str(), key.parent.as_str(), key.name.as_str()))
        .collect();
    found.sort_unstable();
    found
}

/// The text of the file for the database of `conn`.
async fn print(conn: &mut Conn) -> String {
    let columns = "SELECT CAST(TABLE_NAME AS CHAR) AS `table`, CAST(COLUMN_NAME AS CHAR) AS name, \
                   CAST(COLUMN_TYPE AS CHAR) AS kind, CAST(IS_NULLABLE AS CHAR) AS nullable \
                   FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY ORDINAL_POSITION";
    let columns: Vec<Column> = diesel::sql_query(columns).load(conn).await.unwrap();
    let keys = "SELECT CAST(TABLE_NAME AS CHAR) AS `table`, CAST(CONSTRAINT_NAME AS CHAR) AS `constraint`, \
                CAST(COLUMN_NAME AS CHAR) AS name, CAST(COALESCE(REFERENCED_TABLE_NAME, '') AS CHAR) AS parent \
                FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() ORDER BY ORDINAL_POSITION";
    let keys: Vec<Key> = diesel::sql_query(keys).load(conn).await.unwrap();
    let mut tables: BTreeMap<&str, Vec<&Column>> = BTreeMap::new();
    for column in columns.iter().filter(|column| !UNUSED.contains(&column.table.as_str())) {
        tables.entry(&column.table).or_default().push(column);
    }
    let primary = primary_keys(&keys);
    let mut text = HEAD.to_owned();
    for (table, columns) in &tables {
        write!(text, "\ndiesel::table! {{\n    {table} ({}) {{\n", primary[table].join(", ")).unwrap();
        for column in columns {
            writeln!(text, "        {} -> {},", column.name, sql_type(column)).unwrap();
        }
        text.push_str("    }\n}\n");
    }
    text.push('\n');
    for (child, parent, column) in joinables(&keys) {
        writeln!(text, "diesel::joinable!({child} -> {parent} ({column}));").unwrap();
    }
    text.push_str("\ndiesel::allow_tables_to_appear_in_same_query! {\n");
    for names in tables.keys().collect::<Vec<_>>().chunks(6) {
        let names: Vec<_> = names.iter().map(|name| format!("{name},")).collect();
        writeln!(text, "    {}", names.join(" ")).unwrap();
    }
    text.push_str("}\n");
    text
}

/// The relevant lines, each prefixed with its table.
fn lines(text: &str) -> Vec<String> {
    let mut table = "";
    let mut found = Vec::new();
    for line in text.lines() {
        match line.strip_suffix(") {").and_then(|line| line.trim_start().split_once(" (")) {
            Some((name, _)) => table = name,
            None if !line.starts_with(' ') => table = "",
            None => {}
        }
        // Names of tables stand several in a line.
        let are_names = table.is_empty() && line.starts_with(' ');
        let parts = if are_names { line.split_whitespace().collect() } else { vec![line.trim()] };
        found.extend(parts.into_iter().map(|part| format!("{table}: {part}")));
    }
    found
}

/// Lines that only one of the two has.
fn differences(file: &str, database: &str) -> Vec<String> {
    let (file, database) = (lines(file), lines(database));
    let missing = database.iter().filter(|line| !file.contains(line)).map(|line| format!("+ {line}"));
    let surplus = file.iter().filter(|line| !database.contains(line)).map(|line| format!("- {line}"));
    surplus.chain(missing).collect()
}

#[tokio::test]
async fn the_schema_file_says_what_the_migrations_make() {
    let test = TestDatabase::new().await;
    let made = print(&mut test.conn().await).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(
        written == made,
        "{FILE} differs from the migrations; UPDATE_SCHEMA=1 renews it:\n{}",
        differences(&written, &made).join("\n")
    );
}

#[tokio::test]
async fn every_kind_of_difference_is_found() {
    let test = TestDatabase::new().await;
    let mut conn = test.conn().await;
    let before = print(&mut conn).await;
    for (change, expected) in [
        (
            "ALTER TABLE users ADD COLUMN extra SMALLINT UNSIGNED NULL",
            vec!["+ users: extra -> Nullable<Unsigned<SmallInt>>,"],
        ),
        ("ALTER TABLE users DROP COLUMN extra", vec![]),
        (
            "ALTER TABLE photos MODIFY position INT UNSIGNED NOT NULL",
            vec!["- photos: position -> Unsigned<SmallInt>,", "+ photos: position -> Unsigned<Integer>,"],
        ),
        ("ALTER TABLE photos MODIFY position SMALLINT UNSIGNED NOT NULL", vec![]),
        (
            "ALTER TABLE photos MODIFY caption VARCHAR(200) NOT NULL",
            vec!["- photos: caption -> Nullable<Text>,", "+ photos: caption -> Text,"],
        ),
        ("ALTER TABLE photos MODIFY caption VARCHAR(200) NULL", vec![]),
        (
            "CREATE TABLE extras (id BIGINT PRIMARY KEY)",
            vec!["+ extras: extras (id) {", "+ extras: id -> BigInt,", "+ extras: }", "+ : extras,"],
        ),
    ] {
        conn.batch_execute(change).await.unwrap();
        let found = differences(&before, &print(&mut conn).await);
        assert_eq!(found, expected, "{change}");
    }
}
