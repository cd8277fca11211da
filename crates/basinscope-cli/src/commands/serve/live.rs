//! What a served page gets beside what it says: the script that keeps it up to date.

/// The script itself.
pub const SCRIPT: &str = include_str!("../../../assets/live.js");

/// Where the script lies.
pub const SCRIPT_PATH: &str = "/live.js";

/// Adds the script before the end of the page, and leave to run it. `poll` is where it asks for the
/// stamp, `stamp` that of the page as it stands, `foot` what else stands there.
pub fn enliven(html: &str, poll: &str, stamp: &str, foot: &str) -> String {
    let mut html = allow(html);
    let end = html.rfind("</body>").unwrap_or(html.len());
    let script = format!(
        "{foot}<script src=\"{SCRIPT_PATH}\" data-poll=\"{poll}\" data-stamp=\"{stamp}\" defer></script>"
    );
    html.insert_str(end, &script);
    html
}

/// Lets the page's own policy load scripts of this server and ask it; all else stays as it is.
fn allow(html: &str) -> String {
    const META: &str = "http-equiv=\"Content-Security-Policy\" content=\"";
    let Some(start) = html.find(META).map(|at| at + META.len()) else {
        return html.to_owned();
    };
    let Some(length) = html[start..].find('"') else {
        return html.to_owned();
    };
    let mut policy: Vec<String> = (html[start..start + length].split(';'))
        .map(|directive| directive.trim().to_owned())
        .filter(|directive| !directive.is_empty())
        .collect();
    for name in ["script-src", "connect-src"] {
        let of_name = |directive: &&mut String| directive.split_whitespace().next() == Some(name);
        match policy.iter_mut().find(of_name) {
            // 'none' counts only where it stands alone.
            Some(directive) => *directive = directive.replace(" 'none'", "") + " 'self'",
            None => policy.push(format!("{name} 'self'")),
        }
    }
    format!(
        "{}{}{}",
        &html[..start],
        policy.join("; "),
        &html[start + length..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(policy: &str) -> String {
        format!(
            "<head><meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"></head><body>x</body>"
        )
    }

    #[test]
    fn the_policy_gains_this_server_and_nothing_else() {
        for (before, after) in [
            (
                "default-src 'none'; img-src data:",
                "default-src 'none'; img-src data:; script-src 'self'; connect-src 'self'",
            ),
            (
                "default-src 'none'; script-src 'unsafe-inline'; img-src data:",
                "default-src 'none'; script-src 'unsafe-inline' 'self'; img-src data:; connect-src 'self'",
            ),
            (
                "script-src-elem 'none';connect-src 'none';",
                "script-src-elem 'none'; connect-src 'self'; script-src 'self'",
            ),
        ] {
            assert_eq!(allow(&page(before)), page(after));
        }
        assert_eq!(allow("<p>no policy</p>"), "<p>no policy</p>");
    }

    #[test]
    fn the_script_stands_at_the_end_of_the_body() {
        let html = enliven(
            "<body><pre>&lt;/body></pre></body></html>",
            "/stamp",
            "1f",
            "<hr>",
        );
        let tag =
            "<hr><script src=\"/live.js\" data-poll=\"/stamp\" data-stamp=\"1f\" defer></script>";
        assert_eq!(
            html,
            format!("<body><pre>&lt;/body></pre>{tag}</body></html>")
        );
        assert!(enliven("words", "/stamp", "1f", "").ends_with("</script>"));
    }
}
