//! Checks the time zone rules.

use super::Report;
use crate::config::Config;
use providers::tzdata::Tzdata;
use types::Timestamp;

const CHECK: &str = "time zones";

/// Whether the rules can be read, and are recent enough.
pub(super) fn check(report: &mut Report, config: &Config, now: Timestamp) {
    let tzdata = match Tzdata::open(config.booking.tzdata_dir.as_deref()) {
        Ok(tzdata) => tzdata,
        Err(error) => {
            let advice = "choose another folder with --tzdata-dir, or omit it to use the system's rules";
            return report.add(CHECK, Err(anyhow::anyhow!("{error}: {advice}")));
        }
    };
    let zones = tzdata.current();
    let found = format!("rules {zones}, {} days old", zones.age_in_days(now));
    if zones.is_stale(now) {
        report.warn(CHECK, &format!("{found}: they may be outdated. Update the package tzdata, or this program"));
    } else {
        report.add(CHECK, Ok(found));
    }
}
