//! One database server for all tests of a run, with a separate database for every test.
//!
//! The server is a private one on a memory disk, which vanishes with the run, unless `TEST_DATABASE_URL` or
//! `DATABASE_URL` names one whose user may create databases.

use super::{app::TestApp, run};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use mysql_engine::embedded::{Durability, Embedded};
use mysql_engine::{Conn, Database, Options};
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{LazyLock, mpsc};
use store::migrate;
use tokio::sync::{mpsc as tokio_mpsc, oneshot};

/// A migrated database, empty of data, dropped at the end of its test.
pub struct TestDatabase {
    /// The URL, for tests with their own connections.
    pub url: String,
    /// A pool of connections to it.
    pub database: Database,
    name: String,
}

impl TestDatabase {
    /// A new one with the default options.
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// A new one with these options of the pool.
    pub async fn with(options: Options) -> Self {
        let (reply, made) = oneshot::channel();
        SERVER.jobs.send(Job::Create(reply)).expect("the server's thread lives as long as the process");
        let name = made.await.expect("a database for this test");
        let url = url_of(&SERVER.url, &name);
        let database = Database::connect(&url, options).await.expect("a connection to the test's database");
        Self { url, database, name }
    }

    /// A connection.
    pub async fn conn(&self) -> Conn {
        self.database.conn().await.expect("a connection")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.database.close();
        let (reply, dropped) = mpsc::channel();
        if SERVER.jobs.send(Job::Drop(self.name.clone(), reply)).is_ok() {
            // An error means that the thread panicked, which it has reported.
            let _ = dropped.recv();
        }
    }
}

/// Whether the tests' server is MariaDB, and not MySQL.
pub async fn is_mariadb(conn: &mut Conn) -> bool {
    let version = mysql_engine::version::check(conn).await.expect("a version");
    version.to_string().starts_with("MariaDB")
}

/// The table of the server's connections. MySQL's older one fails on ids in the statements of any of them.
pub async fn processes(conn: &mut Conn) -> &'static str {
    if is_mariadb(conn).await { "information_schema.PROCESSLIST" } else { "performance_schema.processlist" }
}

/// The URL of a database on the tests' server that does not exist.
pub fn unused_url() -> String {
    url_of(&SERVER.url, &fresh_name())
}

/// Drops what [`unused_url`] named.
pub fn discard(url: &str) {
    let name = url.split('?').next().and_then(|path| path.rsplit('/').next()).expect("a name in the URL");
    let (reply, dropped) = mpsc::channel();
    SERVER.jobs.send(Job::Drop(name.to_owned(), reply)).expect("the server's thread");
    dropped.recv().expect("the database is dropped");
}

/// `base` with another database's name.
fn url_of(base: &str, name: &str) -> String {
    let (path, query) = base.split_once('?').map_or((base, None), |(path, query)| (path, Some(query)));
    let (scheme, rest) = path.split_once("://").expect("a URL with a scheme");
    let host = rest.split('/').next().unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}://{host}/{name}{query}")
}

fn fresh_name() -> String {
    format!("staygate_test_{:016x}", RandomState::new().build_hasher().finish())
}

enum Job {
    Create(oneshot::Sender<String>),
    Drop(String, mpsc::Sender<()>),
}

struct Server {
    url: String,
    jobs: tokio_mpsc::UnboundedSender<Job>,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let (jobs, inbox) = tokio_mpsc::unbounded_channel();
    let (ready, url) = mpsc::channel();
    // A separate thread and runtime: those of the first test end with it.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(serve(inbox, ready));
    });
    Server { url: url.recv().expect("the tests' database server starts"), jobs }
});

/// The server that the environment names, or a private one, which ends when it is dropped.
pub async fn start() -> (String, Option<Embedded>) {
    if let Ok(url) = std::env::var("TEST_DATABASE_URL").or_else(|_| std::env::var("DATABASE_URL")) {
        return (url, None);
    }
    let folder = tempfile::Builder::new().prefix("staygate-test-").tempdir_in(run::memory()).expect("a folder").keep();
    let server = Embedded::start(&folder, staygate::config::DATABASE_NAME, Durability::Throwaway)
        .await
        .expect("a private database server");
    (server.url().to_owned(), Some(server))
}

