//! What stands around every page: the way home, and who is signed in.

/// The frame of a page.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Where the home page is.
    pub home_url: &'a str,
    /// Who is signed in, if anybody.
    pub person: Option<Person<'a>>,
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
