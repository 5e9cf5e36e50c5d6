//! The devices of a school's people.

use super::markup::check;
use super::sample::{FRAME, at};
use crate::pages::{DeviceItem, DevicesView, devices_page};

#[test]
fn devices_that_hold_entries_come_first_and_only_ones_own_can_be_revoked() {
    let device = |person: &str, unsent, revoke: Option<&str>| DeviceItem {
        person: person.to_owned(),
        name: "手机<1>".to_owned(),
        platform: "android".to_owned(),
        app_version: "1.2".to_owned(),
        seen_at: None,
        unsent,
        missing: 0,
        clock_offset: Some(125_000),
        revoked_at: None,
        revoke: revoke.map(str::to_owned),
    };
    let gone = DeviceItem { revoked_at: Some(at("2026-11-17T11:05:00+08:00")), ..device("甲", 9, None) };
    let devices = [gone, device("乙", 0, Some("/revoke/1")), device("丙", 3, None)];
    let view =
        DevicesView {
            frame: FRAME, school: "青禾实验小学", devices: &devices, revoked: true, csrf: "t"
        };

    let page = devices_page(&view).unwrap();
    let none = devices_page(&DevicesView { devices: &[], revoked: false, ..view }).unwrap();

    check(&page);
    check(&none);
    let places: Vec<usize> = ["丙", "乙", "甲"]
        .iter()
        .map(|name| page.find(&format!("<th scope=\"row\">{name}")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{page}");
    assert_eq!(page.matches(r#"action="/revoke/1""#).count(), 1);
    for told in ["手机&#60;1&#62;", "快 2 分 5 秒", "从未联系", "2026年11月17日 11:05 吊销", "已吊销。"]
    {
        assert!(page.contains(told), "{told}\n{page}");
    }
    assert!(none.contains("还没有登记过设备"));
}
