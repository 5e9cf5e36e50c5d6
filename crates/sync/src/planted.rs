//! Bugs planted on purpose, so that the simulator can prove that it would find them (`docs/proof.md`).
//!
//! Only a build with `--cfg planted` contains them, and the binary `xunke` refuses to be built so. In every other
//! build [`planted`] is the constant `false`, and what it guards is compiled away.

macro_rules! bugs {
    ($($(#[doc = $what:literal])+ $bug:ident = $name:literal,)+) => {
        /// A bug that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Bug {
            $($(#[doc = $what])+ $bug,)+
        }

        impl Bug {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$bug,)+];

            /// The name on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$bug => $name,)+
                }
            }
        }
    };
}

bugs! {
    /// Pushes are answered before their transaction is committed.
    AnswerBeforeCommit = "answer-before-commit",
    /// SQLite runs with `synchronous=NORMAL`: commits reach the disk some time later.
    SynchronousNormal = "synchronous-normal",
    /// The write that arrives last wins, whatever the stamps say.
    ArrivalWins = "arrival-wins",
    /// Stamps from the future are believed.
    ClampDropped = "clamp-dropped",
    /// A write is not lifted above what its author had seen.
    LiftDropped = "lift-dropped",
    /// A list element replaces the whole list.
    ListOverwritten = "list-overwritten",
    /// A process does not record that it writes to a stream.
    LineageForgotten = "lineage-forgotten",
    /// Pages go on from a time instead of a seq.
    CursorByTime = "cursor-by-time",
    /// Whoever may push to a school may read all of it.
    ScopeOnlyOnPush = "scope-only-on-push",
    /// Another body under a known number is answered as the first was.
    ReplayTrusted = "replay-trusted",
    /// A held write is answered, but not kept.
    HeldDropped = "held-dropped",
    /// A cursor stays valid when what its reader may see has changed.
    GrantIgnored = "grant-ignored",
    /// A late visit is put into the published edition.
    EditionInPlace = "edition-in-place",
    /// A phone drops its queue when it is told to sign in again.
    QueueDroppedOn401 = "queue-dropped-on-401",
    /// The ledger of writes forgets after 30 days.
    LedgerForgets = "ledger-forgets",
    /// A phone does not send again what a restored server has lost.
    ResendForgotten = "resend-forgotten",
    /// A page made for one reader is given to another who may see less.
    PageSharedByAll = "page-shared-by-all",
}

#[cfg(planted)]
static CHOSEN: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(u8::MAX);

/// Plants a bug in this process, or none.
#[cfg(planted)]
pub fn plant(bug: Option<Bug>) {
    CHOSEN.store(bug.map_or(u8::MAX, |bug| bug as u8), std::sync::atomic::Ordering::SeqCst);
}

/// Whether this bug is planted.
#[cfg(planted)]
pub fn planted(bug: Bug) -> bool {
    CHOSEN.load(std::sync::atomic::Ordering::Relaxed) == bug as u8
}

/// Whether this bug is planted: never, in this build.
#[cfg(not(planted))]
#[inline]
pub const fn planted(_: Bug) -> bool {
    false
}
