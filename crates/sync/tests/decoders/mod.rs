//! What must hold for any bytes that reach a decoder; the fuzz targets include these files one by one.

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod cursor;
pub(crate) mod push;
pub(crate) mod rows;
pub(crate) mod stamp;
pub(crate) mod strict_json;
