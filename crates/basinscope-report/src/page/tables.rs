//! Tables that scroll inside their own box, with heads for rows and columns.

use maud::{Markup, html};

/// One column: its heading, and whether its cells are numbers.
pub(super) struct Column {
    /// Heading.
    pub(super) title: &'static str,
    /// The field of the record that it shows, for whoever wants to check the table.
    pub(super) field: &'static str,
    /// Whether its cells are numbers, aligned right.
    pub(super) numeric: bool,
}

/// A column of numbers.
pub(super) const fn number(title: &'static str, field: &'static str) -> Column {
    Column {
        title,
        field,
        numeric: true,
    }
}

/// A column of words.
pub(super) const fn text(title: &'static str, field: &'static str) -> Column {
    Column {
        title,
        field,
        numeric: false,
    }
}

/// One row: which minimum it is about, a class for emphasis, and its cells after the name.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) cells: Vec<String>,
}

/// A table whose first column is the name of a minimum.
pub(super) fn table(id: &str, caption: Markup, columns: &[Column], rows: &[Row]) -> Markup {
    html! {
        div.scroller.table-box tabindex="0" role="group" aria-labelledby={ (id) "-caption" } {
            table id=(id) {
                caption id={ (id) "-caption" } { (caption) }
                thead {
                    tr {
                        th scope="col" { "Minimum" }
                        @for column in columns {
                            th.num[column.numeric] scope="col" { (column.title) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr data-minimum=(row.name) {
                            th.(row.class) scope="row" { (row.name) }
                            @for (column, cell) in columns.iter().zip(&row.cells) {
                                td.num[column.numeric] data-field=(column.field) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}
