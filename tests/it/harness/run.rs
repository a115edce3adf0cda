//! One database server for a whole run of `cargo nextest`, which runs each test in a separate process.
//!
//! The process that first needs a database starts the keeper: this program again, with one test that holds the server until
//! nextest has ended. The others wait for it.

use std::{
    fs::{self, File},
    os::unix::process::{CommandExt as _, parent_id},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::database::{Template, start};

/// The folder of a run, for its keeper.
const FOLDER: &str = "STAYGATE_TEST_RUN";
/// The process id of nextest, for the keeper.
const RUNNER: &str = "STAYGATE_TEST_RUNNER";

/// A folder in memory, where there is one.
pub fn memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

/// The template of this run, or nothing where one process runs all tests.
pub fn template() -> Option<Template> {
    let run = std::env::var("NEXTEST_RUN_ID").ok()?;
    let folder = memory().join(format!("staygate-run-{run}"));
    fs::create_dir_all(&folder).expect("a folder for this run");
    let ready = folder.join("template.json");
    let lock = File::create(folder.join("lock")).expect("a lock of this run");
    lock.lock().expect("one process at a time");
    if !ready.exists() {
        start_keeper(&folder, &ready);
    }
    Some(serde_json::from_slice(&fs::read(ready).expect("a template")).expect("a template in JSON"))
}

#[expect(clippy::zombie_processes, reason = "the keeper outlives the process that starts it")]
fn start_keeper(folder: &Path, ready: &Path) {
    let log = File::create(folder.join("keeper.log")).expect("a log");
    let mut keeper = Command::new(std::env::current_exe().expect("this program"));
    keeper.args(["harness::run::keeper", "--exact", "--ignored", "--nocapture"]);
    keeper.env(FOLDER, folder).env(RUNNER, parent_id().to_string());
    // It outlives the test that started it, so it has nothing of that test's: neither output nor group of processes.
    keeper.stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log).process_group(0);
    let mut keeper = keeper.spawn().expect("the keeper starts");
    while !ready.exists() {
        if let Some(status) = keeper.try_wait().expect("the keeper's status") {
            let log = fs::read_to_string(folder.join("keeper.log")).unwrap_or_default();
            panic!("the tests' database server did not start: {status}\n{log}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Holds the server of a run of nextest. Without such a run it does nothing.
#[tokio::test]
#[ignore = "the tests start it themselves"]
async fn keeper() {
    let (Some(folder), Ok(runner)) = (std::env::var_os(FOLDER), std::env::var(RUNNER)) else { return };
    let folder = PathBuf::from(folder);
    let (url, _server) = start().await;
    let template = Template::make(&url).await;
    // Renamed, so that it is whole where it is seen.
    let unfinished = folder.join("template.new");
    fs::write(&unfinished, serde_json::to_vec(&template).unwrap()).unwrap();
    fs::rename(unfinished, folder.join("template.json")).unwrap();
    let wait = "while kill -0 \"$1\" 2>/dev/null; do sleep 1; done";
    tokio::process::Command::new("/bin/sh").args(["-c", wait, "wait", &runner]).status().await.unwrap();
    fs::remove_dir_all(folder).unwrap();
}
