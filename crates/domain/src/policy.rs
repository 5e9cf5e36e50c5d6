//! Who may do what, where: one table (operation × role), read by the API and walked by a test.
//!
//! A cell is how far a role reaches with an operation:
//! `N` nothing · `O` what is the person's own inside the scope · `S` everything inside the scope of the
//! membership (a school, several, or a whole district) · `D` the district, whatever of it the scope covers: the
//! operation shows of each school only what another row lets the person see of it · `E` everywhere.

use chrono::NaiveDate;

use crate::people::{Membership, Place, Relation, Role};

/// How far a role reaches with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not at all.
    Nothing,
    /// The person's own, inside the scope.
    Own,
    /// Everything inside the scope.
    Scope,
    /// Everything of the district.
    District,
    /// Everywhere.
    Everywhere,
}

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, signed in or not.
    Public,
    /// Anyone signed in; the operation is about the person himself, or filters by itself.
    SignedIn,
    /// By role, in the order of [`Role::ALL`].
    ByRole([Reach; 6]),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation's id in the OpenAPI document.
    pub operation: &'static str,
    /// Who may call it.
    pub access: Access,
}

use Reach::{District as D, Everywhere as E, Nothing as N, Own as O, Scope as S};

const fn public(operation: &'static str) -> Row {
    Row { operation, access: Access::Public }
}

const fn signed_in(operation: &'static str) -> Row {
    Row { operation, access: Access::SignedIn }
}

const fn row(operation: &'static str, reach: [Reach; 6]) -> Row {
    Row { operation, access: Access::ByRole(reach) }
}

/// Keeping one kind of reference data: everyone of the school reads it, the office keeps it.
macro_rules! reference {
    ($list:literal, $view:literal, $create:literal, $change:literal, $retire:literal) => {
        [
            row($list, [S, S, S, S, S, S]),
            row($view, [S, S, S, S, S, S]),
            row($create, [N, S, S, N, N, S]),
            row($change, [N, S, S, N, N, S]),
            row($retire, [N, S, S, N, N, S]),
        ]
    };
}

const REFERENCE: [[Row; 5]; 10] = [
    reference!("class_list", "class_view", "class_create", "class_change", "class_retire"),
    reference!("teacher_list", "teacher_view", "teacher_create", "teacher_change", "teacher_retire"),
    reference!("subject_list", "subject_view", "subject_create", "subject_change", "subject_retire"),
    reference!(
        "bell_schedule_list",
        "bell_schedule_view",
        "bell_schedule_create",
        "bell_schedule_change",
        "bell_schedule_retire"
    ),
    reference!("semester_list", "semester_view", "semester_create", "semester_change", "semester_retire"),
    reference!(
        "calendar_day_list",
        "calendar_day_view",
        "calendar_day_create",
        "calendar_day_change",
        "calendar_day_retire"
    ),
    reference!(
        "timetable_list",
        "timetable_view",
        "timetable_create",
        "timetable_change",
        "timetable_retire"
    ),
    reference!(
        "lesson_change_list",
        "lesson_change_view",
        "lesson_change_create",
        "lesson_change_change",
        "lesson_change_retire"
    ),
    reference!("rubric_list", "rubric_view", "rubric_create", "rubric_change", "rubric_retire"),
    reference!(
        "problem_category_list",
        "problem_category_view",
        "problem_category_create",
        "problem_category_change",
        "problem_category_retire"
    ),
];

