//! Whether the server will listen to this phone, and how it comes to do so again.
//!
//! None of it stops capturing, and none of it deletes anything.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xunke_domain::ids::UserId;

use super::Replica;
use super::store::{Key, LocalTx};
use crate::stamp::{DeviceId, Stamp};

/// How the server stands to this phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing is in the way.
    #[default]
    Free,
    /// 401: the person has to sign in again; see [`Replica::signed_in`].
    SignIn,
    /// 403 `device-revoked`: the app wipes if told so; else it registers again, see [`Replica::rebind`].
    Revoked {
        /// Whether the server asks that everything be wiped.
        wipe: bool,
    },
    /// 409 `device-fork`: the phone was cloned or restored; or 403 `device-unknown`: the server was, to a time
    /// before this registration. The phone registers again, see [`Replica::rebind`].
    Forked,
    /// 426: the app is too old; see [`Replica::updated`].
    TooOld,
}

/// Somebody else signed in; the queue is not theirs to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this phone holds the writes of another person")]
pub struct OtherPerson;

/// Below every stamp that was ever issued.
pub(super) fn oldest(device: DeviceId) -> Stamp {
    Stamp::at(0, device)
}

impl Replica {
    /// How the server stands to this phone.
    pub const fn standing(&self) -> Standing {
        self.me.standing
    }

    /// The same person has signed in again; syncing goes on.
    pub fn signed_in(&mut self, user: UserId) -> Result<LocalTx, OtherPerson> {
        if user != self.me.user {
            return Err(OtherPerson);
        }
        Ok(self.free_from(Standing::SignIn))
    }

    /// The app has been updated; syncing goes on.
    pub fn updated(&mut self) -> LocalTx {
        self.free_from(Standing::TooOld)
    }

    /// The phone has been registered again. What was queued, and what may or may not have been taken in, is
    /// numbered anew under the new device, in the same order and said at the same time.
    pub fn rebind(&mut self, device: DeviceId) -> LocalTx {
        self.change(|replica, tx| {
            let old = std::mem::replace(&mut replica.me.device, device);
            if old == device {
                return;
            }
            // If it is an earlier registration that the server does not know, what was numbered since keeps its
            // numbers: under those the server may have it.
            let others_only = replica.writes.values().any(|kept| kept.forgotten)
                && !replica.writes.values().any(|kept| kept.forgotten && kept.device == old);
            let me = &mut replica.me;
            me.next_n = 1;
            for (ticket, kept) in &mut replica.writes {
                let unsure = kept.is_queued() && kept.device == old && !others_only;
                if unsure || kept.forgotten {
                    // Others may have seen it under this name; not under one from before the first registration.
                    kept.write.born = Some(kept.id()).filter(|id| id.device != DeviceId::UNREGISTERED);
                    kept.forgotten = false;
                    kept.write.n = me.next_n;
                    kept.write.stamp = kept.write.stamp.map(|stamp| stamp.in_the_hand_of(device));
                    kept.device = device;
                    me.next_n = me.next_n.saturating_add(1);
                    me.clock.receive(kept.stamp());
                    tx.put(Key::Write(*ticket), kept);
                }
            }
            (me.flight, me.batch, me.standing, me.refused) = (None, None, Standing::Free, 0);
            replica.answered();
        })
    }

    fn free_from(&mut self, standing: Standing) -> LocalTx {
        self.change(|replica, _| {
            if replica.me.standing == standing {
                replica.me.standing = Standing::Free;
                replica.answered();
            }
        })
    }
}
