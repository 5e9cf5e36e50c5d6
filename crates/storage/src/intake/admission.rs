//! May this write be taken in? Rights are those at the time of the visit (protocol, section 4).

use chrono::{Days, NaiveDate, TimeZone as _};
use serde_json::Value;
use xunke_domain::fields::Fields;
use xunke_domain::flaw::Flaw;
use xunke_domain::ids::UserId;
use xunke_domain::people::{Membership, Place, Relation};
use xunke_domain::record_type::RecordType;
use xunke_domain::schema;
use xunke_sync::wire::push::{Arrived, Unreadable, Write};
use xunke_sync::wire::result::HeldReason;

use super::streams::Stream;
use crate::conflicts::ConflictSide;

/// Days after the end of a semester in which its visits may still be written.
const TERM_GRACE_DAYS: u64 = 30;

/// Who sends.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The person.
    pub account: UserId,
    /// All memberships, of all times.
    pub memberships: Vec<Membership>,
    /// Whether the device has been revoked.
    pub revoked: bool,
    /// Whether a principal has admitted the write: rights are not asked again, validity is.
    pub admitted: bool,
}

/// Why a write is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) reason: HeldReason,
    pub(super) flaw: Flaw,
}

fn held<T>(reason: HeldReason, pointer: &str, detail: impl Into<String>) -> Result<T, Held> {
    Err(Held { reason, flaw: Flaw::invalid(pointer, detail) })
}

/// Whether the sender is one to be listened to at all.
pub(super) fn listened_to(sender: &Sender) -> Result<(), Held> {
    if sender.revoked && !sender.admitted {
        return held(HeldReason::DeviceRevoked, "", "the device was revoked before this write arrived");
    }
    Ok(())
}

/// What a write says, if it can be read.
pub(super) fn read(arrived: &Arrived) -> Result<&Write, Held> {
    let unreadable =
        |Unreadable { reason, flaw, stream: _ }: &Unreadable| Held { reason: *reason, flaw: flaw.clone() };
    arrived.write.as_ref().map_err(unreadable)
}

/// What can be said of a write without looking at any record: is it a type and are its values right?
pub(super) fn sound(write: &Write) -> Result<RecordType, Held> {
    let Ok(kind) = write.kind.parse::<RecordType>() else {
        return held(HeldReason::UnknownType, "/type", format!("no record type `{}` here", write.kind));
    };
    if !kind.is_two_way() {
        return held(HeldReason::UnknownType, "/type", format!("devices do not write `{kind}` records"));
    }
    let flaws = schema::validate(kind, &write.set);
    if let Some(flaw) = flaws.into_iter().next() {
        let reason = if flaw.unknown { HeldReason::UnknownField } else { HeldReason::InvalidValue };
        return Err(Held { reason, flaw });
    }
    Ok(kind)
}

/// Whether the sender may write this to that stream. `conflicts` are the open ones of the record, for those who
/// may settle without being the author.
pub(super) fn entitled(
    stream: &Stream,
    kind: RecordType,
    write: &Write,
    sender: &Sender,
    conflicts: &[(String, [ConflictSide; 2])],
    now: i64,
) -> Result<(), Held> {
    let record = stream.record((kind, write.record));
    if record.is_some_and(|record| record.erased) {
        return held(HeldReason::RecordErased, "/record", "the record was erased for good");
    }
    if sender.admitted {
        return Ok(());
    }
    // Memberships and terms begin and end with the school's days.
    let zone = stream.book.zone();
    let today = zone.timestamp_millis_opt(now).single().map(|now| now.date_naive()).unwrap_or_default();
    let date = slot_date(&write.set).or_else(|| record.and_then(crate::records::StoredRecord::visit_date));
    let place = Place::School(stream.school.id, stream.school.district);
    let mut here = sender
        .memberships
        .iter()
        .filter(|membership| membership.role.visits() && membership.relation(place) == Relation::Covered)
        .peekable();
    if here.peek().is_none() {
        return held(HeldReason::NotAMember, "/stream", "you were never one who visits this school");
    }
    if !here.any(|membership| membership.holds_on(date.unwrap_or(today))) {
        return held(HeldReason::MembershipEnded, "/set/slot/date", "the visit lies outside your membership");
    }
    if let Some(record) = record
        && !record.may_be_written(sender.account, write.set.keys())
        && !settles(stream, write, sender, conflicts, today)
    {
        return held(HeldReason::NotAuthor, "/record", "the visit is somebody else's");
    }
    if let Some(semester) = date.and_then(|date| stream.book.semester_of(date)) {
        let closes = semester.last_day.checked_add_days(Days::new(TERM_GRACE_DAYS)).unwrap_or(NaiveDate::MAX);
        if today > closes {
            return held(
                HeldReason::TermClosed,
                "/set/slot/date",
                format!("the term was closed on {closes}"),
            );
        }
    }
    Ok(())
}

/// Who sees the whole school may settle a conflict: set its field to one of the two values, nothing else.
fn settles(
    stream: &Stream,
    write: &Write,
    sender: &Sender,
    conflicts: &[(String, [ConflictSide; 2])],
    today: NaiveDate,
) -> bool {
    let place = Place::School(stream.school.id, stream.school.district);
    let sees = sender.memberships.iter().any(|membership| {
        membership.role.sees_whole_school()
            && membership.holds_on(today)
            && membership.relation(place) == Relation::Covered
    });
    sees && write.set.iter().all(|(path, value)| {
        conflicts
            .iter()
            .any(|(field, sides)| field == path.as_str() && sides.iter().any(|side| side.value == *value))
    })
}

fn slot_date(set: &Fields) -> Option<NaiveDate> {
    set.get("slot")
        .and_then(|slot| slot.get("date"))
        .and_then(Value::as_str)
        .and_then(|date| date.parse().ok())
}
