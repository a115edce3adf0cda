//! What the operating system knows of this process.

use std::fs;

use telemetry::{Measure, Readings};

/// The clock ticks of a second in `/proc`: the same on every Linux.
const TICKS: f64 = 100.0;

/// What can be read. A system without `/proc` has none of it.
pub(super) fn measures() -> Vec<Measure> {
    [memory(), processor_time(), files()].into_iter().flatten().collect()
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^52 bytes")]
fn memory() -> Option<Measure> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(Measure::level("resident_memory_bytes", "Memory that the process uses", (kibibytes * 1024) as f64))
}

fn processor_time() -> Option<Measure> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program stands in parentheses and may hold spaces.
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let readings = Readings::Sums(vec![(Vec::new(), (user + system) / TICKS)]);
    Some(Measure { name: "cpu_seconds", help: "Processor time that the process has used", readings })
}

fn files() -> Option<Measure> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(Measure::number("open_fds", "Files and sockets that the process has open", open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_something_of_everything() {
        let measures = measures();
        assert_eq!(measures.len(), 3);
        for measure in measures {
            match &measure.readings {
                Readings::Levels(levels) => assert!(levels[0].1 > 0.0, "{measure:?}"),
                Readings::Sums(sums) => assert!(sums[0].1 >= 0.0, "{measure:?}"),
                _ => panic!("{measure:?}"),
            }
        }
    }
}
