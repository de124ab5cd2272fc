//! Text in columns that line up.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Writes rows of cells, each column as wide as its widest cell and the last one open. Columns of
/// which `is_right` is true are aligned to the right. Each line is indented and ended.
pub(super) fn write_columns<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    indent: usize,
    is_right: [bool; N],
    rows: &[[String; N]],
) -> fmt::Result {
    let widths: Vec<usize> = (0..N).map(|column| width_of(rows, column)).collect();
    for row in rows {
        let mut line = String::new();
        for ((cell, width), is_right) in row.iter().zip(&widths).zip(is_right) {
            let fill = width - cell.chars().count();
            let (before, after) = if is_right { (fill, 0) } else { (0, fill) };
            line.extend(core::iter::repeat_n(' ', before));
            line.push_str(cell);
            line.extend(core::iter::repeat_n(' ', after + 2));
        }
        writeln!(f, "{:indent$}{}", "", line.trim_end())?;
    }
    Ok(())
}

fn width_of<const N: usize>(rows: &[[String; N]], column: usize) -> usize {
    rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
}
