//! What every page is held to: it fits the screen of a phone, anybody can use it, and it loads nothing from elsewhere.

use std::fs::OpenOptions;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::page::{Page, text};
use crate::stage::output;

const AXE: &str = include_str!("../vendor/axe.min.js");
/// WCAG 2.2 AA and what axe recommends beyond. Without `preload` it fetches nothing: the content policy of the pages
/// forbids that.
const RUN: &str = r"axe.run(document, {
  preload: false,
  resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
}).then(found => found.violations.map(({id, impact, help, nodes}) =>
  ({id, impact, help, places: nodes.map(node => node.target.join(' ')).join('; ')})))";
/// Names, widths and heights of the screens, in CSS pixels.
const SCREENS: [(&str, u32, u32); 2] = [("phone", 390, 844), ("desk", 1280, 900)];

impl Page<'_> {
    /// Looks at the page on both screens. Leaves a picture of each in `target/browser`, lists what axe finds in
    /// `findings.txt` there, and remembers what is wrong for [`close`](Page::close).
    pub fn look(&mut self, name: &str) -> anyhow::Result<()> {
        for (screen, width, height) in SCREENS {
            let metrics = json!({
                "width": width, "height": height, "deviceScaleFactor": 1, "mobile": screen == "phone",
            });
            self.call("Emulation.setDeviceMetricsOverride", &metrics)?;
            let page = format!("{name}-{screen}");
            self.measure(&page, width)?;
            self.ask_axe(&page)?;
            self.picture(&page)?;
        }
        self.call("Emulation.clearDeviceMetricsOverride", &json!({}))?;
        self.hear()
    }

    /// No page is wider than its screen: tables scroll in their own regions.
    fn measure(&mut self, page: &str, width: u32) -> anyhow::Result<()> {
        let wide = self.value("document.documentElement.scrollWidth")?.as_u64().unwrap_or(u64::MAX);
        if wide > u64::from(width) {
            self.faults.push(format!("{page}: {wide} px wide on a screen of {width}"));
        }
        Ok(())
    }

    fn ask_axe(&mut self, page: &str) -> anyhow::Result<()> {
        if self.value("typeof axe")? == "undefined" {
            self.value(&format!("{AXE};0"))?;
        }
        let found = self.value(RUN)?;
        let mut list = OpenOptions::new().create(true).append(true).open(output().join("findings.txt"))?;
        for finding in found.as_array().into_iter().flatten() {
            let [id, impact, help, places] =
                ["id", "impact", "help", "places"].map(|member| text(&finding[member]));
            let told = format!("{page}: {impact}: {id}: {help}: {places}");
            writeln!(list, "{told}")?;
            if matches!(impact.as_str(), "serious" | "critical") {
                self.faults.push(told);
            }
        }
        Ok(())
    }

    fn picture(&mut self, page: &str) -> anyhow::Result<()> {
        let size = self.call("Page.getLayoutMetrics", &json!({}))?["cssContentSize"].take();
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let how = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken = self.call("Page.captureScreenshot", &how)?;
        std::fs::write(output().join(format!("{page}.png")), STANDARD.decode(text(&taken["data"]))?)?;
        Ok(())
    }

    /// The console is silent, the content policy kept, and nothing is asked of other servers.
    pub(crate) fn hear(&mut self) -> anyhow::Result<()> {
        let path = self.path()?;
        let mut said = Vec::new();
        for event in self.take("Log.entryAdded") {
            let entry = &event["params"]["entry"];
            if matches!(entry["level"].as_str(), Some("error" | "warning")) {
                said.push(text(&entry["text"]));
            }
        }
        for event in self.take("Runtime.consoleAPICalled") {
            said.push(event["params"]["args"].to_string());
        }
        for event in self.take("Runtime.exceptionThrown") {
            said.push(event["params"]["exceptionDetails"].to_string());
        }
        said.retain(|said| !self.is_expected(said));
        self.faults.extend(said.iter().map(|said| format!("{path}: the console says {said}")));
        let asked = self.take("Network.requestWillBeSent");
        let elsewhere = asked.iter().map(|event| text(&event["params"]["request"]["url"]));
        let elsewhere: Vec<String> = elsewhere.filter(|url| !self.is_ours(url)).collect();
        self.faults.extend(elsewhere.iter().map(|url| format!("{path}: asks for {url}")));
        Ok(())
    }
}
