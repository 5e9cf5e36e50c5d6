//! JSON read strictly: what it reads, everybody reads so; what it refuses has a reason.

use serde_json::Value;
use xunke_sync::strict_json::{composed, members, parse};

/// What must hold for any bytes.
pub(crate) fn holds(bytes: &[u8]) {
    let depth = bytes.len() % 40;
    let lenient = serde_json::from_slice::<Value>(bytes);
    match parse(bytes, depth) {
        Ok(value) => {
            let lenient = lenient.expect("what is read strictly is JSON");
            assert_eq!(composed(lenient, depth).as_ref(), Some(&value), "it says what it says");
            assert_eq!(composed(value.clone(), depth).as_ref(), Some(&value));
            assert!(deep(&value) <= depth && !has_nul(&value));
            let text = value.to_string();
            assert_eq!(parse(text.as_bytes(), depth), Ok(value));
        }
        Err(flaw) => {
            assert!(flaw.pointer.is_empty() || flaw.pointer.starts_with('/'), "{flaw:?}");
            if let Ok(value) = lenient {
                // What a name says twice hides what else is wrong with the first.
                let twice = parse(bytes, bytes.len()).is_err_and(|flaw| flaw.detail.contains("twice"));
                assert!(
                    deep(&value) > depth || has_nul(&value) || twice,
                    "refused without a reason: {flaw:?}"
                );
            }
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(members) = members(text, "")
    {
        let parts = members.iter().map(|(name, raw)| format!("{}:{}", Value::from(name.as_str()), raw.get()));
        let joined = format!("{{{}}}", parts.collect::<Vec<_>>().join(","));
        assert_eq!(
            serde_json::from_str::<Value>(&joined).ok(),
            serde_json::from_str::<Value>(text).ok(),
            "nothing of an object is left out"
        );
    }
}

fn deep(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(deep).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(deep).max().unwrap_or(0),
        _ => 0,
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}
