//! Short texts people type: names, logins, remarks.

use crate::problem::ApiError;

/// A name: 1–100 characters after trimming, no control characters.
pub fn name(pointer: &str, text: &str) -> Result<String, ApiError> {
    bounded(pointer, text, 100)
}

/// A longer text: 1–4000 characters after trimming, no control characters but line breaks and tabs. Forms of browsers
/// send line breaks as CR LF.
pub fn remark(pointer: &str, text: &str) -> Result<String, ApiError> {
    bounded(pointer, &text.replace("\r\n", "\n"), 4000)
}

fn bounded(pointer: &str, text: &str, most: usize) -> Result<String, ApiError> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > most {
        return Err(ApiError::invalid(pointer, format!("1 to {most} characters")));
    }
    if text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\t')) {
        return Err(ApiError::invalid(pointer, "no control characters"));
    }
    Ok(text.to_owned())
}

/// What is typed to sign in: 2–64 characters without spaces, kept in lower case.
pub fn login(pointer: &str, text: &str) -> Result<String, ApiError> {
    let login = text.trim().to_lowercase();
    let length = login.chars().count();
    if !(2..=64).contains(&length) || login.chars().any(|char| char.is_whitespace() || char.is_control()) {
        return Err(ApiError::invalid(pointer, "2 to 64 characters without spaces"));
    }
    Ok(login)
}
