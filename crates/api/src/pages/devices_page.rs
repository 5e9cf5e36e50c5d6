//! The devices of a school's people (设备): who still holds entries, and when each was last in touch.

use askama::Template;
use chrono::{DateTime, FixedOffset};
use xunke_domain::told::Told;

use crate::pages::{Form, Frame, STYLESHEET_PATH, filters, words};

/// What the page of devices shows.
#[derive(Clone, Copy, Debug)]
pub struct DevicesView<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The school's name.
    pub school: &'a str,
    /// The devices.
    pub devices: &'a [DeviceItem],
    /// Whether one has just been revoked.
    pub revoked: bool,
    /// Against forged forms.
    pub csrf: &'a str,
}

/// A device.
#[derive(Clone, Debug)]
pub struct DeviceItem {
    /// Whose it is.
    pub person: String,
    /// What the person calls it.
    pub name: String,
    /// Such as `android`.
    pub platform: String,
    /// The app's version.
    pub app_version: String,
    /// Last push.
    pub seen_at: Option<DateTime<FixedOffset>>,
    /// Entries it said it still held.
    pub unsent: i64,
    /// Writes sent that have not arrived.
    pub missing: i64,
    /// Its clock minus the server's at the last push, milliseconds.
    pub clock_offset: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<FixedOffset>>,
    /// Where the form that revokes it posts to; none for those who may not.
    pub revoke: Option<String>,
}

/// The page of devices: those that hold entries first.
pub fn devices_page(view: &DevicesView<'_>) -> Result<String, askama::Error> {
    let mut devices: Vec<&DeviceItem> = view.devices.iter().collect();
    devices.sort_by_key(|device| {
        let silent = (device.revoked_at.is_some(), device.unsent == 0, device.missing == 0);
        (silent, device.person.clone(), device.name.clone())
    });
    DevicesPage { view, rows: devices.into_iter().map(row).collect() }.render_with_values(view.frame.reader)
}

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage<'a> {
    view: &'a DevicesView<'a>,
    rows: Vec<Row<'a>>,
}

#[derive(Clone, Debug)]
struct Row<'a> {
    device: &'a DeviceItem,
    seen: Told,
    clock: Told,
    revoked: Option<Told>,
}

fn row(device: &DeviceItem) -> Row<'_> {
    let clock = device.clock_offset.map(|offset| words::clock(offset).unwrap_or_else(|| "准".into()));
    Row {
        device,
        seen: device.seen_at.map_or_else(|| "从未联系".into(), |at| words::moment(&at)),
        clock: clock.unwrap_or_else(|| "未知".into()),
        revoked: device.revoked_at.map(|at| words::moment(&at)),
    }
}

impl DevicesPage<'_> {
    /// A form of the page, with its token.
    const fn form<'f>(&'f self, action: &'f str) -> Form<'f> {
        Form { action, csrf: self.view.csrf }
    }
}
