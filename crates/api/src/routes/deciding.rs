//! Settings that only the principal decides, each by an operation of its own, and noted.

use serde_json::Value;
use xunke_domain::fields::Fields;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_domain::settings::OF_THE_PRINCIPAL;
use xunke_storage::audit::AuditEntry;
use xunke_storage::intake::server::{ServerWrite, ServerWritten};

use crate::app::App;
use crate::auth::guard::Caller;
use crate::problem::ApiError;

/// A setting as it is decided; `null` takes it away.
pub struct Decided {
    /// Its name.
    pub setting: &'static str,
    /// Its value.
    pub value: Value,
    /// The operation, for the audit log.
    pub operation: &'static str,
    /// What an auditor reads of it.
    pub detail: String,
}

/// Sets a setting of a school and notes who did.
pub async fn decide(app: &App, caller: &Caller, school: SchoolId, decided: Decided) -> Result<(), ApiError> {
    let Decided { setting, value, operation: action, detail } = decided;
    let now = app.clock.millis();
    let name = format!("settings/{setting}").parse().map_err(|_| ApiError::Internal)?;
    let write = ServerWrite {
        stream: school,
        kind: RecordType::School,
        id: school.into_uuid(),
        set: Fields::from_iter([(name, value)]),
        author: caller.id(),
        expected: None,
    };
    let tx = app.store.begin().await?;
    let ServerWritten::Done(record) = app.store.write_in(&tx, &write, now).await? else {
        return Err(ApiError::WrongState("the school has changed meanwhile"));
    };
    tx.audit_add(AuditEntry {
        id: app.chance.id(app.clock.now()),
        at: now,
        actor: Some(caller.id()),
        action,
        school: Some(school),
        object: school.to_string(),
        detail,
    })
    .await?;
    tx.commit().await?;
    app.heads.moved(school, record.seq);
    Ok(())
}

/// Refuses such settings where others are written.
pub fn leave_to_the_principal(set: &Fields) -> Result<(), ApiError> {
    let named = |name: &&str| set.keys().any(|path| path.as_str() == format!("settings/{name}"));
    match OF_THE_PRINCIPAL.into_iter().find(named) {
        Some(name) => Err(ApiError::invalid(
            format!("/settings/{name}"),
            "the principal decides this, by an operation of its own",
        )),
        None => Ok(()),
    }
}
