//! Metrics of this process from the operating system.

use std::fs;

use telemetry::{Metric, Samples};

/// Clock ticks per second in `/proc`: the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The metrics that can be read; none on a system without `/proc`.
pub(super) fn metrics() -> Vec<Metric> {
    [memory(), processor_time(), open_files()].into_iter().flatten().collect()
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^52 bytes")]
fn memory() -> Option<Metric> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(Metric::gauge("resident_memory_bytes", "Memory that the process uses", (kibibytes * 1024) as f64))
}

fn processor_time() -> Option<Metric> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program is in parentheses and may contain spaces.
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let samples = Samples::Sums(vec![(Vec::new(), (user + system) / TICKS_PER_SECOND)]);
    Some(Metric { name: "cpu_seconds", help: "Processor time that the process has used", samples })
}

fn open_files() -> Option<Metric> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(Metric::count_gauge("open_fds", "Files and sockets that the process has open", open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn all_metrics_of_this_process_are_positive() {
        let metrics = metrics();
        assert_eq!(metrics.len(), 3);
        for metric in metrics {
            match &metric.samples {
                Samples::Gauges(gauges) => assert!(gauges[0].1 > 0.0, "{metric:?}"),
                Samples::Sums(sums) => assert!(sums[0].1 >= 0.0, "{metric:?}"),
                _ => panic!("{metric:?}"),
            }
        }
    }
}
