//! Real processes, killed under load, and several nodes over one PostgreSQL.
