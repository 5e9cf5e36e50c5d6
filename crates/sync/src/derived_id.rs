//! Ids that follow from what they name, so that the same thing noticed twice is one thing.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// A UUID (version 8, RFC 9562) from the SHA-256 of the parts, each preceded by its length.
pub fn derived_id(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_id_and_others_another() {
        assert_eq!(derived_id(&[b"a", b"bc"]), derived_id(&[b"a", b"bc"]));
        assert_ne!(derived_id(&[b"a", b"bc"]), derived_id(&[b"ab", b"c"]));
    }
}
