//! Files that were once read as something else in silence: each is refused or its reading said.

use super::tests::{file, load};
use super::*;
use crate::data::arrays::write_npz;

/// A header and `count` lines made from their number.
fn table(header: &str, count: usize, line: impl Fn(usize) -> String) -> String {
    let lines = (0..count).map(|at| line(at) + "\n");
    std::iter::once(format!("{header}\n"))
        .chain(lines)
        .collect()
}

fn refusal(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

fn reading(text: &str) -> String {
    load(text).unwrap().2.line()
}

fn class(at: usize) -> &'static str {
    ["x", "y", "z"][at % 3]
}

#[test]
fn a_quote_that_does_not_end_is_refused() {
    let text = table("a,comment,kind", 30, |at| {
        let comment = if at == 9 { "\"5in" } else { "fine" };
        format!("{at}.5,{comment},{}", class(at))
    });
    let told = refusal(&text);
    assert!(
        told.contains("line 11") && told.contains("does not end"),
        "{told}"
    );
}

#[test]
fn a_test_file_without_header_has_as_many_columns() {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = file(
        &folder,
        "train.csv",
        "1.5,2.5,x\n2.5,3.5,y\n3.5,1.5,x\n4.5,1.5,y\n",
    );
    let test = file(&folder, "test.csv", "0,1.5,0,x\n1,2.5,1,y\n");
    asked.test = Some(test.path);
    let told = asked.read().unwrap_err().to_string();
    assert!(told.contains("3 columns as in training"), "{told}");
}

#[test]
fn a_header_of_wavelengths_is_no_point() {
    let line = |at| format!("{}.41,-0.2,1.{},{}", at % 7, at % 5, class(at));
    for header in ["1100,1102,1104,Type", "350.5,351.0,351.5,soil"] {
        let said = reading(&table(header, 30, line));
        assert!(
            said.contains("30 points") && said.contains("unlike the others"),
            "{said}"
        );
    }
    // A first point like the others is one.
    let said = reading(&table("1.41,1.5,1.6,x", 30, line));
    assert!(
        said.contains("31 points") && said.contains("no header"),
        "{said}"
    );
}

#[test]
fn a_short_line_of_numbers_is_no_header() {
    let text = table("60 2", 20, |at| format!("0.{at} -1.4 {}", at % 2));
    assert!(refusal(&text).contains("line 1"));
    let said = reading(&table("sep=;", 20, |at| format!("0.{at};1.4;{}", at % 2)));
    assert!(
        said.contains("20 points") && said.contains("2 features"),
        "{said}"
    );
}

#[test]
fn thousands_are_not_taken_as_decimals() {
    let income = |at: usize, mark: &str| match at % 2 {
        0 => format!("4{}", at % 10),
        _ => format!("55{mark}{}", 300 + at),
    };
    let tabs = table("income\tage\tkind", 20, |at| {
        format!("{}\t3{}\t{}", income(at, ","), at % 7, at % 2)
    });
    assert!(refusal(&tabs).contains("thousands"));
    let german = table("income;age;kind", 20, |at| {
        format!("{};3{};{}", income(at, "."), at % 7, class(at))
    });
    assert!(reading(&german).contains("not as thousands"));
}

#[test]
fn columns_that_may_be_ids_are_named() {
    let note = |header: &str, first: &dyn Fn(usize) -> String| {
        let text = table(header, 40, |at| {
            format!("{},{}.25,{}", first(at), at * 7 % 11, class(at))
        });
        reading(&text)
    };
    // Written as pandas does after a hole.
    let said = note("index,a,kind", &|at| format!("{at}.0"));
    assert!(
        said.contains("column `index` (numbers of the rows)"),
        "{said}"
    );
    let said = note("id,a,kind", &|at| format!("{}", at / 2));
    assert!(
        said.contains("column `id` is called as ids are, but repeats"),
        "{said}"
    );
    let said = note("case,a,kind", &|at| format!("{}", 842_302 + at * 977));
    assert!(
        said.contains("column `case` has a whole number of its own"),
        "{said}"
    );
}

#[test]
fn labels_with_decimal_commas_are_numbers() {
    let text = table("a;b;kind", 20, |at| {
        let label = ["0", "1", "0,0", "1,0"][at % 4];
        format!("{at},5;1,2;{label}")
    });
    let said = reading(&text);
    assert!(said.contains("2 classes"), "{said}");
}

#[test]
fn columns_that_tell_the_class_are_named() {
    let code = table("a,code,kind", 30, |at| {
        format!("{at}.5,{},{}", at % 3, class(at))
    });
    let said = reading(&code);
    assert!(
        said.contains("column `code` alone tells the class"),
        "{said}"
    );
    let one_hot = table("a,k_A,k_B,k_C", 30, |at| {
        let bit = |k| u8::from(at % 3 == k);
        format!("{at}.5,{},{},{}", bit(0), bit(1), bit(2))
    });
    assert!(refusal(&one_hot).contains("one-hot"));
}

#[test]
fn a_comment_at_the_end_is_no_header() {
    let text = table("0.5 1.5 x", 20, |at| format!("{at}.5 2.5 {}", class(at))) + "# end of data\n";
    let said = reading(&text);
    assert!(
        said.contains("no header") && said.contains("21 points"),
        "{said}"
    );
}

#[test]
fn truths_are_numbers_and_words_may_be_the_classes() {
    let truths = table("a,is_x,kind", 20, |at| {
        format!(
            "{at}.5,{},{}",
            if at % 3 == 0 { "True" } else { "False" },
            class(at)
        )
    });
    assert!(reading(&truths).contains("column `is_x`: True read as 1"));
    let letters = table("T,2,8,3", 20, |at| {
        format!("{},{},3,5", ["A", "B"][at % 2], at % 9)
    });
    assert!(refusal(&letters).contains("--label 0 takes it as the classes"));
}

#[test]
fn an_archive_to_test_with_gives_its_test_part() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, arrays: &[(&str, &[u64], &[f64])]| {
        let path = folder.path().join(name);
        write_npz(&path, arrays);
        path
    };
    let (points, classes): (&[f64], &[f64]) = (&[1.5, 2.5, 3.5, 4.5], &[0.0, 1.0, 0.0, 1.0]);
    let train = write("a.npz", &[("x", &[4, 1], points), ("y", &[4], classes)]);
    let both: [(&str, &[u64], &[f64]); 4] = [
        ("x_train", &[4, 1], points),
        ("y_train", &[4], classes),
        ("x_test", &[2, 1], &[7.5, 8.5]),
        ("y_test", &[2], &[0.0, 1.0]),
    ];
    let test_of = |test: PathBuf| {
        let asked = PointsFile {
            path: train.clone(),
            test: Some(test),
            ..PointsFile::default()
        };
        asked.read()
    };
    let read = test_of(write("both.npz", &both)).unwrap();
    assert_eq!(read.test.unwrap().0.inputs, [7.5, 8.5]);
    let read = test_of(write("test.npz", &both[2..])).unwrap();
    assert_eq!(read.test.unwrap().0.inputs, [7.5, 8.5]);
    let told = test_of(write("half.npz", &both[..3]))
        .unwrap_err()
        .to_string();
    assert!(told.contains("a test part"), "{told}");
}
