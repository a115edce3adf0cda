//! The names under which parts of the log and of the traces can be turned on and off.

/// The target of the access log: one line for each operation.
pub const ACCESS: &str = "staygate::access";

/// The target of security events: who signed in, who was refused, and why.
pub const SECURITY: &str = "staygate::security";

/// The target of the spans that are exported as traces. They carry names and never values.
pub const TRACE: &str = "staygate::trace";

/// Whether what happens now belongs to a trace: only then are there spans for its parts. Not `tracing::enabled!`: where layers have filters
/// of their own, asking it silences the next line of the thread.
pub fn is_traced() -> bool {
    tracing::Span::current().metadata().is_some_and(|span| span.target() == TRACE)
}
