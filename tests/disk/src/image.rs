//! What lies on a disk: files and their bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::content::Content;
use crate::file::Mood;
use crate::state::State;

/// Files and their bytes. Cheap to copy.
#[derive(Clone, Debug, Default)]
pub struct Image {
    files: Arc<BTreeMap<String, Content>>,
    torn: u64,
}

impl Image {
    /// What readers see.
    pub(crate) fn seen(state: &mut State) -> Self {
        let names: Vec<_> = state.names.iter().map(|(name, inode)| (name.clone(), *inode)).collect();
        let files = names.into_iter().map(|(name, inode)| (name, state.file(inode).seen().clone())).collect();
        Self { files: Arc::new(files), torn: 0 }
    }

    /// What is safe.
    pub(crate) fn safe(state: &mut State) -> Self {
        let names: Vec<_> = state.durable_names.iter().map(|(name, inode)| (name.clone(), *inode)).collect();
        let files = names.into_iter().map(|(name, inode)| (name, state.file(inode).safe().clone())).collect();
        Self { files: Arc::new(files), torn: 0 }
    }

    /// What is found after a power cut.
    pub(crate) fn after_power_cut(state: &mut State, seed: u64) -> Self {
        let mut draw = StdRng::seed_from_u64(seed);
        let mood = Mood::draw(&mut draw, state.sector, state.overwrite);
        let both = state.names.keys().chain(state.durable_names.keys());
        let names: std::collections::BTreeSet<String> = both.cloned().collect();
        let (mut files, mut torn) = (BTreeMap::new(), 0);
        for name in names {
            // Whether a name was made, replaced or deleted and not synced yet: either may be found.
            let (seen, safe) = (state.names.get(&name), state.durable_names.get(&name));
            let found = if seen == safe || draw.random_bool(0.5) { safe } else { seen };
            if let Some(inode) = found.copied() {
                let (content, sectors) = state.file(inode).after_power_cut(&mut draw, mood);
                torn += sectors;
                files.insert(name, content);
            }
        }
        Self { files: Arc::new(files), torn }
    }

    /// The names of the files and how long they are.
    pub fn files(&self) -> impl Iterator<Item = (&str, usize)> {
        self.files.iter().map(|(name, content)| (name.as_str(), content.len()))
    }

    /// A file's bytes.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let content = self.files.get(name)?;
        let mut bytes = vec![0; content.len()];
        content.read(0, &mut bytes);
        Some(bytes)
    }

    /// How many sectors the power cut left torn.
    pub const fn torn_sectors(&self) -> u64 {
        self.torn
    }

    pub(crate) fn put_on(&self, state: &mut State) {
        for (name, content) in self.files.iter() {
            state.add(name, content);
        }
    }
}
