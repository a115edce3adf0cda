//! docs/privacy.md lists every column that can hold a text.

use std::{collections::BTreeSet, fs, path::Path};

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl as _;

use crate::harness::app::TestApp;

/// Tables that the program does not use: the list of migrations, and one of older servers.
const UNUSED: [&str; 2] = ["__diesel_schema_migrations", "attempts"];

/// Columns of other types that are personal.
const OTHERS: [&str; 3] = ["latitude", "longitude", "used_from"];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// `table.column` of each row of the inventory.
fn listed() -> BTreeSet<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/privacy.md")).unwrap();
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut listed = BTreeSet::new();
    let rows = page.lines().skip_while(|line| !line.starts_with("| Table |")).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let table = code(cells[1]).remove(0);
        for column in code(cells[2]).into_iter().chain(code(cells[3])) {
            if !OTHERS.contains(&column.as_str()) {
                assert!(listed.insert(format!("{table}.{column}")), "{table}.{column} is listed twice");
            }
        }
        assert_eq!(cells.len(), 7, "{row}");
    }
    listed
}

#[tokio::test]
async fn every_column_that_can_hold_a_text_is_a_decision() {
    let app = TestApp::new().await;
    let columns = "SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name FROM information_schema.COLUMNS WHERE \
                   TABLE_SCHEMA = DATABASE() AND DATA_TYPE IN ('char', 'varchar', 'tinytext', 'text', 'mediumtext', \
                   'longtext', 'json', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob')";
    let columns: Vec<Column> = diesel::sql_query(columns).load(&mut app.conn().await).await.unwrap();
    let is_used = |name: &String| !UNUSED.iter().any(|table| name.starts_with(&format!("{table}.")));
    let stored: BTreeSet<String> = columns.into_iter().map(|column| column.name).filter(is_used).collect();
    let listed = listed();
    let (new, gone): (Vec<_>, Vec<_>) = (stored.difference(&listed).collect(), listed.difference(&stored).collect());
    assert!(new.is_empty() && gone.is_empty(), "docs/privacy.md lacks {new:#?}, and has {gone:#?}");
}