#[rustfmt::skip]
const OTHERS: &[Row] = &[
    public("setup_complete"),
    public("session_create"),
    public("session_refresh"),
    public("password_reset"),
    public("posted_week_list"),
    public("posted_edition"),
    public("health"),
    public("ready"),

    signed_in("me_view"),
    signed_in("session_list"),
    signed_in("session_revoke"),
    signed_in("session_end"),
    signed_in("password_change"),
    signed_in("device_register"),
    signed_in("device_list"),
    signed_in("device_revoke"),
    signed_in("district_list"),
    signed_in("school_list"),
    signed_in("curriculum_plan_list"),
    signed_in("sync_push"),
    signed_in("sync_streams"),
    signed_in("sync_live"),
    signed_in("notice_list"),
    //                               inspector principal affairs teacher supervisor administrator
    row("district_create",          [N,        N,        N,      N,      N,         E]),
    row("school_create",            [N,        N,        N,      N,      N,         S]),
    row("user_list",                [N,        N,        N,      N,      N,         S]),
    row("user_create",              [N,        N,        N,      N,      N,         S]),
    row("user_view",                [N,        N,        N,      N,      N,         S]),
    row("user_change",              [N,        N,        N,      N,      N,         S]),
    row("user_reset",               [N,        N,        N,      N,      N,         S]),
    row("membership_create",        [N,        N,        N,      N,      N,         S]),
    row("membership_end",           [N,        N,        N,      N,      N,         S]),
    row("school_view",              [S,        S,        S,      S,      S,         S]),
    row("school_change",            [N,        S,        S,      N,      N,         S]),
    row("timetable_compare",        [N,        S,        S,      N,      S,         N]),
    row("timetable_preview",        [N,        S,        S,      N,      N,         S]),
    row("timetable_import",         [N,        S,        S,      N,      N,         S]),
    row("timetable_undo",           [N,        S,        S,      N,      N,         S]),
    row("lesson_change_decide",     [N,        S,        S,      N,      N,         N]),
    row("device_board",             [N,        S,        S,      N,      S,         N]),
    row("sync_changes",             [O,        S,        S,      N,      S,         N]),
    row("conflict_list",            [O,        S,        S,      N,      S,         N]),
    row("conflict_settle",          [O,        S,        S,      N,      S,         N]),
    row("held_list",                [O,        S,        O,      N,      S,         N]),
    row("held_admit",               [N,        S,        N,      N,      S,         N]),
    row("held_discard",             [O,        S,        O,      N,      O,         N]),
    row("visit_list",               [O,        S,        S,      N,      S,         N]),
    row("visit_export",             [O,        S,        S,      N,      S,         N]),
    row("visit_view",               [O,        S,        S,      N,      S,         N]),
    row("visit_history",            [O,        S,        S,      N,      S,         N]),
    row("feedback_send",            [O,        S,        S,      N,      O,         N]),
    row("feedback_list",            [O,        S,        S,      O,      S,         N]),
    row("feedback_view",            [O,        S,        S,      O,      S,         N]),
    row("feedback_seen",            [N,        N,        N,      O,      N,         N]),
    row("objection_decide",         [N,        S,        N,      N,      N,         N]),
    row("feedback_answer",          [N,        N,        N,      O,      N,         N]),
    row("week_list",                [N,        S,        S,      N,      S,         N]),
    row("weekly_log_draft",         [N,        S,        S,      N,      S,         N]),
    row("weekly_log_preflight",     [N,        S,        S,      N,      S,         N]),
    row("weekly_log_publish",       [N,        S,        N,      N,      N,         N]),
    row("edition_list",             [N,        S,        S,      N,      S,         N]),
    row("edition_view",             [N,        S,        S,      N,      S,         N]),
    row("figure_list",              [N,        S,        S,      N,      S,         N]),
    row("figure_view",              [N,        S,        S,      N,      S,         N]),
    row("edition_public",           [S,        S,        S,      S,      S,         S]),
    row("posting_change",           [N,        S,        N,      N,      N,         N]),
    row("edition_withdraw",         [N,        S,        N,      N,      N,         N]),
    row("publish_schedule_view",    [N,        S,        S,      N,      N,         N]),
    row("publish_schedule_change",  [N,        S,        N,      N,      N,         N]),
    row("publish_schedule_end",     [N,        S,        N,      N,      N,         N]),
    row("publish_veto",             [N,        S,        N,      N,      N,         N]),
    row("publish_veto_lift",        [N,        S,        N,      N,      N,         N]),
    row("visit_proof",              [O,        S,        S,      N,      S,         N]),
    row("edition_pdf",              [N,        S,        S,      N,      S,         N]),
    row("edition_workbook",         [N,        S,        S,      N,      S,         N]),
    row("edition_csv",              [N,        S,        S,      N,      S,         N]),
    row("edition_public_pdf",       [S,        S,        S,      S,      S,         S]),
    row("district_overview",        [N,        N,        N,      N,      D,         N]),
    row("district_overview_csv",    [N,        N,        N,      N,      D,         N]),
    row("district_digest",          [N,        N,        N,      N,      D,         N]),
    row("district_digest_csv",      [N,        N,        N,      N,      D,         N]),
    row("audit_view",               [N,        S,        S,      N,      S,         N]),
    row("audit_teachers",           [N,        S,        S,      O,      S,         N]),
    row("audit_practice",           [N,        S,        S,      N,      S,         N]),
    row("audit_workbook",           [N,        S,        S,      N,      S,         N]),
];

