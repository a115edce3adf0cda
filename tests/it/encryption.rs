//! TLS to the database: the connection is as the URL requires, and servers with a wrong certificate are refused.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use diesel_async::SimpleAsyncConnection;
use mysql_engine::{
    Database, DatabaseError, Options,
    embedded::{Durability, Embedded},
    migrate, version,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::harness::{
    server::{Server, TIMEOUT},
    wire,
};

/// A certificate authority and its certificates.
struct Authority {
    folder: PathBuf,
    name: &'static str,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(folder: &Path, name: &'static str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        let authority = Self { folder: folder.to_path_buf(), name, issuer: Issuer::new(params, key) };
        std::fs::write(authority.path("ca.pem"), certificate.pem()).unwrap();
        authority
    }

    /// Signs a certificate for `hosts`, and keeps it and its key in files that begin with `file`.
    fn sign(&self, file: &str, hosts: &[&str]) {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, file);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.path(&format!("{file}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.path(&format!("{file}-key.pem")), key.serialize_pem()).unwrap();
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(format!("{}-{file}", self.name))
    }
}

/// A database server on a port. Ends with its test.
struct Secure {
    process: Child,
    port: u16,
}

impl Secure {
    /// Refuses connections without TLS; the server's own certificate is `file` of `authority`.
    async fn start(folder: &Path, program: &Path, authority: &Authority, file: &str) -> Self {
        let show = |path: PathBuf| path.display().to_string();
        let tls = [
            "--require-secure-transport=ON".to_owned(),
            format!("--ssl-ca={}", show(authority.path("ca.pem"))),
            format!("--ssl-cert={}", show(authority.path(&format!("{file}.pem")))),
            format!("--ssl-key={}", show(authority.path(&format!("{file}-key.pem")))),
        ];
        Self::with(folder, program, &tls).await
    }

    /// With the users `app` and `certified`, who needs a certificate too.
    async fn with(folder: &Path, program: &Path, settings: &[String]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let show = |path: PathBuf| path.display().to_string();
        let mut command = Command::new(program);
        command.args([
            "--no-defaults".to_owned(),
            format!("--datadir={}", show(folder.join("database"))),
            format!("--tmpdir={}", show(folder.join("tmp"))),
            format!("--socket={}", show(folder.join("tmp/secure.sock"))),
            format!("--pid-file={}", show(folder.join("tmp/secure.pid"))),
            format!("--log-error={}", show(folder.join("secure.log"))),
            format!("--port={port}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--skip-log-bin".to_owned(),
            "--user=root".to_owned(),
        ]);
        command.args(settings);
        if !program.ends_with("mariadbd") {
            command.arg("--mysqlx=OFF");
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let secure = Self { process: command.spawn().unwrap(), port };
        let up = async {
            while let Err(DatabaseError::Unreachable(_)) = Database::ping(&secure.url("app", "localhost", "")).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(TIMEOUT, up).await.expect("the database answers");
        secure
    }

    async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }

    fn url(&self, user: &str, host: &str, query: &str) -> String {
        format!("mysql://{user}:secret@{host}:{}/staygate{query}", self.port)
    }

    /// The protocol and cipher of a connection.
    async fn connect(&self, user: &str, host: &str, query: &str) -> Result<Option<String>, String> {
        let said = |error: DatabaseError| error.to_string();
        let options = Options { pool_size: 1, ..Options::default() };
        let database = Database::connect(&self.url(user, host, query), options).await.map_err(said)?;
        version::encryption(&mut database.conn().await.map_err(said)?).await.map_err(said)
    }

    async fn is_encrypted(&self, user: &str, host: &str, query: &str) {
        let used = self.connect(user, host, query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        assert!(used.as_deref().is_some_and(|used| used.starts_with("TLSv1.")), "{query}: {used:?}");
    }

    async fn refuses(&self, user: &str, host: &str, query: &str, said: &[&str]) {
        let error = self.connect(user, host, query).await.expect_err(query);
        assert!(said.iter().all(|said| error.contains(said)), "{query}: {error}");
        assert!(!error.contains("secret@"), "{error}");
    }
}

/// A folder with a database, its users, and the program that serves it.
async fn prepared() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    migrate::ensure_database(database.url()).await.unwrap();
    let pool = Database::connect(database.url(), Options::default()).await.unwrap();
    let users = "CREATE USER 'app'@'%' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO 'app'@'%'; \
                 CREATE USER 'certified'@'%' IDENTIFIED BY 'secret' REQUIRE X509; GRANT ALL ON *.* TO 'certified'@'%'";
    pool.conn().await.unwrap().batch_execute(users).await.unwrap();
    let program = std::fs::read_link(format!("/proc/{}/exe", database.pid().unwrap())).unwrap();
    pool.close();
    database.stop(TIMEOUT).await.unwrap();
    (folder, program)
}

/// S14: there was no TLS to the database at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_a_server_that_requires_tls_follow_the_url() {
    let (folder, program) = prepared().await;
    let (good, other) = (Authority::new(folder.path(), "good"), Authority::new(folder.path(), "other"));
    good.sign("server", &["localhost"]);
    good.sign("client", &["client"]);
    let secure = Secure::start(folder.path(), &program, &good, "server").await;
    let ca = |authority: &Authority, mode: &str| format!("?ssl-ca={}{mode}", authority.path("ca.pem").display());

    for plain in ["", "?ssl-mode=DISABLED"] {
        secure.refuses("app", "127.0.0.1", plain, &["requires TLS", "ssl-mode=VERIFY_IDENTITY"]).await;
    }
    // Any certificate is accepted.
    secure.is_encrypted("app", "127.0.0.1", "?ssl-mode=REQUIRED").await;
    secure.is_encrypted("app", "127.0.0.1", "?ssl_mode=preferred").await;
    // This machine does not trust the authority.
    secure.refuses("app", "localhost", "?ssl-mode=VERIFY_IDENTITY", &["no secure connection", "ssl-ca"]).await;
    secure.refuses("app", "localhost", "?require_ssl=true", &["no secure connection", "ssl-ca"]).await;

    secure.is_encrypted("app", "127.0.0.1", &ca(&good, "&ssl-mode=VERIFY_CA")).await;
    secure.is_encrypted("app", "127.0.0.1", &ca(&good, "&ssl-mode=REQUIRED")).await;
    for mode in ["&ssl-mode=VERIFY_CA", "&ssl-mode=REQUIRED", ""] {
        secure
            .refuses("app", "localhost", &ca(&other, mode), &["no secure connection", "its authority is not trusted"])
            .await;
    }
    for mode in ["&ssl-mode=VERIFY_IDENTITY", ""] {
        secure.is_encrypted("app", "localhost", &ca(&good, mode)).await;
        secure.refuses("app", "127.0.0.1", &ca(&good, mode), &["another host", "VERIFY_CA"]).await;
    }

    secure.refuses("certified", "localhost", &ca(&good, ""), &["Access denied"]).await;
    let identity =
        format!("&ssl-cert={}&ssl-key={}", good.path("client.pem").display(), good.path("client-key.pem").display());
    secure.is_encrypted("certified", "localhost", &ca(&good, &identity)).await;

    serves_over_tls(&secure.url("app", "localhost", &ca(&good, "&ssl-mode=VERIFY_IDENTITY"))).await;

    // Like MySQL's generated certificates, which have no host name.
    secure.stop().await;
    good.sign("nameless", &[]);
    let secure = Secure::start(folder.path(), &program, &good, "nameless").await;
    secure.is_encrypted("app", "127.0.0.1", &ca(&good, "&ssl-mode=VERIFY_CA")).await;
    secure.refuses("app", "localhost", &ca(&good, "&ssl-mode=VERIFY_IDENTITY"), &["another host"]).await;
    secure.refuses("app", "localhost", &ca(&other, "&ssl-mode=VERIFY_CA"), &["its authority is not trusted"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_refused_if_the_url_requires_tls() {
    let (folder, program) = prepared().await;
    let off = if program.ends_with("mariadbd") { "--skip-ssl" } else { "--tls-version=" };
    let plain = Secure::with(folder.path(), &program, &[off.to_owned()]).await;
    for mode in ["", "?ssl-mode=DISABLED", "?ssl-mode=PREFERRED"] {
        assert_eq!(plain.connect("app", "localhost", mode).await, Ok(None), "{mode}");
    }
    for mode in ["?ssl-mode=REQUIRED", "?ssl-mode=VERIFY_IDENTITY"] {
        plain.refuses("app", "localhost", mode, &["no secure connection", "does not support TLS"]).await;
    }
}

/// Migrations, pool and probe use TLS too, and the doctor reports it.
async fn serves_over_tls(url: &str) {
    let server = Server::on(url, "off").await;
    let search = wire::post(server.address(), "", "{ searchListings { totalCount } }", &json!({})).await.unwrap();
    assert_eq!(search.field()["totalCount"], 0);
    server.stop().await;
    let slow = Options { probe_after: Duration::from_millis(20), pool_size: 1, ..Options::default() };
    let database = Database::connect(url, slow).await.unwrap();
    database.conn().await.unwrap().batch_execute("DO SLEEP(0.5)").await.expect("its probe is answered");
    let doctor = Command::new(env!("CARGO_BIN_EXE_staygate"))
        .args(["doctor", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", url)
        .env("STAYGATE_JWT_SECRET", "test:0123456789abcdef0123456789abcdef")
        .output()
        .await
        .unwrap();
    let doctor = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.contains("encryption") && doctor.contains("TLSv1.") && doctor.contains("is verified"), "{doctor}");
}
