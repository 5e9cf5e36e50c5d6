//! Cursors and lineage (protocol, section 6): where a reader stands, and whether that place still exists.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Datelike, NaiveDate};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;

use crate::planted::{Bug, planted};
use crate::record::Seq;

/// From `from_seq` on, the stream was written by a process that drew `nonce`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// First seq covered; the next entry's `from_seq` ends it.
    pub from_seq: Seq,
    /// Drawn at random when that process first wrote to the stream.
    pub nonce: Uuid,
}

/// What a person may see of a stream, reduced to a number; another number, another grant.
pub type Grant = u64;

/// What a cursor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The stream.
    pub stream: SchoolId,
    /// Everything up to here has been applied.
    pub seq: Seq,
    /// What the reader was allowed to see.
    pub grant: Grant,
    /// Visits before this date are left out.
    pub from: Option<NaiveDate>,
    /// Where the stream stood when the page was made; `seq` where the page was the last. What had moved above `seq` by
    /// then was left out, to be said further on: on a server that was restored it may stand below again.
    pub head: Seq,
    /// The lineage that covered `head`; nil for 0.
    pub nonce: Uuid,
    /// The schema the reader knew.
    pub schema: u32,
    /// The stream's head when the reader began from zero; what was gone by then he never had.
    pub began: Seq,
}

/// Why a cursor is refused: 410 `cursor-invalid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorFault {
    /// The server was restored from a backup; what the cursor covered is gone.
    #[error("the server was restored; this cursor comes from a past it no longer has")]
    Fork,
    /// The person may now see more, or less.
    #[error("what you may see of this stream has changed")]
    Grant,
    /// Not one of this server's cursors, or of another schema.
    #[error("this cursor is not valid here any more")]
    Expired,
}

const LENGTH: usize = 56;
/// Of `began`, and of `head` after it: there only where they say something, and older cursors have none.
const BEGAN: usize = 8;
const HEAD: usize = 8;
const TAG: usize = 16;

impl Cursor {
    /// The opaque text, authenticated with `key`.
    pub fn seal(&self, key: &[u8]) -> String {
        let Self { stream, seq, grant, from, head, nonce, schema, began } = *self;
        let mut bytes = Vec::with_capacity(LENGTH + BEGAN + HEAD + TAG);
        bytes.extend(stream.into_uuid().into_bytes());
        bytes.extend(seq.to_be_bytes());
        bytes.extend(grant.to_be_bytes());
        bytes.extend(from.map_or(0, |date| date.num_days_from_ce()).to_be_bytes());
        bytes.extend(schema.to_be_bytes());
        bytes.extend(nonce.into_bytes());
        if began != 0 || head != seq {
            bytes.extend(began.to_be_bytes());
        }
        if head != seq {
            bytes.extend(head.to_be_bytes());
        }
        bytes.extend(tag(key, &bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor back; anything this server did not seal is `Expired`.
    pub fn open(text: &str, key: &[u8]) -> Result<Self, CursorFault> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorFault::Expired)?;
        let lengths = [LENGTH, LENGTH + BEGAN, LENGTH + BEGAN + HEAD];
        let length = bytes.len().checked_sub(TAG).filter(|length| lengths.contains(length));
        let (body, sealed) =
            length.and_then(|length| bytes.split_at_checked(length)).ok_or(CursorFault::Expired)?;
        if mac(key, body).verify_truncated_left(sealed).is_err() {
            return Err(CursorFault::Expired);
        }
        let mut rest = body;
        let stream = SchoolId::from_uuid(Uuid::from_bytes(take(&mut rest)?));
        let seq = Seq::from_be_bytes(take(&mut rest)?);
        let grant = Grant::from_be_bytes(take(&mut rest)?);
        let from = i32::from_be_bytes(take(&mut rest)?);
        let from = NaiveDate::from_num_days_from_ce_opt(from).filter(|_| from != 0);
        let schema = u32::from_be_bytes(take(&mut rest)?);
        let nonce = Uuid::from_bytes(take(&mut rest)?);
        let began = if rest.is_empty() { 0 } else { Seq::from_be_bytes(take(&mut rest)?) };
        let head = if rest.is_empty() { seq } else { Seq::from_be_bytes(take(&mut rest)?) };
        Ok(Self { stream, seq, grant, from, head, nonce, schema, began })
    }

    /// Whether the place it names is still there for this reader.
    pub fn check(
        &self,
        stream: SchoolId,
        grant: Grant,
        lineage: &[Lineage],
        head: Seq,
    ) -> Result<(), CursorFault> {
        if self.stream != stream {
            return Err(CursorFault::Expired);
        }
        if self.seq.max(self.head) > head || self.nonce != nonce_covering(lineage, self.head) {
            return Err(CursorFault::Fork);
        }
        if self.grant != grant && !planted(Bug::GrantIgnored) {
            return Err(CursorFault::Grant);
        }
        Ok(())
    }
}

/// The nonce that covers a seq; nil for a stream nobody has written to. `lineage` ascends by `from_seq`.
pub fn nonce_covering(lineage: &[Lineage], seq: Seq) -> Uuid {
    if seq == 0 {
        return Uuid::nil();
    }
    lineage.iter().rev().find(|entry| entry.from_seq <= seq).map_or(Uuid::nil(), |entry| entry.nonce)
}

fn mac(key: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(body);
    mac
}

fn tag(key: &[u8], body: &[u8]) -> Vec<u8> {
    let full = mac(key, body).finalize().into_bytes();
    full.iter().take(TAG).copied().collect()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], CursorFault> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(CursorFault::Expired)?;
    *rest = tail;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"key";