/// Every row of the table.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    REFERENCE.iter().flatten().chain(OTHERS)
}

/// Who may call an operation; `None`: the operation has no row and may not be routed.
pub fn access(operation: &str) -> Option<Access> {
    rows().find(|row| row.operation == operation).map(|row| row.access)
}

/// The column of a role.
pub fn reach(access: Access, role: Role) -> Reach {
    match access {
        Access::Public | Access::SignedIn => Reach::Everywhere,
        Access::ByRole(reaches) => {
            let column = Role::ALL.into_iter().position(|known| known == role);
            column.and_then(|column| reaches.get(column).copied()).unwrap_or(Reach::Nothing)
        }
    }
}

/// What a person may do with an operation at a place, by all memberships that hold on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// The place is not this person's to know of: answer as if it were absent.
    Unknown,
    /// The person belongs there, but may not do this.
    Forbidden,
    /// Only with what is the person's own.
    Own,
    /// With everything there.
    All,
}

/// Decides; the best of the person's memberships counts.
pub fn decide(operation: &str, memberships: &[Membership], place: Place, day: NaiveDate) -> Decision {
    let Some(access) = access(operation) else { return Decision::Unknown };
    let by = |membership: &Membership| {
        let relation = membership.relation(place);
        let needed = match relation {
            Relation::Covered => Reach::Own,
            Relation::SameDistrict => Reach::District,
            Relation::Elsewhere => Reach::Everywhere,
        };
        match reach(access, membership.role) {
            reach if reach >= needed.max(Reach::Scope) => Decision::All,
            reach if reach >= needed => Decision::Own,
            _ if relation == Relation::Covered => Decision::Forbidden,
            _ => Decision::Unknown,
        }
    };
    let holding = memberships.iter().filter(|membership| membership.holds_on(day));
    holding.map(by).max().unwrap_or(Decision::Unknown)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;
    use crate::ids::{DistrictId, SchoolId};
    use crate::people::Scope;

    fn school(id: u128) -> SchoolId {
        SchoolId::from_uuid(Uuid::from_u128(id))
    }

    fn district(id: u128) -> DistrictId {
        DistrictId::from_uuid(Uuid::from_u128(id))
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn member(role: Role, scope: Scope) -> Membership {
        Membership {
            id: Uuid::nil(),
            role,
            district: district(1),
            scope,
            valid_from: day("2026-09-01"),
            valid_to: Some(day("2027-01-31")),
        }
    }

    #[test]
    fn no_operation_has_two_rows() {
        let mut names: Vec<_> = rows().map(|row| row.operation).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();

        assert_eq!(names.len(), all);
    }

    #[test]
    fn an_inspector_reaches_his_own_in_his_school_and_nothing_elsewhere() {
        let inspector = [member(Role::Inspector, Scope::Schools(BTreeSet::from([school(1)])))];
        let at = |place| decide("visit_view", &inspector, place, day("2026-11-16"));

        assert_eq!(at(Place::School(school(1), district(1))), Decision::Own);
        assert_eq!(at(Place::School(school(2), district(1))), Decision::Unknown);
        assert_eq!(at(Place::School(school(1), district(2))), Decision::Unknown);
    }

    #[test]
    fn a_membership_counts_from_its_first_day_to_its_last() {
        let principal = [member(Role::Principal, Scope::Schools(BTreeSet::from([school(1)])))];
        let on =
            |date| decide("weekly_log_publish", &principal, Place::School(school(1), district(1)), day(date));

        assert_eq!(on("2026-08-31"), Decision::Unknown);
        assert_eq!(on("2026-09-01"), Decision::All);
        assert_eq!(on("2027-01-31"), Decision::All);
        assert_eq!(on("2027-02-01"), Decision::Unknown);
    }

    #[test]
    fn an_administrator_keeps_his_district_and_sees_no_visits() {
        let administrator = [member(Role::Administrator, Scope::District)];
        let at = |operation, place| decide(operation, &administrator, place, day("2026-11-16"));

        assert_eq!(at("user_create", Place::District(district(1))), Decision::All);
        assert_eq!(at("user_create", Place::District(district(2))), Decision::Unknown);
        assert_eq!(at("visit_list", Place::School(school(3), district(1))), Decision::Forbidden);
        assert_eq!(at("no_such_operation", Place::District(district(1))), Decision::Unknown);
    }
}
