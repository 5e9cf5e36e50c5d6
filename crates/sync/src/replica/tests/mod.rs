//! The replica against a naive server: stories, frozen bytes, properties.
