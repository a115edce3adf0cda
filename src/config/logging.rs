//! Settings of the log.

use clap::{Args, ValueEnum};

use super::values;

/// Settings of the log.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logging")]
pub struct Logging {
    /// Lines for people, or JSON for programs.
    #[arg(long, env = "STAYGATE_LOG_FORMAT", value_name = "FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,

    /// What is logged: error, warn, info, debug or trace, or per module, such as
    /// "info,staygate::store=debug".
    #[arg(long, env = "STAYGATE_LOG", value_name = "LEVEL", default_value = "info", global = true, value_parser = values::log_level)]
    pub log_level: String,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}