async fn serve(mut inbox: tokio_mpsc::UnboundedReceiver<Job>, ready: mpsc::Sender<String>) {
    let (template, _server) = match run::template() {
        Some(template) => (template, None),
        None => {
            let (url, server) = start().await;
            (Template::make(&url).await, server)
        }
    };
    ready.send(template.url.clone()).expect("the first test waits for this");
    let admin = Database::connect(&template.url, Options { pool_size: 2, ..Options::default() }).await;
    let admin = admin.expect("a connection for housekeeping");
    while let Some(job) = inbox.recv().await {
        let mut conn = admin.conn().await.expect("a connection for housekeeping");
        match job {
            Job::Create(reply) => {
                let name = fresh_name();
                conn.batch_execute(&template.copy_as(&name)).await.expect("a copy of the template");
                // The test may have been aborted meanwhile.
                let _ = reply.send(name);
            }
            Job::Drop(name, reply) => {
                let drop = format!("SET lock_wait_timeout = 10; DROP DATABASE IF EXISTS `{name}`");
                conn.batch_execute(&drop).await.expect("the test's database is dropped");
                let _ = reply.send(());
            }
        }
    }
}

/// A migrated database, remembered as the statements that make another one: several times faster than the migrations.
#[derive(Serialize, Deserialize)]
pub struct Template {
    url: String,
    name: String,
    tables: Vec<Table>,
}

#[derive(Serialize, Deserialize)]
struct Table {
    name: String,
    create: String,
    columns: String,
}

/// A row of a statement that finds names.
#[derive(QueryableByName)]
pub struct Name {
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// The row of `SHOW CREATE TABLE`.
#[derive(QueryableByName)]
pub struct CreateTable {
    #[diesel(sql_type = Text, column_name = "Create Table")]
    pub text: String,
}

impl Template {
    /// One on a server.
    pub async fn make(server: &str) -> Self {
        let name = fresh_name();
        let url = url_of(server, &name);
        migrate::up(&url).await.expect("the migrations run");
        let database = Database::connect(&url, Options { pool_size: 1, ..Options::default() }).await.expect("a pool");
        let mut conn = database.conn().await.expect("a connection");
        conn.batch_execute("SET group_concat_max_len = 65536").await.expect("a setting");
        let others = "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND \
                      TABLE_TYPE <> 'BASE TABLE' UNION ALL SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE \
                      TRIGGER_SCHEMA = DATABASE()";
        let others: Vec<Name> = diesel::sql_query(others).load(&mut conn).await.expect("a list");
        assert!(others.is_empty(), "views and triggers are not copied yet: teach `Template` to");
        let tables = "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";
        let names: Vec<Name> = diesel::sql_query(tables).load(&mut conn).await.expect("a list");
        let mut tables = Vec::new();
        for Name { name } in names {
            let show = format!("SHOW CREATE TABLE `{name}`");
            let create: CreateTable = diesel::sql_query(show).get_result(&mut conn).await.expect("a table's text");
            // Generated columns make themselves.
            let columns = "SELECT GROUP_CONCAT(CONCAT('`', COLUMN_NAME, '`')) AS name FROM information_schema.COLUMNS WHERE \
                           TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COALESCE(GENERATION_EXPRESSION, '') = ''";
            let columns = diesel::sql_query(columns).bind::<Text, _>(&name);
            let columns: Name = columns.get_result(&mut conn).await.expect("a table's columns");
            tables.push(Table { name, create: create.text, columns: columns.name });
        }
        Self { url, name, tables }
    }

    fn copy_as(&self, name: &str) -> String {
        let mut sql = format!(
            "CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci; USE `{name}`; \
             SET foreign_key_checks = 0;"
        );
        for table in &self.tables {
            sql.push_str(&table.create);
            sql.push(';');
        }
        for Table { name: table, columns, .. } in &self.tables {
            sql.push_str(&format!(
                "INSERT INTO `{table}` ({columns}) SELECT {columns} FROM `{}`.`{table}`;",
                self.name
            ));
        }
        sql.push_str(&format!("SET foreign_key_checks = 1; USE `{}`", self.name));
        sql
    }
}

/// Every row of every table that has texts: the texts, in one line.
pub async fn strings(app: &TestApp) -> Vec<String> {
    let conn = &mut app.conn().await;
    let columns = "SELECT CONCAT('SELECT CONCAT_WS(\\'|\\', ', GROUP_CONCAT(CONCAT('CONVERT(`', COLUMN_NAME, '` USING utf8mb4)')), \
                   ') AS name FROM `', TABLE_NAME, '`') AS name FROM information_schema.COLUMNS WHERE \
                   TABLE_SCHEMA = DATABASE() AND DATA_TYPE IN ('varchar', 'char', 'text', 'mediumtext', 'longtext', 'json') \
                   GROUP BY TABLE_NAME";
    conn.batch_execute("SET SESSION group_concat_max_len = 65536").await.expect("a setting");
    let queries: Vec<Name> = diesel::sql_query(columns).load(conn).await.expect("the columns");
    let mut rows = Vec::new();
    for Name { name: query } in queries {
        let found: Vec<Name> = diesel::sql_query(query).load(conn).await.expect("the rows");
        rows.extend(found.into_iter().map(|row| row.name));
    }
    rows
}
