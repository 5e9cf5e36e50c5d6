//! The tables as sea-orm entities. Rows never leave this crate (style, "rows never leave").
#![expect(unreachable_pub, reason = "what sea-orm derives is `pub`; the module is not")]

/// One table: the entity without relations, which are followed by hand where they matter.
macro_rules! tables {
    ($($module:ident = $table:literal { $($(#[$attr:meta])* $field:ident: $type:ty,)+ })+) => {$(
        pub(crate) mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $($(#[$attr])* pub $field: $type,)+
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    )+};
}

tables! {
    district = "district" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        name: String,
        created_at: i64,
    }
    account = "account" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        login: String,
        name: String,
        password_hash: Option<String>,
        reset_hash: Option<String>,
        reset_until: Option<i64>,
        created_at: i64,
        disabled_at: Option<i64>,
        version: i64,
    }
    membership = "membership" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        account: Uuid,
        role: String,
        district: Uuid,
        whole_district: bool,
        valid_from: String,
        valid_to: Option<String>,
        created_at: i64,
    }
    membership_school = "membership_school" {
        #[sea_orm(primary_key, auto_increment = false)]
        membership: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        school: Uuid,
    }
    setup_code = "setup_code" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: i64,
        code_hash: String,
        created_at: i64,
        used_at: Option<i64>,
    }
    device = "device" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: String,
        account: Uuid,
        name: String,
        platform: String,
        app_version: String,
        created_at: i64,
        seen_at: Option<i64>,
        unsent: i64,
        latest_n: i64,
        arrived: i64,
        clock_offset: Option<i64>,
        revoked_at: Option<i64>,
    }
    session = "session" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        account: Uuid,
        kind: String,
        device: Option<String>,
        client: String,
        token_hash: String,
        previous_hash: Option<String>,
        created_at: i64,
        used_at: i64,
        idle_until: i64,
        absolute_until: i64,
        ended_at: Option<i64>,
    }
    school = "school" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        district: Uuid,
        name: String,
        code: Option<String>,
        head: i64,
        book_seq: i64,
        created_at: i64,
    }
    record = "record" {
        #[sea_orm(primary_key, auto_increment = false)]
        stream: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        seq: i64,
        life: String,
        author: Uuid,
        readers: String,
        visit_date: Option<String>,
        visit_until: Option<String>,
        stamp: String,
        stamps: String,
        writes: String,
        origins: String,
        fields: String,
        open_conflicts: i64,
        created_at: i64,
    }
    write = "write" {
        #[sea_orm(primary_key, auto_increment = false)]
        device: String,
        #[sea_orm(primary_key, auto_increment = false)]
        n: i64,
        stream: Option<Uuid>,
        kind: Option<String>,
        record: Option<Uuid>,
        seq: Option<i64>,
        base: Option<i64>,
        saw: Option<String>,
        born: Option<String>,
        claimed: Option<String>,
        canonical: Option<String>,
        body: String,
        body_hash: String,
        answer: String,
        author: Uuid,
        received_at: i64,
        clock_offset: Option<i64>,
    }
    lineage = "lineage" {
        #[sea_orm(primary_key, auto_increment = false)]
        stream: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        from_seq: i64,
        nonce: Uuid,
        recorded_at: i64,
    }
    conflict = "conflict" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        stream: Uuid,
        kind: String,
        record: Uuid,
        path: String,
        standing: String,
        arrived: String,
        opened_at: i64,
        opened_seq: i64,
        settled_at: Option<i64>,
        settled_seq: Option<i64>,
    }
    held_write = "held_write" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        stream: Option<Uuid>,
        device: String,
        n: i64,
        author: Uuid,
        reason: String,
        pointer: Option<String>,
        detail: String,
        body: String,
        state: String,
        received_at: i64,
        decided_by: Option<Uuid>,
        decided_at: Option<i64>,
        decision: Option<String>,
    }
    visit = "visit" {
        #[sea_orm(primary_key, auto_increment = false)]
        stream: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        seq: i64,
        inspector: Uuid,
        date: Option<String>,
        week: Option<String>,
        period: Option<String>,
        class: Option<Uuid>,
        planned_subject: Option<Uuid>,
        planned_teacher: Option<Uuid>,
        observed_subject: Option<Uuid>,
        observed_teacher: Option<Uuid>,
        situation: Option<String>,
        verdict: Option<String>,
        submitted: bool,
        withdrawn: bool,
        text: String,
        received_at: i64,
        clock_offset: Option<i64>,
        off_minutes: Option<i64>,
    }
    edition = "edition" {
        #[sea_orm(primary_key, auto_increment = false)]
        stream: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        week: String,
        #[sea_orm(primary_key, auto_increment = false)]
        number: i32,
        hash: String,
        previous: Option<String>,
        bytes: String,
        public_bytes: String,
        published_by: Uuid,
        published_at: i64,
        head: i64,
        superseded_by_changes: bool,
        term: Option<String>,
        place: Option<i32>,
        withdrawn_at: Option<i64>,
        withdrawn_why: Option<String>,
    }
    lease = "lease" {
        #[sea_orm(primary_key, auto_increment = false)]
        name: String,
        holder: Uuid,
        held_until: i64,
        fence: i64,
    }
    schedule_step = "schedule_step" {
        #[sea_orm(primary_key, auto_increment = false)]
        stream: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        week: String,
        #[sea_orm(primary_key, auto_increment = false)]
        step: String,
        done_at: i64,
        outcome: String,
        fence: i64,
    }
    publish_veto = "publish_veto" {
        #[sea_orm(primary_key, auto_increment = false)]
        stream: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        week: String,
        vetoed_by: Uuid,
        vetoed_at: i64,
        why: String,
    }
    published_week = "published_week" {
        #[sea_orm(primary_key, auto_increment = false)]
        district: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        week: String,
        #[sea_orm(primary_key, auto_increment = false)]
        stream: Uuid,
        number: i32,
        hash: String,
        published_at: i64,
        first_published_at: i64,
        withdrawn: bool,
        version: i32,
        figures: String,
    }
    feedback = "feedback" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        stream: Uuid,
        visit: Uuid,
        teacher: Uuid,
        state: String,
        text: String,
        sent_by: Uuid,
        sent_at: i64,
        seen_at: Option<i64>,
        answer: Option<String>,
        answered_at: Option<i64>,
        version: i64,
        contested_seq: Option<i64>,
        contested_verdict: Option<String>,
        decision: Option<String>,
        decided_by: Option<Uuid>,
        decided_at: Option<i64>,
    }
    audit = "audit" {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
        at: i64,
        actor: Option<Uuid>,
        action: String,
        stream: Option<Uuid>,
        object: String,
        detail: String,
    }
    idempotency = "idempotency" {
        #[sea_orm(primary_key, auto_increment = false)]
        account: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        key: String,
        request_hash: String,
        status: i32,
        location: String,
        etag: String,
        body: String,
        created_at: i64,
    }
}
