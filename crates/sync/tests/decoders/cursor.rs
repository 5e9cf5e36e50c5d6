//! Cursors: only what this server sealed opens, and it opens to what it was.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{Datelike as _, NaiveDate};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_sync::cursor::{Cursor, CursorFault, Lineage, nonce_covering};

const KEY: &[u8] = b"a key of this test";

/// What must hold for any bytes.
pub(crate) fn holds(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(Cursor::open(text, KEY), Err(CursorFault::Expired), "nobody guesses a seal");
    }
    opens_whatever_lies_under_a_seal(bytes);
    let mut bytes = Bytes(bytes);
    let cursor = cursor(&mut bytes);
    let sealed = cursor.seal(KEY);
    assert_eq!(Cursor::open(&sealed, KEY), Ok(cursor));
    assert_eq!(Cursor::open(&sealed, b"another"), Err(CursorFault::Expired));
    altered(&sealed, &mut bytes);
    checked(&cursor, &mut bytes);
}

/// With the key in hand any body can be sealed, such as one of another version.
fn opens_whatever_lies_under_a_seal(body: &[u8]) {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("HMAC takes keys of any length");
    mac.update(body);
    let tag = mac.finalize().into_bytes();
    let sealed = URL_SAFE_NO_PAD.encode([body, tag.get(..16).expect("a tag has 32 bytes")].concat());
    match Cursor::open(&sealed, KEY) {
        Ok(cursor) => assert_eq!(Cursor::open(&cursor.seal(KEY), KEY), Ok(cursor)),
        Err(fault) => assert_eq!(fault, CursorFault::Expired),
    }
}

fn altered(sealed: &str, bytes: &mut Bytes<'_>) {
    let at = usize::from(bytes.byte()) % sealed.len();
    let by = bytes.byte();
    let mut altered = sealed.as_bytes().to_vec();
    if let Some(place) = altered.get_mut(at) {
        *place ^= by;
    }
    if let Ok(altered) = String::from_utf8(altered)
        && altered != sealed
    {
        assert_eq!(Cursor::open(&altered, KEY), Err(CursorFault::Expired));
    }
}

/// A cursor is valid if its past is here; told in the slow way.
fn checked(cursor: &Cursor, bytes: &mut Bytes<'_>) {
    let mut lineage = Vec::new();
    let mut from_seq = 1;
    for _ in 0..bytes.byte() % 4 {
        lineage.push(Lineage { from_seq, nonce: Uuid::from_u128((bytes.byte() % 4).into()) });
        from_seq += 1 + i64::from(bytes.byte());
    }
    let head = i64::from(bytes.byte());
    let mut near = Cursor { seq: i64::from(bytes.byte()), ..*cursor };
    near.head = near.seq + i64::from(bytes.byte() % 4);
    if bytes.byte().is_multiple_of(2) {
        near.nonce = nonce_covering(&lineage, near.head);
    }
    let covering =
        (1..=near.head).filter_map(|seq| lineage.iter().find(|entry| entry.from_seq == seq)).next_back();
    let expected = if near.head > head || near.nonce != covering.map_or(Uuid::nil(), |entry| entry.nonce) {
        Err(CursorFault::Fork)
    } else {
        Ok(())
    };
    assert_eq!(near.check(near.stream, near.grant, &lineage, head), expected);
    let other = SchoolId::from_uuid(Uuid::from_u128(near.stream.into_uuid().as_u128() ^ 1));
    assert_eq!(near.check(other, near.grant, &lineage, head), Err(CursorFault::Expired));
    let changed = near.check(near.stream, near.grant ^ 1, &lineage, head);
    assert_eq!(changed, expected.and(Err(CursorFault::Grant)));
}

fn cursor(bytes: &mut Bytes<'_>) -> Cursor {
    // A date that counts as day 0 cannot be told from none; it is before every school.
    let from = NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(bytes.take()))
        .filter(|date| date.num_days_from_ce() != 0);
    Cursor {
        stream: SchoolId::from_uuid(Uuid::from_bytes(bytes.take())),
        seq: i64::from_be_bytes(bytes.take()),
        grant: u64::from_be_bytes(bytes.take()),
        from,
        nonce: Uuid::from_bytes(bytes.take()),
        schema: u32::from_be_bytes(bytes.take()),
        began: i64::from_be_bytes(bytes.take()),
        head: i64::from_be_bytes(bytes.take()),
    }
}

/// Bytes read off the front; zeros once there are no more.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        for place in &mut taken {
            if let Some((first, rest)) = self.0.split_first() {
                (*place, self.0) = (*first, rest);
            }
        }
        taken
    }
}
