//! What the writes of one commit touch: locked and read together, before any of them is looked at.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use xunke_domain::ids::SchoolId;
use xunke_domain::record_type::RecordType;
use xunke_sync::stamp::DeviceId;

use super::desk::Desk;
use super::examined::Examined;
use super::push::Slice;
use crate::entity::{device, school};
use crate::records::chunks;
use crate::schools::School;
use crate::sessions::Device;
use crate::{StoreError, Tx};

/// What a batch has locked and found.
pub(super) struct Locked {
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) schools: Vec<School>,
}

impl Tx {
    /// Locks what the writes of one commit touch: devices first, so that one push sent to two nodes is one push,
    /// then streams, each in the order of ids, so that two nodes cannot wait for each other.
    pub(super) async fn lock_for(&self, slices: &[Slice<'_>]) -> Result<Locked, StoreError> {
        let ids: BTreeSet<String> = slices.iter().map(|slice| slice.job.device.to_string()).collect();
        let devices = device::Entity::find()
            .filter(device::Column::Id.is_in(ids))
            .order_by_asc(device::Column::Id)
            .lock_exclusive()
            .all(&self.db)
            .await?;
        let devices = devices
            .into_iter()
            .map(|row| Device::from_row(row).map(|device| (device.id, device)))
            .collect::<Result<_, StoreError>>()?;
        let streams: BTreeSet<Uuid> = slices
            .iter()
            .flat_map(Slice::writes)
            .filter_map(Examined::write)
            .map(|write| write.stream.into_uuid())
            .collect();
        let mut schools = Vec::new();
        for chunk in chunks(streams.into_iter().collect(), 1000) {
            let locked = school::Entity::find()
                .filter(school::Column::Id.is_in(chunk))
                .order_by_asc(school::Column::Id)
                .lock_exclusive()
                .all(&self.db)
                .await?;
            schools.extend(locked.into_iter().map(School::from));
        }
        Ok(Locked { devices, schools })
    }
}

/// Puts the locked streams on the desk and loads the records that the writes name.
pub(super) async fn prepare(
    desk: &mut Desk<'_>,
    schools: Vec<School>,
    slices: &[Slice<'_>],
) -> Result<(), StoreError> {
    let mut ids: BTreeMap<SchoolId, BTreeSet<Uuid>> = BTreeMap::new();
    let mut repeated = BTreeSet::new();
    let writes = slices.iter().flat_map(Slice::writes);
    for write in writes.filter_map(Examined::write) {
        if !ids.entry(write.stream).or_default().insert(write.record) {
            repeated.insert(write.record);
        }
    }
    desk.put_locked(schools, repeated).await?;
    for (stream, records) in ids {
        let tx = desk.tx;
        if let Some(stream) = desk.streams.get_mut(&stream) {
            stream.load(tx, RecordType::Visit, records.into_iter().collect()).await?;
        }
    }
    Ok(())
}
