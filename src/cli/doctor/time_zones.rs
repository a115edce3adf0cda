//! Which time zone rules the server would use.

use super::Report;
use crate::config::Config;
use providers::tzdata::Tzdata;
use types::Timestamp;

const WHAT: &str = "time zones";

/// Whether the rules can be read, and are new enough.
pub(super) fn check(report: &mut Report, config: &Config, now: Timestamp) {
    let tzdata = match Tzdata::open(config.booking.tzdata_dir.as_deref()) {
        Ok(tzdata) => tzdata,
        Err(error) => {
            let advice = "choose another folder with --tzdata-dir, or omit it to use the system's rules";
            return report.note(WHAT, Err(anyhow::anyhow!("{error}: {advice}")));
        }
    };
    let zones = tzdata.current();
    let found = format!("rules {zones}, {} days old", zones.age_in_days(now));
    if zones.is_stale(now) {
        report.warn(WHAT, &format!("{found}: they may be outdated. Update the package tzdata, or this program"));
    } else {
        report.note(WHAT, Ok(found));
    }
}
