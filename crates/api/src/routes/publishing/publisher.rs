//! Who publishes: a person who asks for it, or the rule that a principal has decided before.

use xunke_domain::ids::UserId;
use xunke_domain::schedule::Step;
use xunke_domain::week::Week;
use xunke_storage::Tx;
use xunke_storage::audit::AuditEntry;
use xunke_storage::editions::StoredEdition;
use xunke_storage::leases::Lease;
use xunke_storage::people::Account;
use xunke_storage::schedule::{DoneStep, Outcome};
use xunke_storage::weeks::WeekMaterial;

use super::{ALREADY, created};
use crate::answer::Once;
use crate::app::App;
use crate::auth::guard::Caller;
use crate::problem::ApiError;
use crate::scheduler::standing_of;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub enum Publisher<'a> {
    /// Somebody who may.
    Person {
        /// Who.
        caller: &'a Caller,
        /// The request, if it may be sent again.
        once: Option<&'a Once>,
    },
    /// The school's rule.
    Rule {
        /// Who decided it, and may publish still.
        account: &'a Account,
        /// Under which the server does it.
        lease: &'a Lease,
    },
}

/// The rule has nothing to publish any more.
const MOOT: ApiError = ApiError::WrongState("it is not to be published by rule any more");

impl<'a> Publisher<'a> {
    const fn account(&self) -> &'a Account {
        match self {
            Self::Person { caller, .. } => &caller.account,
            Self::Rule { account, .. } => account,
        }
    }

    /// In whose name.
    pub(super) const fn id(&self) -> UserId {
        self.account().id
    }

    /// The name that the edition tells.
    pub(super) fn name(&self) -> String {
        self.account().name.clone()
    }

    /// Whether nobody looked at it before.
    pub(super) const fn is_rule(&self) -> bool {
        matches!(self, Self::Rule { .. })
    }

    /// First of all in the transaction: whether it is for this request, or this node, to publish.
    pub(super) async fn claim(&self, app: &App, tx: &Tx) -> Result<(), ApiError> {
        let ours = match self {
            Self::Person { once: None, .. } => true,
            Self::Person { once: Some(once), .. } => once.claim(app, tx).await?.is_none(),
            Self::Rule { lease, .. } => tx.lease_holds(lease).await?,
        };
        if ours { Ok(()) } else { Err(ApiError::WrongState(ALREADY)) }
    }

    /// Whether the rule still publishes this week, now that nothing can change: no veto, no edition.
    pub(super) async fn may(
        &self,
        app: &App,
        tx: &Tx,
        material: &WeekMaterial,
        week: Week,
    ) -> Result<(), ApiError> {
        if !self.is_rule() {
            return Ok(());
        }
        let schedule = material.book.settings.schedule.ok_or(MOOT)?;
        if schedule.decided_by != self.id() {
            return Err(MOOT);
        }
        let mut steps = tx.week_steps(material.school.id, &[week]).await?;
        let steps = steps.remove(&week).unwrap_or_default();
        let standing = standing_of(&schedule, &material.book, week, &steps, true, app.clock.now());
        if standing.due == Some(Step::Publish) { Ok(()) } else { Err(MOOT) }
    }

    /// Last of all: what is noted of it.
    pub(super) async fn note(&self, app: &App, tx: &Tx, stored: &StoredEdition) -> Result<(), ApiError> {
        let StoredEdition { stream, week, number, hash, published_at: at, .. } = stored;
        let by_rule = format!("{hash} by the rule of {}", self.id());
        tx.audit_add(AuditEntry {
            id: app.chance.id(app.clock.now()),
            at: *at,
            actor: (!self.is_rule()).then(|| self.id()),
            action: "weekly_log_publish",
            school: Some(*stream),
            object: format!("{week} #{number}"),
            detail: if self.is_rule() { by_rule } else { hash.clone() },
        })
        .await?;
        match self {
            Self::Person { once: None, .. } => Ok(()),
            Self::Person { once: Some(once), .. } => once.keep(tx, &created(stored)).await,
            Self::Rule { lease, .. } => {
                let done = DoneStep { at: *at, outcome: Outcome::Done };
                let first = tx.step_add(*stream, *week, Step::Publish, done, lease).await?;
                if first { Ok(()) } else { Err(MOOT) }
            }
        }
    }
}
