//! What the tests of figures look for in their text.

use basinscope_report::figure::Figure;

/// Every tag is closed in order; returns the number of elements.
pub fn count_elements(svg: &str) -> usize {
    let (mut open, mut elements) = (Vec::new(), 0);
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("each tag ends");
        assert!(!text.contains('>'), "unescaped text: {text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        elements += 1;
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    elements
}

/// What holds of every figure.
pub fn check(figure: &Figure) {
    assert!(count_elements(&figure.svg) > 3);
    // Pictures are base64, where any letters may meet.
    let mut drawn = figure
        .svg
        .lines()
        .filter(|line| !line.starts_with("<image"));
    assert!(drawn.all(|line| !line.contains("NaN") && !line.contains("\"inf")));
    assert!(figure.png.starts_with(b"\x89PNG\r\n\x1a\n"));
}

/// How many shapes a class has: circles of its groups and closed parts of its paths.
pub fn shapes(svg: &str, class: &str) -> usize {
    let circles: usize = (svg.split(&format!("<g class=\"{class}\"")).skip(1))
        .map(|group| {
            group
                .split("</g>")
                .next()
                .unwrap()
                .matches("<circle")
                .count()
        })
        .sum();
    let parts: usize = (svg.split(&format!("<path class=\"{class}\"")).skip(1))
        .map(|path| path.split("/>").next().unwrap().matches('Z').count())
        .sum();
    circles + parts
}
