//! The targets of log lines and spans, by which filters select them.

/// The target of the access log: one line for each operation.
pub const ACCESS: &str = "staygate::access";

/// The target of security events: who signed in, who was refused, and why.
pub const SECURITY: &str = "staygate::security";

/// The target of the spans that are exported as traces. They contain names, but no values.
pub const TRACE: &str = "staygate::trace";

/// Whether the current span is part of a trace; only then are spans created for its steps. This is
/// not `tracing::enabled!`: with filters per layer, calling that suppresses the next log line of
/// the thread.
pub fn is_traced() -> bool {
    tracing::Span::current().metadata().is_some_and(|span| span.target() == TRACE)
}