    fn cursor(seq: Seq, nonce: u128) -> Cursor {
        Cursor {
            stream: SchoolId::from_uuid(Uuid::from_u128(1)),
            seq,
            grant: 7,
            from: NaiveDate::from_ymd_opt(2026, 9, 1),
            head: seq,
            nonce: Uuid::from_u128(nonce),
            schema: 1,
            began: 400,
        }
    }

    #[test]
    fn a_sealed_cursor_opens_to_what_it_was() {
        for (began, head) in [(0, 412), (400, 412), (0, 500), (400, 500)] {
            let cursor = Cursor { head, began, ..cursor(412, 9) };

            assert_eq!(Cursor::open(&cursor.seal(KEY), KEY), Ok(cursor));
        }
    }

    #[test]
    fn a_cursor_of_an_older_server_opens() {
        let sealed = "AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAAAAC0oUAAAAAQAAAAAAAAAAAAAAAAAAAAFF9X3Ikt86Gtjf-ggy2k-P";

        let opened = Cursor::open(sealed, b"naive");

        assert_eq!(opened.map(|cursor| (cursor.seq, cursor.began, cursor.head)), Ok((2, 0, 2)));
    }

    #[test]
    fn an_altered_cursor_does_not_open() {
        let sealed = cursor(412, 9).seal(KEY);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            if altered != sealed {
                assert_eq!(Cursor::open(&altered, KEY), Err(CursorFault::Expired), "byte {at}");
            }
        }
        assert_eq!(Cursor::open(&sealed, b"another key"), Err(CursorFault::Expired));
        assert_eq!(Cursor::open("", KEY), Err(CursorFault::Expired));
    }

    #[test]
    fn a_cursor_from_the_lost_future_is_known_even_when_the_head_has_passed_it() {
        let restored = [
            Lineage { from_seq: 1, nonce: Uuid::from_u128(1) },
            Lineage { from_seq: 301, nonce: Uuid::from_u128(2) },
        ];
        let stream = cursor(0, 0).stream;
        let check = |seq, nonce| cursor(seq, nonce).check(stream, 7, &restored, 900);

        assert_eq!(check(300, 1), Ok(()));
        assert_eq!(check(301, 2), Ok(()));
        assert_eq!(
            check(500, 1),
            Err(CursorFault::Fork),
            "covered by the first process only in the lost future"
        );
        assert_eq!(check(500, 3), Err(CursorFault::Fork), "the nonce is lost");
        assert_eq!(check(901, 2), Err(CursorFault::Fork), "ahead of the head");
        let page = |head, nonce| Cursor { head, ..cursor(200, nonce) }.check(stream, 7, &restored, 900);
        assert_eq!(page(300, 1), Ok(()), "what had moved above it by then stands there still");
        assert_eq!(page(500, 1), Err(CursorFault::Fork), "what had moved above it may be back below");
        assert_eq!(page(901, 2), Err(CursorFault::Fork), "the page was made ahead of the head");
        assert_eq!(check(0, 0), Ok(()), "nothing read yet is always true");
    }

    #[test]
    fn a_changed_grant_refuses_the_cursor() {
        let lineage = [Lineage { from_seq: 1, nonce: Uuid::from_u128(1) }];
        let cursor = cursor(1, 1);

        assert_eq!(cursor.check(cursor.stream, 8, &lineage, 1), Err(CursorFault::Grant));
    }
}
