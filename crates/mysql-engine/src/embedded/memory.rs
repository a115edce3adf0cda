//! How much memory the private server may use.

use std::fs;

/// The default of the server itself, also used when the available memory is unknown.
const MIN_BYTES: u64 = 128 << 20;
const MAX_BYTES: u64 = 8 << 30;

/// The default size of the buffer pool, in bytes: a quarter of the memory that this process may
/// use, from 128 MiB to 8 GiB. The server allocates it only as data fills it.
pub(super) fn default_buffer_pool() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| parse_total(&text));
    // The limit of a container.
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    buffer_pool(machine, limit)
}

fn buffer_pool(machine: Option<u64>, limit: Option<u64>) -> u64 {
    let available = machine.into_iter().chain(limit).min();
    available.map_or(MIN_BYTES, |bytes| (bytes / 4).clamp(MIN_BYTES, MAX_BYTES))
}

/// The memory of the machine according to `/proc/meminfo`, in bytes.
fn parse_total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_pool_is_a_quarter_of_the_memory_within_bounds() {
        const GIB: u64 = 1 << 30;
        assert_eq!(buffer_pool(None, None), MIN_BYTES);
        assert_eq!(buffer_pool(Some(16 * GIB), None), 4 * GIB);
        assert_eq!(buffer_pool(Some(16 * GIB), Some(2 * GIB)), GIB / 2);
        assert_eq!(buffer_pool(Some(16 * GIB), Some(1 << 60)), 4 * GIB);
        assert_eq!((buffer_pool(Some(GIB / 4), None), buffer_pool(Some(256 * GIB), None)), (MIN_BYTES, MAX_BYTES));
    }

    #[test]
    fn the_total_is_read_in_kibibytes() {
        assert_eq!(parse_total("MemTotal:       24690396 kB\nMemFree: 1 kB\n"), Some(24_690_396 * 1024));
        assert_eq!(parse_total("MemFree: 1 kB\n"), None);
    }
}
