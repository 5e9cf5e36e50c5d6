//! What must hold for any bytes that reach a decoder; the fuzz targets include these files one by one.

pub(crate) mod timetable;
pub(crate) mod workbook;
