//! A person's tab: a browser context of its own, so that nobody else's cookies are in it.

use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::devtools::Devtools;
use crate::stage::output;

/// The links and buttons of this name that can be seen; of several the first is meant.
const FIND: &str = r"(name => {
  const named = [...document.querySelectorAll('a, button, summary')]
    .filter(element => element.innerText.trim() === name && element.checkVisibility());
  if (named.length === 0) throw new Error(`nothing here is called ${name}`);
  named[0].scrollIntoView({block: 'center'});
  const box = named[0].getClientRects()[0];
  return {x: box.x + box.width / 2, y: box.y + box.height / 2};
})";

/// The tab.
#[derive(Debug)]
pub struct Page<'a> {
    browser: &'a mut Devtools,
    context: String,
    session: String,
    base: &'a str,
    /// What was wrong with the pages seen so far.
    pub(crate) faults: Vec<String>,
    /// What the console may say in this story.
    expected: Vec<&'static str>,
}

impl<'a> Page<'a> {
    pub(crate) fn open(browser: &'a mut Devtools, base: &'a str) -> anyhow::Result<Self> {
        let context = browser.call("", "Target.createBrowserContext", &json!({}))?;
        let context = text(&context["browserContextId"]);
        let target = browser.call(
            "",
            "Target.createTarget",
            &json!({"url": "about:blank", "browserContextId": context}),
        )?;
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let session = text(&browser.call("", "Target.attachToTarget", &target)?["sessionId"]);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&session, &format!("{domain}.enable"), &json!({}))?;
        }
        Ok(Self { browser, context, session, base, faults: Vec::new(), expected: Vec::new() })
    }

    /// Gives the tab a command.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> anyhow::Result<Value> {
        self.browser.call(&self.session, method, params)
    }

    /// Takes events that have come.
    pub(crate) fn take(&mut self, event: &str) -> Vec<Value> {
        self.browser.take(&self.session, event)
    }

    /// Whether an address is of the server.
    pub(crate) fn is_ours(&self, url: &str) -> bool {
        url.starts_with(&format!("{}/", self.base)) || url.starts_with("data:") || url == "about:blank"
    }

    /// Whether the console may say this here.
    pub(crate) fn is_expected(&self, said: &str) -> bool {
        self.expected.iter().any(|expected| said.contains(expected))
    }

    /// From now on the console may say this.
    pub fn expect_in_console(&mut self, said: &'static str) {
        self.expected.push(said);
    }

    /// Goes to a path of the server.
    pub fn go(&mut self, path: &str) -> anyhow::Result<()> {
        let url = format!("{}{path}", self.base);
        self.loading(|page| {
            let answer = page.call("Page.navigate", &json!({"url": url}))?;
            ensure!(answer.get("errorText").is_none(), "{url}: {answer}");
            Ok(())
        })
    }

    /// Does something that brings another page, and waits until that has loaded.
    pub fn loading(&mut self, act: impl FnOnce(&mut Self) -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.take("Page.loadEventFired");
        act(self)?;
        self.browser.wait_for(&self.session, "Page.loadEventFired")?;
        Ok(())
    }

    /// Clicks on the link or button of this name, which brings another page.
    pub fn click(&mut self, name: &str) -> anyhow::Result<()> {
        let place = self.value(&format!("{FIND}({})", json!(name)))?;
        self.loading(|page| {
            for kind in ["mousePressed", "mouseReleased"] {
                let event = json!({"type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1});
                page.call("Input.dispatchMouseEvent", &event)?;
            }
            Ok(())
        })
    }

    /// Puts the cursor into a field and types.
    pub fn fill(&mut self, field: &str, text: &str) -> anyhow::Result<()> {
        self.value(&format!("document.querySelector({}).focus()", json!(field)))?;
        self.write(text)
    }

    /// Types where the cursor is.
    pub fn write(&mut self, text: &str) -> anyhow::Result<()> {
        self.call("Input.insertText", &json!({"text": text}))?;
        Ok(())
    }

    /// Presses a key: `Tab` or `Enter`.
    pub fn press(&mut self, key: &str) -> anyhow::Result<()> {
        let (code, typed) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            _ => bail!("no key {key}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !typed.is_empty() {
                event["text"] = json!(typed);
            }
            self.call("Input.dispatchKeyEvent", &event)?;
        }
        Ok(())
    }

    /// What has the focus, and shows it: the id of a field, the words of a link; else an error.
    pub fn focus(&mut self) -> anyhow::Result<String> {
        let focused = self.value(
            r"(() => {
              const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
              const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
                && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
              return {name: element.id || element.innerText.trim(), shown};
            })()",
        )?;
        ensure!(focused["shown"] == true, "the focus cannot be seen: {focused}");
        Ok(text(&focused["name"]))
    }

    /// What an expression of JavaScript comes to; promises are waited for.
    pub fn value(&mut self, expression: &str) -> anyhow::Result<Value> {
        let how = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.call("Runtime.evaluate", &how)?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("{}", thrown["exception"]["description"].as_str().unwrap_or_default());
        }
        Ok(answer["result"]["value"].take())
    }

    /// What can be read in the first element that a CSS selector finds; empty if there is none.
    pub fn text(&mut self, selector: &str) -> anyhow::Result<String> {
        Ok(text(&self.value(&format!("document.querySelector({})?.innerText ?? ''", json!(selector)))?))
    }

    /// The path of the page shown.
    pub fn path(&mut self) -> anyhow::Result<String> {
        Ok(text(&self.value("location.pathname")?))
    }

    /// Prints the page on A4 into `target/browser`; gives the text that is on the paper.
    pub fn print(&mut self, name: &str) -> anyhow::Result<String> {
        let paper = json!({"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": true});
        let printed = self.call("Page.printToPDF", &paper)?;
        let file = output().join(format!("{name}.pdf"));
        std::fs::write(&file, STANDARD.decode(text(&printed["data"]))?)?;
        let read = |program: &str, arguments: &[&str]| -> anyhow::Result<String> {
            let mut command = Command::new(program);
            let done = command.arg(&file).args(arguments).output().with_context(|| program.to_owned())?;
            ensure!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
            Ok(String::from_utf8(done.stdout)?)
        };
        let size = read("pdfinfo", &[])?;
        ensure!(size.lines().any(|line| line.starts_with("Page size") && line.contains("A4")), "{size}");
        read("pdftotext", &["-"])
    }

    /// Closes the tab; gives what was wrong with its pages.
    pub fn close(mut self) -> anyhow::Result<Vec<String>> {
        self.hear()?;
        let context = json!({"browserContextId": self.context});
        self.browser.call("", "Target.disposeBrowserContext", &context)?;
        Ok(std::mem::take(&mut self.faults))
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
