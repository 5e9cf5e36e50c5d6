//! Offline a phone says of a lesson what the server says of it: from the records it was sent, however they came.

use proptest::prelude::*;
use xunke_domain::book::SchoolBook;
use xunke_domain::judge::{Judgement, judge};
use xunke_domain::record_type::RecordType;
use xunke_domain::schema;
use xunke_domain::verdict::Verdict;
use xunke_domain::visit::{Observed, Slot};

use super::phone::Phone;
use super::random_book::{Record, books, records, sightings};
use super::server::Server;
use super::*;

/// The book as it is read from records, in whichever form they are held.
fn read(records: &[(String, Uuid, Fields)]) -> SchoolBook {
    let known = records.iter().map(|(kind, id, fields)| (kind.parse().unwrap(), *id, fields));
    SchoolBook::from_records(known)
}

/// The office writes what `records` say over what is there: what is no longer said is removed.
fn write(office: &mut Phone, server: &mut Server, written: &[Record]) {
    for (kind, id, fields) in written {
        let mut set = fields.clone();
        let before = office.replica.view(school(), kind.as_str(), *id).unwrap_or_default();
        for (path, _) in before {
            set.entry(path).or_insert(Value::Null);
        }
        assert_eq!(schema::validate(*kind, &set), [], "{kind} {set:?}");
        assert_eq!(schema::validate_record(*kind, &set), [], "{kind} {set:?}");
        office.capture_as(kind.as_str(), school(), *id, set);
    }
    office.sync(server);
}

fn verdicts(book: &SchoolBook, seen: &[(Slot, Observed)]) -> Vec<Judgement> {
    seen.iter().map(|(slot, observed)| judge(book, slot, observed)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_phone_without_a_network_judges_as_the_server_does(
        (before, after) in (books(), books()),
        unchanged in prop::collection::vec(any::<bool>(), 20),
        page_records in 1..9_usize,
        pages in 0..14_usize,
        seen in sightings(),
    ) {
        let mut server = Server::new([school()]);
        server.page_records = page_records;
        let mut office = Phone::synced(1, &mut server);
        let mut phone = Phone::new(2);

        // A phone begins to read one school and ends with another: some records have changed in between.
        write(&mut office, &mut server, &records(&before));
        phone.list(&server);
        for _ in 0..pages {
            phone.pull(&server);
        }
        let changed: Vec<Record> = records(&after)
            .into_iter()
            .zip(unchanged)
            .filter_map(|(record, unchanged)| (!unchanged).then_some(record))
            .collect();
        write(&mut office, &mut server, &changed);
        phone.sync(&mut server);
        phone.kill();

        let on_server = read(&server.stored(school()));
        let on_phone = read(&phone.records(school()));
        prop_assert_eq!(&on_server.unreadable, &Vec::<(RecordType, Uuid)>::new());
        prop_assert_eq!(verdicts(&on_phone, &seen), verdicts(&on_server, &seen));
    }

    #[test]
    fn what_the_office_decided_is_what_the_phone_holds(
        book in books(),
        seen in sightings(),
    ) {
        let mut server = Server::new([school()]);
        let mut office = Phone::synced(1, &mut server);

        write(&mut office, &mut server, &records(&book));
        let phone = Phone::synced(2, &mut server);

        prop_assert_eq!(verdicts(&read(&phone.records(school())), &seen), verdicts(&book, &seen));
    }
}

#[test]
fn random_schools_give_every_verdict() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let book = books().new_tree(&mut runner).unwrap().current();
        let seen = sightings().new_tree(&mut runner).unwrap().current();
        told.extend(verdicts(&book, &seen).into_iter().map(|judgement| judgement.verdict));
    }

    let all = [
        Verdict::AsTimetabled,
        Verdict::ApprovedChange,
        Verdict::OfficialEvent,
        Verdict::SubjectMismatch,
        Verdict::TeacherMismatch,
        Verdict::SelfStudy,
        Verdict::NoTeacher,
        Verdict::NoLessonPlanned,
        Verdict::NotVerifiable,
    ];
    assert_eq!(told, all.into());
}
