//! What stands around every page: the way home, who is signed in, and the pages of the school.

use crate::pages::Reader;

/// The frame of a page.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Who reads the page.
    pub reader: &'a Reader,
    /// Where the home page is.
    pub home_url: &'a str,
    /// Who is signed in, if anybody.
    pub person: Option<Person<'a>>,
    /// The pages of the school, on a page of one.
    pub bar: Option<&'a SchoolBar>,
}

/// The pages of a school, as far as the person may see them.
#[derive(Clone, Debug)]
pub struct SchoolBar {
    /// The school's name.
    pub school: String,
    /// Its pages.
    pub entries: Vec<BarEntry>,
}

/// A page of a school.
#[derive(Clone, Debug)]
pub struct BarEntry {
    /// What it is called.
    pub label: &'static str,
    /// Where it is.
    pub url: String,
    /// `page` if this is it, `true` if this is one below it.
    pub current: Option<&'static str>,
}

/// Somebody who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The person's name.
    pub name: &'a str,
    /// Signs the person out.
    pub sign_out: Form<'a>,
}

/// A form that posts to the server; its token goes along as the field `csrf`.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// Where it posts to.
    pub action: &'a str,
    /// The token against forged requests.
    pub csrf: &'a str,
}

/// A file to save.
#[derive(Clone, Copy, Debug)]
pub struct DownloadLink<'a> {
    /// What it is, such as `PDF`.
    pub label: &'a str,
    /// Where it is.
    pub url: &'a str,
}
